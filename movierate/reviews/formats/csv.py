"""CSV and TSV with a header. Fields with separators, newlines or quotes are quoted.

A quote that is not closed as it should be costs the one line that it stands in: that line is
rejected, and reading goes on with the next. Where a record ends can only be told from the start
of the file, so each file is read by one task; several files are read in parallel.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from pyspark.sql import SparkSession

from movierate.config.jobs import DumpConfig
from movierate.errors import UserError
from movierate.reviews.columns import is_alias, match_column
from movierate.reviews.formats.lines import (
    Parser,
    Row,
    malformed_row,
    read_lines,
    session_of_whole_files,
    text_records,
    valid_row,
)
from movierate.reviews.formats.registry import Format, register
from movierate.reviews.inputs import LINES, Head, Inputs
from movierate.reviews.names import Name, names_of
from movierate.reviews.schema import Records

SEPARATORS = (",", "\t", ";", "|")

LONGEST_RECORD = 100 << 20
"""Characters after which a quote counts as never closed."""

FEWEST_SOUND = 0.5
"""Share of a sample's records that must be sound for a dialect to be believed."""

FEWEST_LINES = 4
"""Lines from which a file may be thought to have a dialect of its own."""

FEWEST_SWALLOWED = 8
"""A quoted field of more lines, each with a record's separators, is that of a stray quote."""

_BACKSLASH = "\ud800"
"""Stands for an escaped backslash; decoding gives no such character."""

_NUL = "\ud801"
"""Stands for a NUL, which Python 3.10's parser refuses."""

_LINE_END = re.compile(rb"\r?\n|\r")
_HINT = re.compile(r'\ufeff?"?sep=.?"?\r?')

NULLS = frozenset(("nan", "NaN", "None", "NULL", "null", "\\N", "<NA>"))
"""What pandas, Python and databases write where there is no value."""
LONGEST_NULL = max(map(len, NULLS))


@dataclass(frozen=True)
class Dialect:
    """Separator, quoting and escapes of a file."""

    separator: str
    quote: bool = True
    backslash: bool = False
    r"""A quote within quotes is written \" and not only doubled, and a backslash \\."""
    space: bool = False
    """Spaces behind a separator are no part of a field."""

    def options(self) -> dict[str, Any]:
        """As the csv module takes them."""
        return {
            "delimiter": self.separator,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "quotechar": '"' if self.quote else None,
            "skipinitialspace": self.space,
            "strict": True,
        }


def read(spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str) -> Records:
    """The records of files that each start with a header. Columns are found by their names, so
    files may order them differently. All values are strings: CSV has no types.

    Raises:
        UserError: the first file has no header.
    """
    head = inputs.head
    line_end = _line_end(head)
    first = _decode_lines(head, encoding)
    _check_not_quoted_whole(head.path, first)
    dialect = guess_dialect(first, config.sep)
    headers = [
        names
        for known in inputs.known_heads
        if (lines := _decode_lines(known, encoding))
        and (names := _read_header(lines, _own_dialect(lines, dialect, config.sep)))
    ]
    if not head.content:
        raise UserError(f"input: {head.path} can't be read: is it damaged?")
    if not headers:
        raise UserError(f"input: {head.path} has no header line that can be read")
    session = session_of_whole_files(spark)
    return text_records(
        inputs,
        frame=lambda lenient: read_lines(session, inputs, lenient, lineSep=line_end.decode()),
        layouts=headers,
        parser=lambda wanted: parser(wanted.names, dialect, encoding, config.sep, line_end),
        encoding=encoding,
        from_start=True,
    )


def guess_dialect(lines: Sequence[str], separator: str | None = None) -> Dialect:
    """The dialect that fits most of a file's first lines.

    Args:
        lines: from the header on, without their line ends.
        separator: if it is known.
    """
    candidates = [
        Dialect(character, quote, backslash, space)
        for character in ([separator] if separator else SEPARATORS)
        for space in _guess_spaces(lines, character)
        for quote, backslash in ((True, False), (True, True), (False, False))
    ]
    # The first of the best.
    best = max(candidates, key=lambda dialect: _measure_fit(lines, dialect))
    if len(_read_header(lines, best)) > 1:
        return best
    # One column, for the records do not fit their header: which they then are told to.
    return max(
        candidates,
        key=lambda dialect: (_has_text_column(_read_header(lines, dialect)), dialect is best),
    )


def _has_text_column(names: Sequence[str]) -> bool:
    """Whether there are several names, and one of them is a common one for the text."""
    return len(names) > 1 and any(is_alias(name, "text") for name in names)


