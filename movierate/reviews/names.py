"""Names of columns: those of dumps, and those that the job uses."""

from __future__ import annotations

from collections.abc import Sequence

SOURCE = "source"
"""The column of a scan that names the file. The others are named by number, never by the dump."""

Name = str | tuple[str, ...]
"""A column: its name, or several, of which a file or a JSON object has the first that it has."""


def names_of(name: Name) -> tuple[str, ...]:
    """The names of a column, the likeliest first."""
    return (name,) if isinstance(name, str) else name


def quote_name(column: str) -> str:
    """A column's name as Spark's expressions want it, whatever characters it has."""
    return "`" + column.replace("`", "``") + "`"


def list_names(names: Sequence[str], most: int = 20) -> str:
    """Names for a message: the first ones, and how many more there are."""
    shown = ", ".join(name if len(name) <= 200 else f"{name[:200]}..." for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
