"""The files that the user named: are they there, how large are they, how do they begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from movierate.errors import UserError
from movierate.spark import SPARK_ERRORS, file_system, first_line

COMPRESSIONS = (".gz", ".bz2", ".zst", ".snappy", ".lz4", ".deflate")
UNSPLITTABLE = (".gz", ".zst", ".snappy", ".lz4", ".deflate")

ZSTANDARD = ".zst"

FILES_TRIED = 16
"""Files whose beginning is looked at until one can be read."""

HEAD_BYTES = 1 << 20
LONGEST_HEAD_BYTES = 128 << 20
LINES = 200
"""How much of a file is looked at; more only where its first line is longer."""


@dataclass(frozen=True)
class Head:
    """How a file begins, unpacked."""

    path: str
    content: bytes
    lines: list[bytes]
    """The whole lines of it."""


@dataclass(frozen=True)
class Inputs:
    """What the paths hold."""

    paths: tuple[str, ...]
    bytes: int
    head: Head
    """Of the first file that can be read; empty if none can."""
    whole: Inputs | None = None
    """The dump that the paths are a part of: it tells what they are if their own files can't."""


def find_inputs(
    spark: SparkSession,
    paths: Sequence[str],
    whole: Inputs | None = None,
    may_be_empty: bool = False,
) -> Inputs:
    """Look at the paths: files, directories, or patterns such as ``dumps/*.jsonl.gz``.

    Args:
        spark: the session.
        paths: what to look at.
        whole: the dump that they are a part of.
        may_be_empty: whether paths may hold no data.

    Raises:
        UserError: a path matches nothing, or holds no data and may not be empty.
    """
    total = 0
    first: list[tuple[Any, Any]] = []
    for path in paths:
        fs, hadoop_path = file_system(spark, path)
        try:
            matches = fs.globStatus(hadoop_path)
        except Py4JJavaError as error:
            raise UserError(f"input: {path} can't be read ({first_line(error)})") from None
        if not matches:
            raise UserError(f"input: there is no file or directory {path}")
        files = [file for match in matches for file in _first_files(fs, match)]
        if not files and not may_be_empty:
            raise UserError(f"input: {path} holds no files with data: nothing to rate")
        total += sum(fs.getContentSummary(match.getPath()).getLength() for match in matches)
        first += [(fs, file) for file in files]
    heads = (_head(spark, fs, file) for fs, file in first[:FILES_TRIED])
    head = next((head for head in heads if head.content), whole and whole.head)
    name = str(first[0][1]) if first else ""
    return Inputs(tuple(paths), total, head or Head(name, b"", []), whole)


def is_splittable(inputs: Inputs, format: str) -> bool:
    """Whether several cores can read one file."""
    if format in ("csv", "tsv"):
        return False  # a quoted field may hold newlines: only a read from the start can tell
    return format == "parquet" or not inputs.head.path.lower().endswith(UNSPLITTABLE)


def _first_files(fs: Any, status: Any) -> list[Any]:
    """Files with data at or below a path, the first few; hidden ones are passed over."""
    if status.isFile():
        return [status.getPath()] if status.getLen() else []
    files = fs.listFiles(status.getPath(), True)
    root = str(status.getPath())
    found: list[Any] = []
    while files.hasNext() and len(found) < FILES_TRIED:
        file = files.next()
        path = str(file.getPath())
        hidden = any(part.startswith((".", "_")) for part in path[len(root) :].split("/"))
        if file.getLen() and not hidden:
            found.append(file.getPath())
    return sorted(found, key=str)


def _head(spark: SparkSession, fs: Any, path: Any) -> Head:
    content = b""
    for content in _beginnings(spark, fs, path):
        if b"\n" in content:
            break
    if not content and str(path).endswith(ZSTANDARD):
        content = _first_lines(spark, str(path))
    lines = content.split(b"\n")
    if len(content) >= HEAD_BYTES and len(lines) > 1:
        lines.pop()  # cut off
    return Head(str(path), content, lines)


def _first_lines(spark: SparkSession, path: str) -> bytes:
    """The same through Spark's reader, which has a decompressor that Hadoop may be without."""
    try:
        rows = spark.read.text(path).select(F.col("value").cast("binary")).limit(LINES).collect()
    except SPARK_ERRORS:
        return b""
    return b"".join(bytes(row[0]) + b"\n" for row in rows)


def _beginnings(spark: SparkSession, fs: Any, path: Any) -> Iterator[bytes]:
    """Ever more of a file's beginning; nothing if it can't be read."""
    jvm: Any = spark._jvm
    codecs = jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(
        spark._jsc.hadoopConfiguration()  # type: ignore[attr-defined]
    )
    content, size = b"", HEAD_BYTES
    stream = None
    try:
        stream = fs.open(path)
        codec = codecs.getCodec(path)
        if codec is not None:
            stream = codec.createInputStream(stream)
        while len(content) < LONGEST_HEAD_BYTES:
            more = _read(stream, size - len(content))
            content += more
            yield content
            if len(content) < size:
                return
            size *= 2
    except Py4JJavaError:
        return  # what is wrong with it will be said when its rows are accounted for
    finally:
        if stream is not None:
            stream.close()


def _read(stream: Any, count: int) -> bytes:
    """So many bytes of a stream, or what there is before it ends or breaks off."""
    pieces: list[bytes] = []
    while count > 0:
        try:
            piece = bytes(stream.readNBytes(min(count, 1 << 16)))
        except Py4JJavaError:
            if not pieces:
                raise
            break
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
