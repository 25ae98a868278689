"""Text files to rows: Spark reads the lines as bytes, a parser in Python makes rows of them.

The parsers are plain functions from bytes to rows. They decide all that a dump can do wrong, so
no charset, no quote and no stray byte is left to a reader that would mend it in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from movierate.reviews.columns import merge_columns, with_directories
from movierate.reviews.directories import Directories
from movierate.reviews.inputs import Inputs, is_unsplittable
from movierate.reviews.names import SOURCE
from movierate.reviews.schema import MALFORMED, RAW_CHARACTERS, UNDECODABLE, Records, Rows, Wanted

BATCH_ROWS = 1_000
BATCH_CHARACTERS = 16 << 20
"""Rows and characters after which rows go back to Spark."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class Row(NamedTuple):
    """A row of a dump: its values, or the reason why it has none and the raw input."""

    values: Sequence[str | None] | None
    reason: str | None = None
    raw: str | None = None


Parser = Callable[[str, Iterable[bytes]], Iterator[Row]]
"""From the path of a file and lines of it, without their line ends, to rows: a value for each name
of `Wanted.names`.
"""


def text_records(
    inputs: Inputs,
    frame: Callable[[bool], DataFrame],
    layouts: Iterable[Iterable[str]],
    parser: Callable[[Wanted], Parser],
    encoding: str,
    scale: tuple[float, float] | None = None,
    tag: Callable[[str], str] | None = None,
    from_start: bool = False,
) -> Records:
    """The records of a format that is text.

    Args:
        inputs: the dump.
        frame: gives the lines (`read_lines`); told whether to be lenient with broken files.
        layouts: the columns that a file or row has, of each that was looked at.
        parser: given columns, what makes rows of lines.
        encoding: the charset of the files.
        scale: of the ratings, if the format says.
        tag: what kept text is written as, if kept values are tagged (`Records.kept_as_json`).
        from_start: whether where a row begins can only be told from the start of its file.
    """
    columns, different = merge_columns(layouts)
    directories = inputs.directories

    def rows(wanted: Wanted) -> Rows:
        return Rows(cache(frame), lambda lines: _parse(lines, wanted, directories, parser, tag))

    return Records(
        with_directories(columns, directories.columns),
        rows,
        encoding,
        scale,
        different,
        directories,
        kept_as_json=tag is not None,
        is_splittable=not from_start and not is_unsplittable(inputs.head),
    )


def read_lines(spark: SparkSession, inputs: Inputs, lenient: bool, **options: Any) -> DataFrame:
    """The lines of files, whatever bytes they hold: line (binary), SOURCE (string)."""
    reader = spark.read.options(ignoreCorruptFiles=lenient, recursiveFileLookup=True, **options)
    lines = reader.text(inputs.listing.spark_paths()).select(
        F.col("value").cast("binary").alias("line"), F.col("_metadata.file_path").alias(SOURCE)
    )
    return inputs.listing.leave_out(lines)


def session_of_whole_files(spark: SparkSession) -> SparkSession:
    """A session in which each file is read from its start to its end by one task."""
    session = spark.newSession()
    for setting in ("maxPartitionBytes", "openCostInBytes"):
        session.conf.set(f"spark.sql.files.{setting}", str(1 << 50))
    return session


def valid_row(values: Sequence[str | None], raw: bytes | str) -> Row:
    """The row of these values, or a rejected one if they hold what is no character.

    What was read is kept where the first value, the review's text, is blank. Bytes that do not
    decode reach a parser as lone surrogates (Python's `surrogateescape`), and JSON can write
    such: neither can be stored as UTF-8.
    """
    for value in values:
        if value is not None and not is_text(value):
            return rejected_row(UNDECODABLE, raw)
    text = values[0]
    return Row(values) if text and not text.isspace() else Row(values, None, _shorten(raw))


def malformed_row(text: str) -> Row:
    """A rejected row that is not valid in the format."""
    return rejected_row(MALFORMED if is_text(text) else UNDECODABLE, text)


def rejected_row(reason: str, raw: bytes | str) -> Row:
    """A row without values."""
    return Row(None, reason, _shorten(raw))


def is_text(value: str) -> bool:
    """Whether all code points are characters."""
    return value.isascii() or _SURROGATE.search(value) is None


def _shorten(raw: bytes | str) -> str:
    head = raw[:RAW_CHARACTERS]
    shown = head.decode("utf-8", "replace") if isinstance(head, bytes) else head
    return _SURROGATE.sub("\ufffd", shown)


def _parse(
    lines: DataFrame,
    wanted: Wanted,
    directories: Directories,
    make_parser: Callable[[Wanted], Parser],
    tag: Callable[[str], str] | None,
) -> DataFrame:
    parser = make_parser(wanted)
    above = [directories.named(name) for name in wanted.names]
    above[:1] = [[]]  # a text is in its file
    if any(above):
        parser = _add_directories(parser, directories, above, len(wanted.texts), tag or _identity)
    names = [*wanted.places, "source", "reason", "raw"]
    schema = pa.schema([(name, pa.string()) for name in names])

    def parse(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        lines = (
            line
            for batch in batches
            for line in zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)
        )
        for rows in _batch(_parse_files(lines, parser, len(wanted.names))):
            arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return lines.mapInArrow(parse, ", ".join(f"{name} string" for name in names))


def _add_directories(
    parser: Parser,
    directories: Directories,
    above: Sequence[Sequence[str]],
    texts: int,
    tag: Callable[[str], str],
) -> Parser:
    """A parser whose rows have the values of their file's directories.

    Args:
        parser: what makes the rows.
        directories: of the dump.
        above: for each value of a row, the directories that may have it.
        texts: how many of the values are no kept ones.
        tag: what a directory's value is written as, as a kept one.
    """

    def parse(source: str, lines: Iterable[bytes]) -> Iterator[Row]:
        of_file = directories.values(source)
        values = {
            place: value if place < texts else tag(value)
            for place, names in enumerate(above)
            for name in reversed(names)
            if (value := of_file.get(name.lower())) is not None
        }
        for row in parser(source, lines):
            if row.values is None:
                yield row
            else:
                merged = [values.get(place, value) for place, value in enumerate(row.values)]
                yield row._replace(values=merged)

    return parse


def _identity(value: str) -> str:
    return value


def _parse_files(
    lines: Iterator[tuple[bytes, str]], parser: Parser, width: int
) -> Iterator[tuple[str | None, ...]]:
    for source, of_file in groupby(lines, key=itemgetter(1)):
        for row in parser(source, (line for line, _ in of_file)):
            values = row.values if row.values is not None else [None] * width
            yield (*values, source, row.reason, row.raw)


def _batch(rows: Iterator[tuple[str | None, ...]]) -> Iterator[list[tuple[str | None, ...]]]:
    batch: list[tuple[str | None, ...]] = []
    characters = 0
    for row in rows:
        batch.append(row)
        characters += sum(len(value) for value in row if value is not None)
        if len(batch) >= BATCH_ROWS or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
