"""The input of a job: its files, and the first bytes of some."""

from __future__ import annotations

import bz2
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from movierate.errors import UserError
from movierate.reviews.directories import Directories
from movierate.reviews.listing import COMPRESSIONS, File, Listing, escape_pattern, list_files
from movierate.spark.errors import SPARK_ERRORS
from movierate.spark.filesystem import (
    FileSystem,
    FileSystemError,
    JavaStream,
    name_of,
    parent_of,
)
from movierate.spark.paths import check_names

UNSPLITTABLE = (".gz", ".zst", ".snappy", ".lz4", ".deflate")

ZSTANDARD = ".zst"

FILES_TRIED = 16
"""Files whose beginnings are looked at, evenly spread over the dump."""

HEAD_BYTES = 1 << 20
LONGEST_HEAD_BYTES = 128 << 20
LINES = 200
"""How much of the first file is looked at; more only where its first line is longer."""

UNPACKED_AT_ONCE = 4 << 10
"""Bytes of a packed file: of so many, nothing is known if one is damaged."""

OTHER_HEAD_BYTES = 64 << 10
"""How much of each other file is looked at."""


@dataclass(frozen=True)
class Head:
    """The beginning of a file, decompressed."""

    path: str
    content: bytes
    lines: list[bytes]
    """The whole lines of it."""
    is_whole: bool
    """Whether the content is all of the file."""


@dataclass(frozen=True)
class Inputs:
    """What the paths hold."""

    paths: tuple[str, ...]
    """As the user gave them."""
    listing: Listing
    heads: tuple[Head, ...]
    """Of the files that were looked at and can be read."""
    whole: Inputs | None = None
    """The dump that the paths are a part of: it tells what they are if their own files can't."""

    @property
    def files(self) -> tuple[File, ...]:
        """Those to be read."""
        return self.listing.files

    @property
    def head(self) -> Head:
        """The first; empty if no file can be read."""
        if self.heads:
            return self.heads[0]
        if self.whole is not None:
            return self.whole.head
        path = next((file.path for file in self.files if file.bytes), "")
        return Head(path, b"", [], is_whole=False)

    @property
    def directories(self) -> Directories:
        """The columns that are names of directories."""
        whole = [self.whole.listing] if self.whole else []
        return Directories.of([*whole, self.listing])

    @property
    def known_heads(self) -> tuple[Head, ...]:
        """Those of the files, and of the dump that they are a part of."""
        return (*self.heads, *(self.whole.known_heads if self.whole else ()))

    def only(self, files: Sequence[File]) -> Inputs:
        """The same input with some of its files; the others are passed over."""
        chosen = {file.path for file in files}
        others = tuple(file.path for file in self.files if file.path not in chosen)
        passed_over = (*self.listing.passed_over, *others)
        listing = replace(self.listing, files=tuple(files), passed_over=passed_over)
        heads = tuple(head for head in self.heads if head.path in chosen)
        return replace(self, listing=listing, heads=heads)


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
        UserError: as `list_files` and `check_names`, or a file may not be read, or lies there
            packed, too.
    """
    check_names(spark, paths)
    listing = list_files(spark, paths, may_be_empty)
    _check_not_packed_twice(spark, listing.files)
    heads = [
        head
        for number, file in enumerate(_sample([file for file in listing.files if file.bytes]))
        if (head := _head(spark, file, OTHER_HEAD_BYTES if number else HEAD_BYTES)).content.strip()
    ]
    return Inputs(tuple(paths), listing, tuple(heads), whole)


def is_unsplittable(head: Head) -> bool:
    """Whether a file that begins so is compressed in a way that only one core can read."""
    return head.path.lower().endswith(UNSPLITTABLE)


def _check_not_packed_twice(spark: SparkSession, files: Sequence[File]) -> None:
    """Raises UserError if a file lies beside a packed one that begins with the same bytes."""
    by_path = {file.path: file for file in files if file.bytes}
    pairs = (
        (by_path[file.path[: -len(compression)]], file)
        for file in by_path.values()
        for compression in COMPRESSIONS
        if file.path.lower().endswith(compression) and file.path[: -len(compression)] in by_path
    )
    for plain, packed in islice(pairs, FILES_TRIED):
        one, other = (_head(spark, file, OTHER_HEAD_BYTES).content for file in (plain, packed))
        length = min(len(one), len(other))
        if length and one[:length] == other[:length]:
            raise UserError(
                f"input: {plain.path} also exists compressed, as {packed.name}: its reviews would "
                "be read twice: remove one, or name the files to read"
            )


def _sample(files: Sequence[File]) -> list[File]:
    """The first file, the last one, and some between."""
    if len(files) <= FILES_TRIED:
        return list(files)
    step = (len(files) - 1) / (FILES_TRIED - 1)
    return [files[round(number * step)] for number in range(FILES_TRIED)]


def _head(spark: SparkSession, file: File, size: int) -> Head:
    content, is_whole = b"", False
    for more in _beginnings(FileSystem(spark, file.path), file.path, size):
        content, is_whole = more
        if b"\n" in content or content.startswith(b"[") or size < HEAD_BYTES:
            break
    if not content and file.path.endswith(ZSTANDARD):
        content = _first_lines(spark, file.path)
    lines = content.split(b"\n")
    if not is_whole and len(lines) > 1:
        lines.pop()  # cut off
    return Head(file.path, content, lines, is_whole)


def _first_lines(spark: SparkSession, path: str) -> bytes:
    """The same through Spark's reader, which has a decompressor that Hadoop may be without."""
    reader = spark.read.text(escape_pattern(path))
    try:
        rows = reader.select(F.col("value").cast("binary")).limit(LINES).collect()
    except SPARK_ERRORS:
        return b""
    return b"".join(bytes(row[0]) + b"\n" for row in rows)


