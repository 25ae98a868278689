"""The SNAP dump of Amazon's movie reviews: blocks of `key: value` lines, blank lines between."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pyspark.sql import SparkSession

from movierate.config.jobs import DumpConfig
from movierate.reviews.formats.lines import (
    Parser,
    Row,
    malformed_row,
    read_lines,
    text_records,
    valid_row,
)
from movierate.reviews.formats.registry import Format, register
from movierate.reviews.inputs import Inputs
from movierate.reviews.names import Name, names_of
from movierate.reviews.schema import Records

COLUMNS = (
    *("product/productId", "review/userId", "review/profileName", "review/helpfulness"),
    *("review/score", "review/time", "review/summary", "review/text"),
)
SCALE = (1.0, 5.0)

_BEGINNING = re.compile(rb"\s*(product|review)/[A-Za-z]+: ")
_BETWEEN_BLOCKS = re.compile(rb"\r?\n[ \t]*\r?\n")
_KEY = re.compile(r"((?:product|review)/[A-Za-z]+):(?: |$)")


def read(spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str) -> Records:
    """The blocks of the files."""
    is_crlf = all(b"\r\n" in head.content[:10_000] for head in inputs.heads)
    line_end = "\r\n" if inputs.heads and is_crlf else "\n"
    return text_records(
        inputs,
        # A block is a "line" to Spark's reader, so blocks are read in parallel as lines are.
        frame=lambda lenient: read_lines(spark, inputs, lenient, lineSep=2 * line_end),
        layouts=[COLUMNS],
        parser=lambda wanted: parser(wanted.names, encoding),
        encoding=encoding,
        scale=SCALE,
    )


def parser(columns: Sequence[Name], encoding: str) -> Parser:
    """What makes rows of blocks. A line without a key goes on with the value before it.

    A file whose lines end otherwise than the others' comes in one piece, with all its blocks.
    """

    names = [names_of(column)[0] for column in columns]

    def parse(source: str, pieces: Iterable[bytes]) -> Iterator[Row]:
        for block in (block for piece in pieces for block in _BETWEEN_BLOCKS.split(piece)):
            if not block.strip():
                continue
            text = block.decode(encoding, "surrogateescape")
            fields = _fields(text)
            if fields is None:
                yield malformed_row(text)
            else:
                yield valid_row([fields.get(name) for name in names], text)

    return parse


def _fields(block: str) -> dict[str, str] | None:
    """The values by key; None if the block does not start with a key, or has one twice."""
    fields: dict[str, str] = {}
    key = None
    for line in block.strip("\r\n").replace("\r\n", "\n").split("\n"):
        if match := _KEY.match(line):
            key = match[1]
            if key in fields:
                return None  # the blank line between two reviews is gone
            fields[key] = line[match.end() :]
        elif key is None:
            return None
        else:
            fields[key] += f"\n{line}"
    return fields


register(
    Format(
        "snap",
        read,
        is_certain=lambda head: _BEGINNING.match(head.content) is not None,
        encoding="iso8859-1",
    )
)
