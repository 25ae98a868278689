"""One type for a column that files give different types."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import DataType

from movierate.reviews.types import common_type, union_by_name


def types(spark: SparkSession, *names: str) -> list[DataType]:
    return [spark.createDataFrame([], f"x {name}").schema["x"].dataType for name in names]


@pytest.mark.parametrize(
    ("given", "common"),
    [
        (["int", "bigint"], "bigint"),
        (["tinyint", "smallint"], "smallint"),
        (["bigint", "double"], "double"),
        (["float", "int"], "double"),
        (["decimal(10,2)", "int"], "decimal(12,2)"),
        (["decimal(38,0)", "decimal(38,38)"], "double"),
        (["bigint", "string"], "string"),
        (["boolean", "int"], "string"),
        (["date", "timestamp_ntz"], "timestamp_ntz"),
        (["timestamp_ntz", "timestamp"], "timestamp"),
        (["array<int>", "array<string>"], "string"),
        (["void", "date"], "date"),
        (["int", "void", "bigint", "void"], "bigint"),
    ],
)
def test_the_narrowest_type_that_holds_all(spark, given, common):
    for order in (given, given[::-1]):
        assert [common_type(types(spark, *order))] == types(spark, common)


def test_rows_of_days_that_differ(spark):
    first = spark.createDataFrame([(1, 7, [1, 2])], "id int, n bigint, x array<int>")
    second = spark.createDataFrame([(2, "seven", "x", 0.5)], "id int, N string, x string, z double")
    rows = union_by_name([first, second]).orderBy("id").collect()
    assert [tuple(row) for row in rows] == [(1, "7", "[1,2]", None), (2, "seven", "x", 0.5)]
