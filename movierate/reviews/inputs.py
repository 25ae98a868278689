"""The files that the user named: are they there, how large are they, what do they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from movierate.errors import UserError
from movierate.spark import file_system, first_line

COMPRESSIONS = (".gz", ".bz2", ".zst", ".snappy", ".lz4", ".deflate")
UNSPLITTABLE = (".gz", ".zst", ".snappy", ".lz4", ".deflate")

SUFFIXES = {
    ".parquet": "parquet",
    ".parq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
}


@dataclass(frozen=True)
class Inputs:
    """What the paths hold."""

    paths: tuple[str, ...]
    bytes: int
    first_file: str
    """One of the data files: what format and compression they have is told by its name."""


def find_inputs(spark: SparkSession, paths: Sequence[str]) -> Inputs:
    """Look at the paths: files, directories, or patterns such as ``dumps/*.jsonl.gz``.

    Raises:
        UserError: a path matches nothing, or holds no data.
    """
    total = 0
    first = ""
    for path in paths:
        fs, hadoop_path = file_system(spark, path)
        try:
            matches = fs.globStatus(hadoop_path)
        except Py4JJavaError as error:
            raise UserError(f"input: {path} can't be read ({first_line(error)})") from None
        if not matches:
            raise UserError(f"input: there is no file or directory {path}")
        files = [found for match in matches if (found := _first_file(fs, match)) is not None]
        if not files:
            raise UserError(f"input: {path} holds no files with data: nothing to rate")
        total += sum(fs.getContentSummary(match.getPath()).getLength() for match in matches)
        first = first or files[0]
    return Inputs(paths=tuple(paths), bytes=total, first_file=first)


def guess_format(inputs: Inputs) -> str:
    """The dump format by the name of a file.

    Raises:
        UserError: the name tells nothing.
    """
    name = inputs.first_file.lower()
    for compression in COMPRESSIONS:
        name = name.removesuffix(compression)
    for suffix, format in SUFFIXES.items():
        if name.endswith(suffix):
            return format
    raise UserError(
        f"input: the name of {inputs.first_file} does not tell its format: "
        f"give --format {', '.join(sorted(set(SUFFIXES.values())))}"
    )


def is_splittable(inputs: Inputs, format: str) -> bool:
    """Whether several cores can read one file."""
    if format == "csv":
        return False  # a quoted field may hold newlines: only a read from the start can tell
    return format == "parquet" or not inputs.first_file.lower().endswith(UNSPLITTABLE)


def _first_file(fs: Any, status: Any) -> str | None:
    """A file with data at or below a path; hidden and empty files are passed over."""
    if status.isFile():
        return str(status.getPath()) if status.getLen() else None
    files = fs.listFiles(status.getPath(), True)
    root = str(status.getPath())
    while files.hasNext():
        file = files.next()
        path = str(file.getPath())
        hidden = any(part.startswith((".", "_")) for part in path[len(root) :].split("/"))
        if file.getLen() and not hidden:
            return path
    return None
