"""The footers of Parquet files: each file's own columns, their types, and how many rows it has."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    NullType,
    ShortType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from movierate.reviews.columnar import Footer, Leaf
from movierate.reviews.listing import File
from movierate.reviews.types import EXACT_DOUBLE
from movierate.spark.filesystem import FileSystem

MAGIC = b"PAR1"

ARROW_SCHEMA = b"ARROW:schema"
"""The key of Arrow's own schema in a footer."""

TAIL_BYTES = 64 << 10
"""How much of a file's end is read at once; a longer footer takes a second look."""

THREADS = 8
"""Footers that are read at a time."""


def read_footers(spark: SparkSession, files: Sequence[File]) -> dict[File, Footer | str]:
    """The footers of files, or why one can't be read."""
    file_systems: dict[str, FileSystem] = {}
    for file in files:
        if _root(file) not in file_systems:
            file_systems[_root(file)] = FileSystem(spark, file.path)

    def read(file: File) -> Footer | str:
        return _read(file_systems[_root(file)], file)

    with ThreadPoolExecutor(THREADS) as pool:
        return dict(zip(files, pool.map(read, files), strict=True))


def _root(file: File) -> str:
    """Scheme and authority, which name a file system."""
    scheme, _, rest = file.path.partition(":")
    return f"{scheme}:{rest[2:].partition('/')[0]}" if rest.startswith("//") else scheme


def are_doubles(spark: SparkSession, file: File, leaf: Leaf) -> bool:
    """Whether a double has all digits of a column's whole numbers, by the file's statistics."""
    metadata = _metadata(FileSystem(spark, file.path), file)
    columns = [metadata.schema.column(number).path for number in range(metadata.num_columns)]
    number = columns.index(leaf.name)
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(number).statistics
        if statistics is None or not statistics.has_min_max:
            return statistics is not None and statistics.num_values == 0
        bounds = (statistics.min, statistics.max)
        if not all(isinstance(bound, int) and abs(bound) <= EXACT_DOUBLE for bound in bounds):
            return False
    return True


def _read(file_system: FileSystem, file: File) -> Footer | str:
    try:
        metadata = _metadata(file_system, file)
        return Footer(tuple(_leaves(metadata)), metadata.num_rows)
    except (ValueError, OSError, pa.ArrowException) as error:
        return str(error).partition("\n")[0]


def _metadata(file_system: FileSystem, file: File) -> pq.FileMetaData:
    # What counts is what Parquet says, not what Arrow's writers add about types of their own.
    footer = _footer_bytes(file_system, file).replace(ARROW_SCHEMA, ARROW_SCHEMA[::-1])
    # What pyarrow wants is a file: one of nothing but this footer will do.
    framed = MAGIC + footer + struct.pack("<I", len(footer)) + MAGIC
    return pq.read_metadata(pa.BufferReader(framed))


def _footer_bytes(file_system: FileSystem, file: File) -> bytes:
    """Raises ValueError if the file does not end as Parquet does."""
    tail = _tail(file_system, file, TAIL_BYTES)
    if len(tail) < 12 or tail[-4:] != MAGIC:
        raise ValueError("it has no Parquet footer")
    (length,) = struct.unpack("<I", tail[-8:-4])
    if length + 12 > file.bytes:
        raise ValueError("its footer is longer than the file")
    if length + 8 > len(tail):
        tail = _tail(file_system, file, length + 8)
    return tail[-8 - length : -8]


def _tail(file_system: FileSystem, file: File, length: int) -> bytes:
    with file_system.open(file.path) as stream:
        stream.seek(max(0, file.bytes - length))
        return stream.read(length)


def _leaves(metadata: pq.FileMetaData) -> Iterator[Leaf]:
    schema = metadata.schema
    columns = (schema.column(number) for number in range(metadata.num_columns))

    def walk(field: pa.Field, parents: tuple[str, ...]) -> Iterator[Leaf]:
        path = (*parents, field.name)
        if pa.types.is_struct(field.type):
            for child in struct_fields(field.type):
                yield from walk(child, path)
        elif is_nested(field.type):
            yield Leaf(path, _nested(field.type, columns))
        else:
            yield _leaf(path, field.type, next(columns))

    for field in schema.to_arrow_schema():
        yield from walk(field, ())


def _leaf(path: tuple[str, ...], kind: pa.DataType, column: Any) -> Leaf:
    logical = column.logical_type.type
    if logical == "UUID":
        return Leaf(path, BinaryType(), "uuid")
    if pa.types.is_timestamp(kind) and kind.unit == "ns" and column.physical_type == "INT64":
        return Leaf(path, LongType(), "nanos utc" if kind.tz else "nanos")
    if pa.types.is_time(kind):
        return Leaf(path, IntegerType() if kind.unit == "ms" else LongType(), f"time {kind.unit}")
    if logical == "INTERVAL":
        return Leaf(path, None)
    if column.physical_type == "INT96":
        return Leaf(path, TimestampType())
    return Leaf(path, spark_type(kind))


def _nested(kind: pa.DataType, columns: Iterator[Any]) -> DataType | None:
    """The type of a list or map; None if Spark has none for a part of it.

    Args:
        kind: the list, or a part of it.
        columns: those of the file, from its first on; as many as it has are taken.
    """
    if pa.types.is_struct(kind):
        types = {field.name: _nested(field.type, columns) for field in struct_fields(kind)}
        fields = [StructField(name, type) for name, type in types.items() if type is not None]
        return StructType(fields) if len(fields) == kind.num_fields else None
    if pa.types.is_map(kind):
        key, item = _nested(kind.key_type, columns), _nested(kind.item_type, columns)
        return MapType(key, item) if key and item else None
    if is_nested(kind):
        element = _nested(kind.value_type, columns)
        return ArrayType(element) if element else None
    leaf = _leaf((), kind, next(columns))
    return None if leaf.form else leaf.stored


_TYPES: tuple[tuple[Any, DataType], ...] = (
    (pa.types.is_null, NullType()),
    (pa.types.is_boolean, BooleanType()),
    (pa.types.is_int8, ByteType()),
    (pa.types.is_int16, ShortType()),
    (pa.types.is_uint8, ShortType()),
    (pa.types.is_int32, IntegerType()),
    (pa.types.is_uint16, IntegerType()),
    (pa.types.is_int64, LongType()),
    (pa.types.is_uint32, LongType()),
    (pa.types.is_uint64, DecimalType(20, 0)),
    (pa.types.is_float32, FloatType()),
    (pa.types.is_float64, DoubleType()),
    (pa.types.is_string, StringType()),
    (pa.types.is_binary, BinaryType()),
    (pa.types.is_fixed_size_binary, BinaryType()),
    (pa.types.is_date, DateType()),
)


def spark_type(kind: pa.DataType) -> DataType | None:
    """The type that Spark reads a column in; None if it has none."""
    if isinstance(kind, pa.BaseExtensionType):
        return spark_type(kind.storage_type)
    if pa.types.is_decimal(kind):
        return DecimalType(kind.precision, kind.scale) if kind.precision <= 38 else None
    if pa.types.is_timestamp(kind):
        return TimestampType() if kind.tz else TimestampNTZType()
    return next((found for is_kind, found in _TYPES if is_kind(kind)), None)


def is_nested(kind: pa.DataType) -> bool:
    """Whether it is a list or a map."""
    return bool(pa.types.is_list(kind) or pa.types.is_map(kind))


def struct_fields(kind: pa.StructType) -> list[pa.Field]:
    """The fields of a struct."""
    return [kind.field(number) for number in range(kind.num_fields)]
