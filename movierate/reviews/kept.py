"""Columns of the dump that --keep copies into ratings/, with their types.

Within a job they have names of its own, k0, k1, ... (`movierate.reviews.schema.kept_places`): no
name of a dump's can collide with the job's columns before the table is written.

JSON has a type for each value and none for a column. So a JSON value travels as text with a letter
for its type (`movierate.reviews.formats.jsonl.tag_value`), the letters are counted with the rows,
and the column gets the narrowest type that holds all its values when it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DoubleType,
    IntegralType,
    LongType,
    NullType,
    StringType,
)

from movierate.errors import UserError
from movierate.reviews.columns import find_column, match_column
from movierate.reviews.listing import Listing
from movierate.reviews.names import list_names
from movierate.reviews.schema import Records, kept_places
from movierate.reviews.types import convert, holds

JSON_TYPES: tuple[tuple[str, DataType], ...] = (
    ("w", LongType()),
    ("wl", LongType()),
    ("wr", DoubleType()),
    ("b", BooleanType()),
)
"""Letters of a column's values, and a type that holds all; a string holds any."""


@dataclass(frozen=True)
class KeptColumn:
    """A column that the user asked to keep."""

    name: str
    """In ratings/: as the user wrote it."""
    column: str
    """The dump's."""
    place: str
    """In the frames of a job."""
    type: DataType | None
    """In the frames of a job; None where its values are text with a letter before it."""
    is_whole_number: bool = False
    """Whether its values are text of whole numbers."""

    def letters(self) -> Column:
        """An aggregate (string): the letters of the values; empty for a column that has none."""
        letters = F.array_join(F.collect_set(F.substring(self.place, 1, 1)), "")
        return letters if self.type is None else F.lit("")

    def value(self, letters: Iterable[str], present: DataType | None = None) -> Column:
        """The column as ratings/ has it, under its name.

        Args:
            letters: what `letters` says of each part of the rows.
            present: its type in what lies in ratings/ already. It stays, if it holds the values.
        """
        value = F.col(self.place)
        if self.type is None:
            type = _narrowest(set("".join(letters)), present)
            value = F.expr(f"substring({self.place}, 2)").cast(type)
        elif self.is_whole_number and not isinstance(present, StringType):
            value = value.cast("bigint")
        elif present is not None and holds(present, self.type):
            value = convert(value, self.type, present)
        elif isinstance(self.type, NullType):
            value = value.cast("string")
        return value.alias(self.name)


def _narrowest(letters: set[str], present: DataType | None) -> DataType:
    """The type of a column of JSON: the present one if it holds the values, else the narrowest."""
    fitting = [type for tags, type in JSON_TYPES if letters and letters <= set(tags)]
    choice = [*fitting, StringType()]
    if present is not None and (not letters or present in choice):
        return present
    return choice[0]


def find_kept(names: Sequence[str], records: Records, listing: Listing) -> tuple[KeptColumn, ...]:
    """The columns that the user named. An object of JSON is kept as its text.

    Args:
        names: as the user wrote them.
        records: the dump.
        listing: the files of the dump.

    Raises:
        UserError: the dump has none of a name, or it is a struct of Parquet.
    """
    kept = []
    for name, place in zip(names, kept_places(len(names)), strict=True):
        column = _find_object(name, records) or find_column("keep", name, tuple(records.columns))
        type = None if records.kept_as_json else records.type_of(column) or StringType()
        is_whole = False
        if records.directories.named(column) and type is not None:
            is_whole = isinstance(type, IntegralType | NullType)
            is_whole = is_whole and records.directories.are_whole_numbers(listing, column)
            type = StringType()
        kept.append(KeptColumn(name, column, place, type, is_whole))
    return tuple(kept)


def _find_object(name: str, records: Records) -> str | None:
    """The name, if columns are known for what is in it alone."""
    inside = [column for column in records.columns if column.startswith(f"{name}.")]
    if not inside or match_column(name, tuple(records.columns)) is not None:
        return None
    if not records.kept_as_json:
        raise UserError(f"keep: {name} is a struct: name one of its fields: {list_names(inside)}")
    return name
