"""Avro files, with Spark's own reader. For Spark 3.5, it is a package to add: spark-avro."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from movierate.errors import UserError
from movierate.reviews.columnar import Columnar, Footer, Leaf, struct_leaves
from movierate.reviews.formats.registry import Format, register
from movierate.reviews.listing import File
from movierate.spark.errors import SPARK_ERRORS, first_line
from movierate.spark.filesystem import FileSystem
from movierate.spark.session import has_class

MAGIC = b"Obj\x01"
"""What a file begins with."""

MARKER = 16
"""Bytes of the random marker that ends the header and each block of a file."""

READER = "org.apache.spark.sql.avro.AvroFileFormat"
"""By its class: Spark 4 has it, and knows it by the name avro only with the package."""


def read_headers(spark: SparkSession, files: Sequence[File]) -> dict[File, Footer | str]:
    """The columns of files by their headers, or why one can't be read.

    Raises:
        UserError: Spark has no reader of Avro.
    """
    jvm: Any = spark._jvm
    if not has_class(spark, READER):
        raise UserError(
            "input: Spark 3.5 reads Avro with a package: submit the job with --packages "
            f"org.apache.spark:spark-avro_2.12:{spark.version}"
        )

    @cache
    def leaves(schema: str) -> tuple[Leaf, ...]:
        parsed = jvm.org.apache.avro.Schema.Parser().parse(schema)
        converters = jvm.org.apache.spark.sql.avro.SchemaConverters
        kind = json.loads(converters.toSqlType(parsed).dataType().json())
        # A file may hold values that are no records: it has no columns.
        return tuple(struct_leaves(StructType.fromJson(kind))) if isinstance(kind, dict) else ()

    def read_header(file: File) -> Footer | str:
        try:
            schema, end = _header(spark, file.path)
            damage = "" if _is_whole(spark, file, end) else "the Avro file is cut off"
            return Footer(leaves(schema), None, damage)
        except SPARK_ERRORS as error:
            return first_line(error)

    return {file: read_header(file) for file in files}


def _is_whole(spark: SparkSession, file: File, header: int) -> bool:
    """Whether a file ends with its marker, as its header and each of its blocks do.

    Avro's reader, before 1.12, takes a block that is cut off for the end of the file.
    """
    with FileSystem(spark, file.path).open(file.path) as stream:
        stream.seek(header - MARKER)
        marker = stream.read(MARKER)
        stream.seek(file.bytes - MARKER)
        return stream.read(MARKER) == marker


def _header(spark: SparkSession, path: str) -> tuple[str, int]:
    """The schema with which a file was written, in Avro's JSON; and the length of the header."""
    jvm: Any = spark._jvm
    avro = jvm.org.apache.avro
    configuration = spark._jsc.hadoopConfiguration()  # type: ignore[attr-defined]
    input = avro.mapred.FsInput(jvm.org.apache.hadoop.fs.Path(path), configuration)
    reader = avro.file.DataFileReader.openReader(input, avro.generic.GenericDatumReader())
    try:
        return str(reader.getSchema().toString()), int(reader.previousSync())
    finally:
        reader.close()


AVRO = Columnar(
    "avro",
    read_headers,
    load=lambda reader, paths: reader.format(READER).load(list(paths)),
)


register(
    Format(
        "avro",
        AVRO.read,
        suffixes=(".avro",),
        is_certain=lambda head: head.content.startswith(MAGIC),
        has_lines=False,
    )
)