def is_table(lines: Sequence[str]) -> bool:
    """Whether lines look like CSV: a header of two fields at least, and records as wide as it."""
    fits, _, _ = _measure_fit(lines, guess_dialect(lines))
    return fits and len(lines) > 1


def parser(
    columns: Sequence[Name],
    dialect: Dialect,
    encoding: str,
    separator: str | None = None,
    line_end: bytes = b"\n",
) -> Parser:
    """What makes rows of a whole file's lines, its header first.

    A file that the dialect does not fit may have a dialect and line ends of its own. If its header
    has none of the columns all the same, it is no part of the dump: all its records, the first
    included, are rejected. A header that comes again, as where files were put together, is no
    record.

    Args:
        columns: those wanted, the review's text first.
        dialect: of most files.
        encoding: the charset.
        separator: if it is known.
        line_end: of most files; lines come without it.
    """

    def parse(source: str, lines: Iterable[bytes]) -> Iterator[Row]:
        own_lines = _split_own_line_ends(iter(lines), line_end)
        decoded = (line.decode(encoding, "surrogateescape") for line in own_lines)
        sample = _drop_hint(list(islice(decoded, LINES)))
        own = _own_dialect(sample, dialect, separator)
        found = records(chain(sample, decoded), own)
        for header, raw in found:
            if header is None:  # a damaged line before the header
                yield malformed_row(raw)
                continue
            names = _parse_names(header)
            break
        else:
            return
        places = _find_places(columns, names)
        if foreign := not _has_any(columns, names):
            yield malformed_row(raw)
        for record, raw in found:
            fields = record and _fit_width(record, len(names))
            if not fields or foreign:
                yield malformed_row(raw)
            elif _is_header(fields, names):
                names = _parse_names(fields)
                places = _find_places(columns, names)
            else:
                yield valid_row([None if p is None else _value(fields[p]) for p in places], raw)

    return parse


def records(lines: Iterable[str], dialect: Dialect) -> Iterator[tuple[list[str] | None, str]]:
    """The records of a file: the fields and what was read; no fields where a line is damaged.

    Blank lines between records are no records.
    """
    csv.field_size_limit(LONGEST_RECORD)
    queue = _Lines(iter(lines), dialect.backslash)
    width = 0
    reader = csv.reader(queue, **dialect.options())
    while True:
        queue.record.clear()
        queue.length = 0
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            first, *others = queue.record
            queue.again.extendleft(reversed(others))
            reader = csv.reader(queue, **dialect.options())
            yield None, first
            continue
        if not fields:
            continue
        width = width or len(_parse_names(fields))
        if len(queue.record) > FEWEST_SWALLOWED and _are_records(
            queue.record[1:-1], width, dialect
        ):
            first, *others = queue.record  # its quote was closed by another one's
            queue.again.extendleft(reversed(others))
            reader = csv.reader(queue, **dialect.options())
            yield None, first
            continue
        for stand_in, character in queue.stand_ins.items():
            fields = [field.replace(stand_in, character) for field in fields]
        yield fields, "".join(queue.record)


class _Lines:
    """Lines, and which of them the current record has taken."""

    def __init__(self, lines: Iterator[str], backslash: bool) -> None:
        self.lines = lines
        self.backslash = backslash
        self.stand_ins: dict[str, str] = {}
        """What stands for characters that Python's parser would not take as they are."""
        self.again: deque[str] = deque()
        self.record: list[str] = []
        self.length = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else next(self.lines) + "\n"
        self.record.append(line)
        self.length += len(line)
        if self.length > LONGEST_RECORD:
            raise csv.Error("a quote is not closed")
        if self.backslash:
            self.stand_ins[_BACKSLASH] = "\\"
            line = line.replace("\\\\", _BACKSLASH).replace('\\"', '""')
        if "\0" in line:
            self.stand_ins[_NUL] = "\0"
            line = line.replace("\0", _NUL)
        return line


