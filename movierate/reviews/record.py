"""What every dump format gives: rows as they lie in the dump, not yet told apart by role."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame

MALFORMED, UNDECODABLE = "malformed_record", "undecodable"
"""Reasons for which a row is rejected before its text is looked at."""

SOURCE = "__source_file"
"""The column of a scan that names the file; no dump has one of that name."""

RAW_CHARACTERS = 1_000
"""How much of a rejected row is kept."""


@dataclass(frozen=True)
class Records:
    """A dump whose format and columns are known and whose rows are yet to be read."""

    columns: tuple[str, ...]
    """Names that a user may give for a role."""

    scan: Callable[[bool], DataFrame]
    """What Spark reads of the files, with their path in the column SOURCE.

    Given True, a file that breaks off gives what can be read of it; given False, it fails the job.
    """

    parse: Callable[[DataFrame, Sequence[str]], DataFrame]
    """From what `scan` gave, the rows: the values of the columns asked for, the text first.

    Columns of the result: c0, c1, ... in the order asked for, typed as in the dump; source
    (string: the file); reason (string: MALFORMED, UNDECODABLE, or null for a sound row, and the
    values are null where it is not); raw (string: what was read of a row that is not sound or has
    no text).
    """

    encoding: str
    """The charset that the files are read in."""

    scale: tuple[float, float] | None = None
    """The lowest and the highest rating, where the format says."""


def is_blank(text: Column) -> Column:
    """Boolean: there is no text, or nothing but white space."""
    return text.isNull() | ~text.rlike(r"\S")


def quoted(column: str) -> str:
    """A column's name as Spark's expressions want it, whatever characters it has."""
    return "`" + column.replace("`", "``") + "`"
