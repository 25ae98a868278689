"""CSV: a header, fields in quotes where they hold separators, newlines or doubled quotes."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from movierate.errors import UserError
from movierate.reviews.inputs import Inputs
from movierate.reviews.record import Records, quoted

_CORRUPT = "_corrupt_record"

OPTIONS: dict[str, Any] = {
    "header": True,
    "multiLine": True,  # a review in quotes may hold newlines
    "quote": '"',
    "escape": '"',
    "mode": "PERMISSIVE",
    "columnNameOfCorruptRecord": _CORRUPT,
}


def read(spark: SparkSession, inputs: Inputs) -> Records:
    """The rows of files with one header. All values are strings: CSV has no types.

    Raises:
        UserError: the file has no header.
    """
    columns = tuple(spark.read.csv(inputs.first_file, **OPTIONS).columns)
    if not columns:
        raise UserError(f"input: {inputs.first_file} has no header line")
    schema = StructType([StructField(name, StringType()) for name in (*columns, _CORRUPT)])
    frame = spark.read.csv(list(inputs.paths), schema=schema, **OPTIONS)
    frame = frame.select("*", F.col("_metadata.file_path").alias("_source"))
    return Records(
        frame=frame,
        columns=columns,
        value=lambda column: F.col(quoted(column)),
        malformed=F.col(_CORRUPT).isNotNull(),
        raw=F.col(_CORRUPT),
        source=F.col("_source"),
    )