def _is_likely(head: Head) -> bool:
    text = head.content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[")) or b"\0" in head.content:
        return False
    return is_table([line.decode("utf-8", "surrogateescape") for line in head.lines])


def _line_end(head: Head) -> bytes:
    """What ends most lines: a line feed, also behind a carriage return, or the latter alone."""
    found = _LINE_END.search(head.content)
    return found[0] if found and found[0] == b"\r" else b"\n"


def _decode_lines(head: Head, encoding: str) -> list[str]:
    """The whole lines that a file begins with, whatever ends them."""
    if _line_end(head) == b"\n":
        lines = head.lines
    else:
        lines = head.content.split(b"\r")
        lines = lines if head.is_whole or len(lines) < 2 else lines[:-1]
    return _drop_hint([line.decode(encoding, "surrogateescape") for line in lines])


def _split_own_line_ends(lines: Iterator[bytes], line_end: bytes) -> Iterator[bytes]:
    """The lines of a file that were split at the line ends of most files.

    The first line tells whether this file's are others.
    """
    first = next(lines, b"")
    other = b"\r" if line_end == b"\n" else b"\n"
    if line_end == b"\r" or other in first.rstrip(other):
        for line in chain([first], lines):
            pieces = line.split(other) if other in first else [line.removeprefix(b"\n")]
            yield from pieces
    else:
        yield first
        yield from lines


def _drop_hint(lines: list[str]) -> list[str]:
    """Lines without the first one that Excel writes to name the separator."""
    return lines[1:] if lines and _HINT.fullmatch(lines[0]) else lines


def _own_dialect(lines: Sequence[str], dialect: Dialect, separator: str | None) -> Dialect:
    """The dialect of a file that begins so: the one of most files, if it fits as well as any."""
    fits, _, width = fitness = _measure_fit(lines, dialect)
    if fits or (width > 1 and len(lines) < FEWEST_LINES):
        return dialect
    guessed = guess_dialect(lines, separator)
    return guessed if _measure_fit(lines, guessed) > fitness else dialect


def _check_not_quoted_whole(path: str, lines: Sequence[str]) -> None:
    with_text = [line.strip("\ufeff\r") for line in lines if line.strip()]
    header = next(iter(with_text), "")
    are_quoted = all(line[:1] == '"' == line[-1:] and len(line) > 1 for line in with_text)
    if are_quoted and any(mark in header for mark in SEPARATORS) and header.count('"') == 2:
        raise UserError(
            f"input: each whole line of {path} is in quotes: save it as CSV again, with quotes "
            "around fields only"
        )


def _are_records(lines: Sequence[str], width: int, dialect: Dialect) -> bool:
    """Whether each of some lines has the fields of a record."""
    return width > 1 and all(line.count(dialect.separator) == width - 1 for line in lines)


def _guess_spaces(lines: Sequence[str], separator: str) -> tuple[bool, bool]:
    """Whether spaces behind a separator are dropped, the likelier answer first."""
    names = next((line for line in lines if line.strip()), "").split(separator)[1:]
    has_spaces = bool(names) and all(name.startswith(" ") for name in names)
    return has_spaces, not has_spaces


def _measure_fit(lines: Sequence[str], dialect: Dialect) -> tuple[bool, float, int]:
    found = [fields for fields, _ in records(lines, dialect)]
    width = len(_parse_names(found[0])) if found and found[0] else 0
    fit = sum(fields is not None and _fit_width(fields, width) is not None for fields in found)
    share = fit / len(found) if found else 0.0
    return width > 1 and share > FEWEST_SOUND, share, width


def _read_header(lines: Sequence[str], dialect: Dialect) -> list[str]:
    """The names in the first record that can be read; none if there is none."""
    return next((_parse_names(fields) for fields, _ in records(lines, dialect) if fields), [])


def _parse_names(header: list[str]) -> list[str]:
    """The names of a header, less the empty ones at its end: those that a trailing comma makes."""
    header = [header[0].removeprefix("\ufeff"), *header[1:]]
    names = [name.strip().strip('"') for name in header]
    while len(names) > 1 and not names[-1]:
        names.pop()
    return names


def _fit_width(fields: list[str], width: int) -> list[str] | None:
    """The fields of a record, less the empty ones that it has too many; None if it does not fit."""
    if len(fields) < width or any(fields[width:]):
        return None
    return fields[:width]


def _find_places(columns: Sequence[Name], names: Sequence[str]) -> list[int | None]:
    found = [
        next(filter(None, (match_column(name, names) for name in names_of(column))), None)
        for column in columns
    ]
    return [None if name is None else names.index(name) for name in found]


def _has_any(columns: Sequence[Name], names: Sequence[str]) -> bool:
    return any(place is not None for place in _find_places(columns, names))


def _is_header(fields: list[str], names: Sequence[str]) -> bool:
    if len(names) < 2 or len(fields) < len(names):
        return False
    return sorted(map(str.lower, _parse_names(fields))) == sorted(map(str.lower, names))


def _value(field: str) -> str | None:
    return None if len(field) <= LONGEST_NULL and field in NULLS else field


register(Format("csv", read, suffixes=(".csv",), is_likely=_is_likely))