def _beginnings(file_system: FileSystem, path: str, size: int) -> Iterator[tuple[bytes, bool]]:
    """Ever more of a file's beginning, and whether that is all; nothing if it can't be read.

    Raises:
        UserError: the file may not be read, or its checksum is another file's.
    """
    unpack = _UNPACK.get(path[path.rfind(".") :].lower())
    try:
        with file_system.open(path, unpack=unpack is None) as stream:
            packed = b""
            while len(packed) < LONGEST_HEAD_BYTES:
                more, is_whole = _read(stream, size - len(packed))
                packed += more
                content = unpack(packed) if unpack else packed
                yield content[:LONGEST_HEAD_BYTES], is_whole
                if len(packed) < size or len(content) >= LONGEST_HEAD_BYTES:
                    return
                size *= 2
    except FileSystemError as error:
        why = error.java_exception
        if "Permission denied" in why:
            raise UserError(
                f"input: {path}: permission denied: let the user of this run read it"
            ) from None
        if "ChecksumException" in why or ("EOFException" in why and _has_checksums(path)):
            raise UserError(
                f"input: {path} does not match its checksum file: if the file is right, "
                f"remove {_checksums_of(path)}"
            ) from None
        return  # what is wrong with it will be said when its rows are accounted for


def _checksums_of(path: str) -> str:
    """Where Hadoop keeps a local file's checksums."""
    return f"{parent_of(path)}/.{name_of(path)}.crc"


def _has_checksums(path: str) -> bool:
    return os.path.exists(_checksums_of(path).removeprefix("file:"))


def _gunzip(packed: bytes) -> bytes:
    """What can be unpacked of the beginning of a gzip file, however it goes on."""
    pieces = []
    try:
        while packed:
            member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            for start in range(0, len(packed), UNPACKED_AT_ONCE):
                pieces.append(member.decompress(packed[start : start + UNPACKED_AT_ONCE]))
                if member.eof:
                    packed = member.unused_data + packed[start + UNPACKED_AT_ONCE :]
                    break
            else:
                break
    except zlib.error:
        pass
    return b"".join(pieces)


def _bunzip2(packed: bytes) -> bytes:
    """What can be unpacked of the beginning of a bzip2 file, however it goes on."""
    try:
        return bz2.BZ2Decompressor().decompress(packed, LONGEST_HEAD_BYTES)
    except OSError:
        return b""


_UNPACK: dict[str, Callable[[bytes], bytes]] = {".gz": _gunzip, ".bz2": _bunzip2}
"""How the packed beginning of a file is unpacked. Hadoop's streams give nothing of a file that
breaks off within the bytes asked for.
"""


def _read(stream: JavaStream, count: int) -> tuple[bytes, bool]:
    """So many bytes of a stream, or what there is before it ends (True) or breaks off (False)."""
    pieces: list[bytes] = []
    while count > 0:
        try:
            piece = stream.read(min(count, 1 << 16))
        except FileSystemError:
            if not pieces:
                raise
            return b"".join(pieces), False
        if not piece:
            return b"".join(pieces), True
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces), False
