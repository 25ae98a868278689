"""Parquet: a file, or a directory with or without Hive partitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, DataType, StringType, StructType

from movierate.config import DumpConfig
from movierate.reviews.inputs import Inputs
from movierate.reviews.record import RAW_CHARACTERS, SOURCE, UNDECODABLE, Records, is_blank, quoted
from movierate.spark import SPARK_ERRORS


def read(spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str) -> Records:
    """The rows of Parquet files of one schema. Nested fields have names with dots."""
    schema = _schema(spark, inputs, strict=config.strict)
    leaves = dict(_leaves(schema))

    def scan(lenient: bool) -> DataFrame:
        reader = spark.read.schema(schema).option("ignoreCorruptFiles", lenient)
        frame = reader.parquet(*inputs.paths)
        return frame.select("*", F.col("_metadata.file_path").alias(SOURCE))

    def parse(frame: DataFrame, columns: Sequence[str]) -> DataFrame:
        values = [_text(leaves[column][0], leaves[column][1]) for column in columns]
        texts = [value for value in values if value is not None]
        bad = F.lit(False)
        for text in texts:
            bad |= F.coalesce(~F.is_valid_utf8(text), F.lit(False))
        text = leaves[columns[0]][0].cast("string")
        return frame.select(
            *(
                F.when(~bad, leaves[column][0] if text is None else text).alias(f"c{number}")
                for number, (column, text) in enumerate(zip(columns, values, strict=True))
            ),
            F.col(SOURCE).alias("source"),
            F.when(bad, UNDECODABLE).alias("reason"),
            F.when(bad, _head(F.concat_ws(" ", *texts)))
            .when(
                is_blank(text),
                _head(F.to_json(F.struct(*(leaves[c][0].alias(c) for c in columns)))),
            )
            .alias("raw"),
        )

    return Records(tuple(leaves), scan, parse, "utf-8")


def _schema(spark: SparkSession, inputs: Inputs, strict: bool) -> StructType:
    """The schema of the first file, or, if one is broken, of those that are not."""
    try:
        return spark.read.parquet(*inputs.paths).schema
    except SPARK_ERRORS:
        if strict:
            raise
        options = {"ignoreCorruptFiles": "true", "mergeSchema": "true"}
        paths = inputs.whole.paths if inputs.whole else inputs.paths
        return spark.read.options(**options).parquet(*paths).schema


def _leaves(
    schema: StructType, parent: Column | None = None, prefix: str = ""
) -> Iterator[tuple[str, tuple[Column, DataType]]]:
    for field in schema.fields:
        column = F.col(quoted(field.name)) if parent is None else parent.getField(field.name)
        if isinstance(field.dataType, StructType):
            yield from _leaves(field.dataType, column, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, (column, field.dataType)


def _text(column: Column, type: DataType) -> Column | None:
    """The column as a string, whatever bytes it has; None if it holds no text."""
    return column.cast("string") if isinstance(type, StringType | BinaryType) else None


def _head(text: Column) -> Column:
    return F.substring(F.make_valid_utf8(text), 1, RAW_CHARACTERS)
