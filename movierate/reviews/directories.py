"""Columns that are directories: ``movie=tt0111161/part-0.json``, as Hive and Spark write them.

Their values are read from the path, as text: leading zeros stay, whatever the files' format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

from pyspark.sql import Column
from pyspark.sql import functions as F

from movierate.reviews.listing import File

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"

_ESCAPED = re.compile("(?:[^%]|%[0-9A-Fa-f]{2})*")
"""A value whose every % begins an escape; another one is what is written."""
_DIRECTORY = re.compile(r"([^=/]+)=([^/]*)")


def directory_columns(files: Iterable[File]) -> tuple[str, ...]:
    """The names of such columns, from all paths, the outermost first."""
    folders = {file.path.rpartition("/")[0] + "/" for file in files}
    return tuple(dict.fromkeys(name for folder in sorted(folders) for name in _values(folder)))


def directory_values(source: str) -> dict[str, str | None]:
    """The values of a file, by name. source: its path, as Spark names it in rows."""
    return _values(unquote(source).rpartition("/")[0] + "/")


def directory_column(name: str, source: Column) -> Column:
    """The values of one such column (string) in Spark. source: the column of files' paths."""
    raw = "".join(f"(?:{re.escape(c)}|%{ord(c):02X})" if c.isascii() else c for c in name)
    path = F.url_decode(F.replace(source, F.lit("+"), F.lit("%2B")))
    value = F.regexp_extract(path, rf"/{raw}=([^/]*)(?:/[^/=]+=[^/]*)*/[^/]+$", 1)
    plain = F.replace(value, F.lit("+"), F.lit("%2B"))
    is_escaped = value.rlike("%") & value.rlike(f"^{_ESCAPED.pattern}$")
    text = F.when(is_escaped, F.url_decode(plain)).otherwise(value)
    return F.when((text != "") & (text != NO_VALUE), text)


def are_whole_numbers(files: Iterable[File], name: str) -> bool:
    """Whether all values of a column are whole numbers that are written in just one way."""
    values = {_values(file.path.rpartition("/")[0] + "/").get(name) for file in files}
    values.discard(None)
    return bool(values) and all(re.fullmatch("0|-?[1-9][0-9]{0,17}", str(v)) for v in values)


@lru_cache(maxsize=10_000)
def _values(folder: str) -> dict[str, str | None]:
    """The values that the innermost directories of a folder give; the folder ends with /."""
    values: dict[str, str | None] = {}
    for part in reversed(folder.split("/")[:-1]):
        match = _DIRECTORY.fullmatch(part)
        if match is None:
            break
        name, value = unquote(match[1]), match[2]
        if _ESCAPED.fullmatch(value):
            value = unquote(value)
        values.setdefault(name, value if value not in ("", NO_VALUE) else None)
    return dict(reversed(values.items()))
