"""CSV and TSV: a header, fields in quotes where they hold separators, newlines or quotes.

A quote that is not closed as it should be costs the one line that it stands in: that line is
rejected, and reading goes on with the next. Where a record ends can only be told from the start
of the file, so each file is read by one task; several files are read in parallel.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from movierate.config import DumpConfig
from movierate.errors import UserError
from movierate.reviews.inputs import Inputs
from movierate.reviews.lines import (
    Parser,
    Row,
    damaged,
    read_lines,
    session_of_whole_files,
    sound,
    text_records,
)
from movierate.reviews.record import Records

SEPARATORS = (",", "\t", ";", "|")

LONGEST_RECORD = 100 << 20
"""Characters after which a quote counts as never closed."""

FEWEST_SOUND = 0.5
"""Share of a sample's records that must be sound for a dialect to be believed."""


@dataclass(frozen=True)
class Dialect:
    """How fields are told apart."""

    separator: str
    quote: bool = True
    backslash: bool = False
    r"""A quote within quotes is written \" and not only doubled."""

    def options(self) -> dict[str, Any]:
        """As the csv module takes them."""
        return {
            "delimiter": self.separator,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "quotechar": '"' if self.quote else None,
            "escapechar": "\\" if self.backslash else None,
            "strict": True,
        }


def read(spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str) -> Records:
    """The records of files that each start with a header. Columns are found by their names, so
    files may order them differently. All values are strings: CSV has no types.

    Raises:
        UserError: the first file has no header.
    """
    head = inputs.head
    line_end = b"\r" if b"\r" in head.content and b"\n" not in head.content else b"\n"
    lines = head.lines if line_end == b"\n" else head.content.split(b"\r")
    text = [line.decode(encoding, "surrogateescape") for line in lines]
    separator = config.sep or ("\t" if config.format == "tsv" else None)
    dialect = guess_dialect(text, separator)
    header = next((fields for fields, _ in records(text, dialect)), None)
    if not header:
        raise UserError(f"input: {head.path} has no header line that can be read")
    session = session_of_whole_files(spark)
    return text_records(
        frame=lambda lenient: read_lines(session, inputs.paths, lenient, lineSep=line_end.decode()),
        columns=tuple(dict.fromkeys(_names(header))),
        parser=lambda wanted: parser(wanted, dialect, encoding),
        encoding=encoding,
    )


def guess_dialect(lines: Sequence[str], separator: str | None = None) -> Dialect:
    """The dialect that makes sense of most of a file's first lines.

    Args:
        lines: from the header on, without their line ends.
        separator: if it is known.
    """
    candidates = [
        Dialect(character, quote, backslash)
        for character in ([separator] if separator else SEPARATORS)
        for quote, backslash in ((True, False), (True, True), (False, False))
    ]
    return max(candidates, key=lambda dialect: _fitness(lines, dialect))  # the first of the best


def is_table(lines: Sequence[str]) -> bool:
    """Whether lines look like CSV: a header of two fields at least, and records as wide as it."""
    fits, _, _ = _fitness(lines, guess_dialect(lines))
    return fits and len(lines) > 1


def parser(columns: Sequence[str], dialect: Dialect, encoding: str) -> Parser:
    """What makes rows of a whole file's lines, its header first. A file whose header has none
    of the columns is no part of the dump: all its records, the first included, are rejected.
    """

    def parse(source: str, lines: Iterable[bytes]) -> Iterator[Row]:
        found = records((line.decode(encoding, "surrogateescape") for line in lines), dialect)
        for header, raw in found:
            if header is None:  # a damaged line before the header
                yield damaged(raw)
                continue
            names = _names(header)
            places = [names.index(c) if c in names else None for c in columns]
            foreign = all(place is None for place in places)
            if foreign:
                yield damaged(raw)
            break
        else:
            return
        for fields, raw in found:
            if fields is None or foreign or len(fields) != len(names):
                yield damaged(raw)
            else:
                yield sound([None if p is None else fields[p] for p in places], raw)

    return parse


def records(lines: Iterable[str], dialect: Dialect) -> Iterator[tuple[list[str] | None, str]]:
    """The records of a file: the fields and what was read; no fields where a line is damaged.

    Blank lines between records are no records.
    """
    csv.field_size_limit(LONGEST_RECORD)
    queue = _Lines(iter(lines))
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
        if fields:
            yield fields, "".join(queue.record)


class _Lines:
    """Lines, and which of them the current record has taken."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
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
            raise csv.Error("a quote is never closed")
        return line


def _fitness(lines: Sequence[str], dialect: Dialect) -> tuple[bool, float, int]:
    found = [fields for fields, _ in records(lines, dialect)]
    width = len(found[0] or ()) if found else 0
    fit = sum(fields is not None and len(fields) == width for fields in found)
    share = fit / len(found) if found else 0.0
    return width > 1 and share > FEWEST_SOUND, share, width


def _names(header: list[str]) -> list[str]:
    header = [header[0].removeprefix("\ufeff"), *header[1:]]
    return [name.strip().strip('"') for name in header]
