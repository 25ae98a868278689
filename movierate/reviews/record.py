"""What every dump format gives: rows as they lie in the dump, not yet told apart by role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame


@dataclass(frozen=True)
class Records:
    """A dump's rows.

    The frame holds whatever the format needs; the functions below give a role's value from it.
    """

    frame: DataFrame
    columns: tuple[str, ...]
    """Names that a user may give for a role."""

    value: Callable[[str], Column]
    """The value of a column, typed as in the dump."""

    malformed: Column
    """Boolean: the row could not be parsed."""

    raw: Column
    """String: what was read of the row."""

    source: Column
    """String: the file that holds the row."""


def quoted(column: str) -> str:
    """A column's name as Spark's expressions want it, whatever characters it has."""
    return "`" + column.replace("`", "``") + "`"
