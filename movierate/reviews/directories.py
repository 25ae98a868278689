"""Hive partition columns: ``movie=tt0111161/part-0.json``.

Their values are read from the path, as text: leading zeros stay, whatever the files' format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from pyspark.sql import Column
from pyspark.sql import functions as F

from movierate.reviews.listing import Listing, as_source
from movierate.reviews.names import Name, names_of
from movierate.spark.filesystem import parent_of

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"

_ESCAPED = re.compile("(?:[^%]|%[0-9A-Fa-f]{2})*")
"""A value whose every % begins an escape; another one is what is written."""
_NO_CHARACTER = "\ufffd"
"""What bytes are decoded to that are none of UTF-8."""
_DIRECTORY = re.compile(r"([^=/]+)=([^/]*)")


@dataclass(frozen=True)
class Directories:
    """The directories of a dump that are columns.

    Directories around a path that the user gave are none, unless there is no other one between.
    """

    columns: tuple[str, ...] = ()
    """Their names, the outermost first. Names that differ in case alone are one column."""
    outer: tuple[str, ...] = ()
    """Beginnings of paths whose directories are no columns, each with a slash at its end."""

    @classmethod
    def of(cls, listings: Sequence[Listing]) -> Directories:
        """Those of the files that are listed; paths that were given are those of the first one."""
        outer = _find_outer(listings[0])
        files = (as_source(file.path) for listing in listings for file in listing.files)
        names: dict[str, str] = {}
        for folder in sorted({parent_of(_strip_outer(path, outer)) for path in files}):
            for name in _parse_directories(folder):
                names.setdefault(name.lower(), name)
        return cls(tuple(names.values()), outer)

    def named(self, name: Name) -> list[str]:
        """Those of a column's names that are directories, whatever their case."""
        known = {column.lower() for column in self.columns}
        return [one for one in names_of(name) if one.lower() in known]

    def values(self, source: str) -> Mapping[str, str | None]:
        """The values of a file, by name in lower case; the innermost directory's counts.

        Args:
            source: the file's path, as Spark names it in rows.
        """
        return _parse_values(parent_of(_strip_outer(as_source(unquote(source)), self.outer)))

    def column(self, name: str, source: Column) -> Column:
        """The values of one of them (string) in Spark. source: the column of files' paths."""
        raw = "".join(f"(?:{re.escape(c)}|%{ord(c):02X})" if c.isascii() else c for c in name)
        path = F.url_decode(F.replace(source, F.lit("+"), F.lit("%2B")))
        if self.outer:
            path = F.regexp_replace(path, "^file:/+", "file:/")
            around = "|".join(map(re.escape, self.outer))
            path = F.regexp_replace(path, rf"(?s)^(?:{around})", "/")
        value = F.regexp_extract(path, rf"(?is)^.*/{raw}=([^/]*)/", 1)
        plain = F.replace(value, F.lit("+"), F.lit("%2B"))
        is_escaped = value.rlike("%") & value.rlike(f"^{_ESCAPED.pattern}$")
        decoded = F.url_decode(plain)
        is_text = ~F.contains(decoded, F.lit(_NO_CHARACTER))
        text = F.when(is_escaped & is_text, decoded).otherwise(value)
        return F.when((text != "") & (text != NO_VALUE), text)

    def are_whole_numbers(self, listing: Listing, name: str) -> bool:
        """Whether all values of a column are whole numbers that are written in just one way."""
        sources = (as_source(file.path) for file in listing.files)
        folders = {parent_of(_strip_outer(source, self.outer)) for source in sources}
        values = {_parse_values(folder).get(name.lower()) for folder in folders}
        values.discard(None)
        return bool(values) and all(re.fullmatch("0|-?[1-9][0-9]{0,17}", str(v)) for v in values)


def _find_outer(listing: Listing) -> tuple[str, ...]:
    files = {file.path for file in listing.files}
    found = set()
    for root in listing.roots:
        parts = as_source(parent_of(root) if root in files else root).split("/")
        while parts and _DIRECTORY.fullmatch(parts[-1]):
            parts.pop()
        if any(_DIRECTORY.fullmatch(part) for part in parts):
            found.add("/".join([*parts, ""]))
    return tuple(sorted(found, key=len, reverse=True))


def _strip_outer(path: str, outer: Sequence[str]) -> str:
    """A path without the directories above the input."""
    return next((path[len(prefix) - 1 :] for prefix in outer if path.startswith(prefix)), path)


@lru_cache(maxsize=10_000)
def _parse_values(folder: str) -> Mapping[str, str | None]:
    return {
        name.lower(): value if value not in ("", NO_VALUE) else None
        for name, value in _parse_directories(folder).items()
    }


def _parse_directories(folder: str) -> dict[str, str]:
    """The directories on a path that have a name and a value."""
    found: dict[str, str] = {}
    for part in folder.split("/"):
        if match := _DIRECTORY.fullmatch(part):
            name, value = unquote(match[1]), match[2]
            found.pop(name, None)
            found[name] = _unescape(value)
    return found


def _unescape(value: str) -> str:
    """A value without its escapes; as it is written where they stand for no text in UTF-8."""
    if not _ESCAPED.fullmatch(value):
        return value
    text = unquote(value)
    return text if _NO_CHARACTER not in text else value
