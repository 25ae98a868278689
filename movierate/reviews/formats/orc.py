"""ORC: files of one schema or of several, with or without Hive partitions."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
from pyarrow import orc
from pyspark.sql import SparkSession
from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType, TimestampType

from movierate.reviews.columnar import Columnar, Footer, Leaf
from movierate.reviews.formats.registry import Format, register
from movierate.reviews.listing import File
from movierate.reviews.parquet_footers import is_nested, spark_type, struct_fields
from movierate.spark.filesystem import FileSystem, JavaStream

MAGIC = b"ORC"

THREADS = 8
"""Footers that are read at a time."""


class _SeekableFile(io.RawIOBase):
    """A file on a Hadoop file system, as a Python file for pyarrow."""

    def __init__(self, stream: JavaStream, size: int) -> None:
        self._stream, self._size, self._position = stream, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = start + offset
        self._stream.seek(self._position)
        return self._position

    def read(self, size: int = -1) -> bytes:
        left = self._size - self._position
        data = self._stream.read(left if size < 0 else min(size, left))
        self._position += len(data)
        return data


def read_footers(spark: SparkSession, files: Sequence[File]) -> dict[File, Footer | str]:
    """The footers of files, or why one can't be read."""

    def read_footer(file: File) -> Footer | str:
        try:
            with FileSystem(spark, file.path).open(file.path) as stream:
                found = orc.ORCFile(_SeekableFile(stream, file.bytes))
                return Footer(tuple(_leaves(found.schema)), found.nrows)
        except (ValueError, OSError, pa.ArrowException) as error:
            return str(error).partition("\n")[0]

    with ThreadPoolExecutor(THREADS) as pool:
        return dict(zip(files, pool.map(read_footer, files), strict=True))


def _leaves(fields: Sequence[pa.Field], parents: tuple[str, ...] = ()) -> Iterator[Leaf]:
    for field in fields:
        path = (*parents, field.name)
        if pa.types.is_struct(field.type):
            yield from _leaves(struct_fields(field.type), path)
        else:
            yield Leaf(path, _stored_type(field.type))


def _stored_type(kind: pa.DataType) -> DataType | None:
    """The type that Spark reads a column in; None if it has none."""
    if pa.types.is_struct(kind):
        types = {field.name: _stored_type(field.type) for field in struct_fields(kind)}
        known = [StructField(name, type) for name, type in types.items() if type is not None]
        return StructType(known) if len(known) == kind.num_fields else None
    if pa.types.is_map(kind):
        key, item = _stored_type(kind.key_type), _stored_type(kind.item_type)
        return MapType(key, item) if key and item else None
    if is_nested(kind):
        element = _stored_type(kind.value_type)
        return ArrayType(element) if element else None
    # Spark writes an instant as an ORC timestamp of the session's time zone.
    return TimestampType() if pa.types.is_timestamp(kind) else spark_type(kind)


def _is_binary(content: bytes) -> bool:
    """Whether bytes are binary, unlike a text that starts with "ORCA"."""
    return any(byte < 9 for byte in content)


ORC = Columnar(
    "orc",
    read_footers,
    load=lambda reader, paths: reader.orc(list(paths)),
)


register(
    Format(
        "orc",
        ORC.read,
        suffixes=(".orc",),
        is_certain=lambda head: head.content.startswith(MAGIC) and _is_binary(head.content),
        has_lines=False,
    )
)
