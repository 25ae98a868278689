"""Tab-separated values: CSV with another separator."""

from __future__ import annotations

from pyspark.sql import SparkSession

from movierate.config.jobs import DumpConfig
from movierate.reviews.formats import csv
from movierate.reviews.formats.registry import Format, register
from movierate.reviews.inputs import Inputs
from movierate.reviews.schema import Records


def read(spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str) -> Records:
    """As `movierate.reviews.formats.csv.read`; the separator is a tab unless config has another."""
    config = config.model_copy(update={"sep": config.sep or "\t"})
    return csv.read(spark, inputs, config, encoding)


register(Format("tsv", read, suffixes=(".tsv",)))
