"""Columns that are directories: ``movie=tt0111161/part-0.json``, as Hive and Spark write them.

Their values are read from the path, as text: leading zeros stay, whatever the files' format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import unquote

from pyspark.sql import Column
from pyspark.sql import functions as F

from movierate.reviews.listing import File
from movierate.reviews.schema import Name, names_of

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"

_ESCAPED = re.compile("(?:[^%]|%[0-9A-Fa-f]{2})*")
"""A value whose every % begins an escape; another one is what is written."""
_NO_CHARACTER = "\ufffd"
"""What bytes are decoded to that are none of UTF-8."""
_DIRECTORY = re.compile(r"([^=/]+)=([^/]*)")


def directory_columns(files: Iterable[File]) -> tuple[str, ...]:
    """The names of such columns, from all paths, the outermost first.

    Names that differ in case alone are one column.
    """
    folders = {file.path.rpartition("/")[0] for file in files}
    names: dict[str, str] = {}
    for folder in sorted(folders):
        for name in _directories(folder):
            names.setdefault(name.lower(), name)
    return tuple(names.values())


def directories_of(name: Name, directories: Iterable[str]) -> list[str]:
    """Those of the names of a column that are directories, whatever their case."""
    known = {directory.lower() for directory in directories}
    return [one for one in names_of(name) if one.lower() in known]


def directory_values(source: str) -> Mapping[str, str | None]:
    """The values of a file, by name in lower case; the innermost directory's counts.

    Args:
        source: the file's path, as Spark names it in rows.
    """
    return _values(unquote(source).rpartition("/")[0])


def directory_column(name: str, source: Column) -> Column:
    """The values of one such column (string) in Spark. source: the column of files' paths."""
    raw = "".join(f"(?:{re.escape(c)}|%{ord(c):02X})" if c.isascii() else c for c in name)
    path = F.url_decode(F.replace(source, F.lit("+"), F.lit("%2B")))
    value = F.regexp_extract(path, rf"(?is)^.*/{raw}=([^/]*)/", 1)
    plain = F.replace(value, F.lit("+"), F.lit("%2B"))
    is_escaped = value.rlike("%") & value.rlike(f"^{_ESCAPED.pattern}$")
    decoded = F.url_decode(plain)
    text = F.when(is_escaped & ~F.contains(decoded, F.lit(_NO_CHARACTER)), decoded).otherwise(value)
    return F.when((text != "") & (text != NO_VALUE), text)


def are_whole_numbers(files: Iterable[File], name: str) -> bool:
    """Whether all values of a column are whole numbers that are written in just one way."""
    folders = {file.path.rpartition("/")[0] for file in files}
    values = {_values(folder).get(name.lower()) for folder in folders}
    values.discard(None)
    return bool(values) and all(re.fullmatch("0|-?[1-9][0-9]{0,17}", str(v)) for v in values)


@lru_cache(maxsize=10_000)
def _values(folder: str) -> Mapping[str, str | None]:
    return {
        name.lower(): value if value not in ("", NO_VALUE) else None
        for name, value in _directories(folder).items()
    }


def _directories(folder: str) -> dict[str, str]:
    """The directories on a path that have a name and a value."""
    found: dict[str, str] = {}
    for part in folder.split("/"):
        if match := _DIRECTORY.fullmatch(part):
            name, value = unquote(match[1]), match[2]
            found.pop(name, None)
            found[name] = _unescaped(value)
    return found


def _unescaped(value: str) -> str:
    """A value without its escapes; as it is written where they stand for no text in UTF-8."""
    if not _ESCAPED.fullmatch(value):
        return value
    text = unquote(value)
    return text if _NO_CHARACTER not in text else value
