"""Reviews that are rows of a table or of a DataFrame, not of files that the job lists itself."""

from __future__ import annotations

from typing import NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, MapType, NullType, StringType, StructType

from movierate.errors import UserError
from movierate.reviews.columnar import Leaf, select_columns, struct_leaves
from movierate.reviews.columns import match_column
from movierate.reviews.directories import Directories
from movierate.reviews.names import Name, names_of
from movierate.reviews.schema import Records, Rows, Wanted
from movierate.reviews.types import common_type
from movierate.spark.errors import SPARK_ERRORS, first_line


class Table(NamedTuple):
    """Rows with reviews, under a name."""

    rows: DataFrame
    name: str
    """What messages, records and rejected rows call it."""


def find_table(spark: SparkSession, name: str) -> Table:
    """A table or view by its name: anything that `spark.table` reads.

    Raises:
        UserError: there is none, or it can't be read.
    """
    try:
        return Table(spark.table(name), name)
    except SPARK_ERRORS as error:
        raise UserError(f"table: {name} can't be read ({first_line(error)})") from None


def table_records(table: Table) -> Records:
    """The records of a table. Fields of structs have names with dots.

    Raises:
        UserError: two columns have one name.
    """
    columns = table.rows.columns
    if twice := next((name for name in columns if columns.count(name) > 1), None):
        raise UserError(f"table: {table.name} has two columns named {twice}: rename one")
    # By place: names may differ in case alone, or hold dots.
    rows = table.rows.toDF(*(f"c{place}" for place in range(len(columns))))
    leaves = {
        ".".join((name, *leaf.path[1:])): leaf
        for name, field in zip(columns, rows.schema, strict=True)
        for leaf in struct_leaves(StructType([field]))
    }

    def read(wanted: Wanted) -> Rows:
        chosen = [_choose(table, name, leaves) for name in wanted.names]
        kept = chosen[len(wanted.texts) :]
        targets = [leaf.type or StringType() if leaf else StringType() for leaf in kept]
        source = F.lit(table.name)
        selected = select_columns(rows, wanted, chosen, targets, Directories(), source)
        return Rows(lambda lenient: selected, lambda rows: rows)

    return Records(
        columns=dict.fromkeys(leaves, 1),
        rows=read,
        encoding="utf-8",
        layouts=(tuple(leaves),),
        type_of=lambda name: common_type([leaves[name].type or StringType()]),
    )


def _choose(table: Table, name: Name, leaves: dict[str, Leaf]) -> Leaf | None:
    """A leaf by name; None if there is none, or it holds nothing but nulls."""
    matches = (match_column(one, tuple(leaves)) for one in names_of(name))
    found = next((match for match in matches if match is not None), None)
    if found is None or isinstance(leaves[found].type, NullType):
        return None
    return leaves[found]


def check_text(table: Table, records: Records, name: str) -> None:
    """Make sure that a column can hold a review's text.

    Raises:
        UserError: it has lists or maps.
    """
    if isinstance(records.type_of(name), ArrayType | MapType):
        raise UserError(f"table: the column {name} of {table.name} has lists or maps: name another")
