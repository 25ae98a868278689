"""Columns of the dump that go into ratings/ beside the job's own, in the types they had.

Within a job they have names of its own, k0, k1, ... (`movierate.reviews.record.kept_places`): no
name of a dump's can collide with the job's columns before the table is written.

JSON has a type for each value and none for a column. So a JSON value travels as text with a letter
for its type (`movierate.reviews.jsonl.tagged`), the letters are counted with the rows, and the
column gets the narrowest type that holds all its values when it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from movierate.reviews.columns import find_column
from movierate.reviews.directories import are_whole_numbers
from movierate.reviews.listing import File
from movierate.reviews.record import Records, kept_places

JSON_TYPES = (
    ("w", "bigint"),
    ("wl", "bigint"),
    ("wr", "double"),
    ("b", "boolean"),
)
"""Letters of a column's values, and the type that holds all; for others, a string."""


@dataclass(frozen=True)
class KeptColumn:
    """A column that the user asked to keep."""

    name: str
    """In ratings/: as the user wrote it."""
    column: str
    """The dump's."""
    place: str
    """In the frames of a job."""
    is_tagged: bool
    """Whether its values are text with a letter before it."""
    is_whole_number: bool
    """Whether its values are text of whole numbers."""

    def letters(self) -> Column:
        """An aggregate (string): the letters of the values; empty for a column that has none."""
        letters = F.array_join(F.collect_set(F.substring(self.place, 1, 1)), "")
        return letters if self.is_tagged else F.lit("")

    def value(self, letters: Iterable[str]) -> Column:
        """The column as ratings/ has it, under its name.

        Args:
            letters: what `letters` says of each part of the rows.
        """
        value = F.col(self.place)
        if self.is_tagged:
            found = set("".join(letters))
            fitting = (type for tags, type in JSON_TYPES if found and found <= set(tags))
            value = F.expr(f"substring({self.place}, 2)").cast(next(fitting, "string"))
        elif self.is_whole_number:
            value = value.cast("bigint")
        return value.alias(self.name)


def find_kept(
    names: Sequence[str], records: Records, files: Iterable[File]
) -> tuple[KeptColumn, ...]:
    """The columns that the user named.

    Raises:
        UserError: the dump has none of a name.
    """
    kept = []
    for name, place in zip(names, kept_places(len(names)), strict=True):
        column = find_column("keep", name, tuple(records.columns))
        is_directory = column in records.directories
        kept.append(
            KeptColumn(
                name,
                column,
                place,
                is_tagged=records.kept_as_json and not is_directory,
                is_whole_number=is_directory and are_whole_numbers(files, column),
            )
        )
    return tuple(kept)
