"""Parquet: files of one schema or of several, with or without Hive partitions."""

from __future__ import annotations

from movierate.reviews.columnar import Columnar
from movierate.reviews.formats.registry import Format, register
from movierate.reviews.parquet_footers import MAGIC, are_doubles, read_footers

PARQUET = Columnar(
    "parquet",
    read_footers,
    load=lambda reader, paths: reader.parquet(*paths),
    are_doubles=are_doubles,
)


register(
    Format(
        "parquet",
        PARQUET.read,
        suffixes=(".parquet", ".parq"),
        is_certain=lambda head: head.content.startswith(MAGIC),
        has_lines=False,
    )
)
