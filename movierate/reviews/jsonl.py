"""JSON Lines: one object a line."""

from __future__ import annotations

import json

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from movierate.errors import UserError
from movierate.reviews.inputs import Inputs
from movierate.reviews.record import Records, quoted

SAMPLE = 1_000
"""Lines looked at to learn which columns there are; a column that none of them has is not seen."""

_CORRUPT = "_corrupt_record"


def read(spark: SparkSession, inputs: Inputs) -> Records:
    """The lines of the files; blank ones are not rows.

    Raises:
        UserError: no line of the sample is a JSON object.
    """
    lines = spark.read.text(list(inputs.paths)).select(
        F.col("value").alias("_line"), F.col("_metadata.file_path").alias("_source")
    )
    lines = lines.where(F.col("_line").rlike(r"\S"))
    columns = _columns([row[0] for row in lines.select("_line").limit(SAMPLE).collect()], inputs)
    schema = StructType([StructField(column, StringType()) for column in (*columns, _CORRUPT)])
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": _CORRUPT}
    parsed = F.from_json("_line", schema, options)
    return Records(
        frame=lines.withColumn("_record", parsed),
        columns=columns,
        value=lambda column: F.col(f"_record.{quoted(column)}"),
        malformed=F.col(f"_record.{_CORRUPT}").isNotNull(),
        raw=F.col("_line"),
        source=F.col("_source"),
    )


def _columns(sample: list[str], inputs: Inputs) -> tuple[str, ...]:
    """The keys of the sample's objects, in the order met."""
    columns: dict[str, None] = {}
    for line in sample:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            columns |= dict.fromkeys(record)
    if not columns:
        raise UserError(
            f"input: no line among the first {len(sample)} of {inputs.first_file} is a JSON "
            "object: is it JSON Lines? Give --format if it is another"
        )
    return tuple(columns)
