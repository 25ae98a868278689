"""Parquet: a file, or a directory with or without Hive partitions."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from movierate.reviews.inputs import Inputs
from movierate.reviews.record import Records, quoted


def read(spark: SparkSession, inputs: Inputs) -> Records:
    """The rows of Parquet files of one schema."""
    frame = spark.read.parquet(*inputs.paths)
    columns = tuple(frame.columns)
    frame = frame.select("*", F.col("_metadata.file_path").alias("_source"))
    return Records(
        frame=frame,
        columns=columns,
        value=lambda column: F.col(quoted(column)),
        malformed=F.lit(False),
        raw=F.lit(None).cast("string"),
        source=F.col("_source"),
    )
