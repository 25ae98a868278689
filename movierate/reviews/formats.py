"""Which format a dump has: by how its files begin, then by their names."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from pyspark.sql import SparkSession

from movierate.config import FORMATS
from movierate.errors import UserError
from movierate.reviews import aclimdb, csv
from movierate.reviews.inputs import COMPRESSIONS, Inputs

SUFFIXES = {
    ".parquet": "parquet",
    ".parq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
}

_SNAP = re.compile(rb"\s*(product|review)/[A-Za-z]+: ")


def guess_format(spark: SparkSession, inputs: Inputs) -> str:
    """The dump's format.

    Raises:
        UserError: neither the first file's beginning nor its name tells, or it is one that is
            not read.
    """
    if aclimdb.is_tree(spark, inputs):
        return "aclimdb"
    head = inputs.head
    if head.content.startswith(b"PAR1"):
        return "parquet"
    if head.content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(
            f"input: {head.path} is UTF-16, which can't be read line by line: "
            "convert it first, with: iconv -f UTF-16 -t UTF-8"
        )
    if _SNAP.match(head.content):
        return "snap"
    if format := SUFFIXES.get(_suffix(head.path)):
        return format
    text = head.content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[")):
        return "jsonl"
    lines = [line.decode("utf-8", "surrogateescape") for line in head.lines]
    if b"\0" not in head.content and csv.is_table(lines):
        return "csv"
    raise UserError(
        f"input: the name of {head.path} does not tell its format, nor does how it begins: "
        f"give --format {', '.join(name for name in FORMATS if name != 'auto')}"
    )


def _suffix(path: str) -> str:
    name = path.lower()
    for compression in COMPRESSIONS:
        name = name.removesuffix(compression)
    return PurePosixPath(name).suffix
