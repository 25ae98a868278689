"""Parquet: files of one schema or of several, with or without Hive partitions."""

from __future__ import annotations

from pyspark.sql import SparkSession

from movierate.config.jobs import DumpConfig
from movierate.reviews.columnar import Columnar, read_columnar
from movierate.reviews.formats.registry import Format, register
from movierate.reviews.inputs import Inputs
from movierate.reviews.parquet_footers import MAGIC, are_doubles, read_footers
from movierate.reviews.schema import Records

PARQUET = Columnar(
    "parquet",
    read_footers,
    load=lambda reader, paths: reader.parquet(*paths),
    are_doubles=are_doubles,
)


def read(spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str) -> Records:
    """The rows of Parquet files. See `movierate.reviews.columnar.read_columnar`."""
    return read_columnar(spark, inputs, PARQUET)


register(
    Format(
        "parquet",
        read,
        suffixes=(".parquet", ".parq"),
        is_certain=lambda head: head.content.startswith(MAGIC),
        has_lines=False,
    )
)
