"""Corrupt files: a truncated gzip file, a Parquet file without its footer.

Spark either fails the whole job for one, or skips the rest of it in silence. Neither will do. So
a dump is read strictly; if that fails, the files that are to blame are found, by what Spark says
and by reading ever smaller groups of the others; and in the next read these, and only these, give
what they can and one row more that says so. A sound dump pays nothing for this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from movierate.reviews.listing import File, as_source, source_of
from movierate.reviews.names import SOURCE
from movierate.reviews.schema import MALFORMED, RAW_CHARACTERS, BrokenFile, Rows
from movierate.spark.errors import SPARK_ERRORS
from movierate.spark.filesystem import FileSystem

GROUPS = 8
"""Into how many groups a group with a broken file is divided."""

SMALLEST_GROUP = 8
"""Files that are not worth dividing."""


BZIP2_END = f"{0x177245385090:048b}".lstrip("0")
"""The bits that end a bzip2 file, but for a checksum and padding."""

UNREADABLE = {
    "BrotliCodec": "Spark can't read Brotli: write the file with another compression",
    "timestamp with local time zone": "Spark before 4.2 reads no ORC file with an instant in it: "
    "write the column as a timestamp without a time zone",
    "ParquetMetadataConverter.getLogicalTypeAnnotation": "Spark 3.5 reads no Parquet file with a "
    "half-precision float in it: write the column as a float, or use Spark 4",
}
"""What the stack says of a sound file that Spark can't read, and how to mend the file."""

_NAMED = re.compile(r"while reading file (\S+)\.(?:\s|$)")
_CAUSE = re.compile(r"^Caused by: (.*)$", re.MULTILINE)


def is_read_failure(error: Exception) -> bool:
    """Whether a Spark job failed for a file that it could not read.

    Spark says so since 4.0. 3.5 does for Parquet and ORC alone: of others, the stack tells that the
    failure came from within the scan of files.
    """
    said = str(error)
    return "FAILED_READ_FILE" in said or "execution.datasources.FileScanRDD" in said


def broken_files(
    rows: Rows, known: Sequence[BrokenFile] = (), counts: Mapping[str, int] | None = None
) -> list[BrokenFile]:
    """The files that can't be read completely, after a read has failed.

    Args:
        rows: of the dump.
        known: broken files that were found before; they come first.
        counts: how many rows a file should hold, as `Records.row_counts`.
    """
    passed = {file.source for file in known}
    files = [file for file in _files(rows.scan(False)) if file not in passed]
    return [*known, *_broken(rows, files, counts or {})]


def unfinished_bzip2(spark: SparkSession, files: Iterable[File]) -> list[BrokenFile]:
    """Files named .bz2 that do not begin or do not end as such.

    Spark looks for bzip2's blocks wherever they are: what it reads of such a file ends early, or
    is nothing at all, without an error.
    """
    return [
        BrokenFile(source_of(spark, path), "the bzip2 file is incomplete", begins_well=True)
        for path, size in files
        if size and path.endswith(".bz2") and not _is_whole_bzip2(spark, path, size)
    ]


def read_around(rows: Rows, broken: Sequence[BrokenFile]) -> DataFrame:
    """The rows of a dump, with what can be read of its broken files and a row for each."""
    if not broken:
        return rows.parse(rows.scan(False))
    around = _parse(rows, False, [file.source for file in broken], others=True)
    if partly := [file.source for file in broken if file.begins_well]:
        around = around.union(_parse(rows, True, partly))
    notes = around.sparkSession.createDataFrame(
        [
            (
                file.source,
                MALFORMED,
                f"the file can't be read to its end: {file.why}"[:RAW_CHARACTERS],
            )
            for file in broken
        ],
        "source string, reason string, raw string",
    )
    return around.unionByName(notes, allowMissingColumns=True)


def _broken(rows: Rows, files: Sequence[str], counts: Mapping[str, int]) -> list[BrokenFile]:
    failure = _failure(rows.scan(False).where(F.col(SOURCE).isin(list(files))))
    if failure is None:
        return []
    named = _NAMED.search(failure)
    culprit = as_source(named[1]) if named else None
    if culprit not in files:
        culprit = files[0] if len(files) == 1 else None
    found = []
    if culprit is not None:
        begins_well = _failure(rows.scan(True).where(F.col(SOURCE) == culprit)) is None
        count = counts.get(unquote(culprit))
        found = [BrokenFile(culprit, _cause(failure), begins_well, count)]
    others = [file for file in files if file != culprit]
    size = max(-(-len(others) // GROUPS), SMALLEST_GROUP if culprit else 1)
    groups = (others[start : start + size] for start in range(0, len(others), size))
    return found + [file for group in groups for file in _broken(rows, group, counts)]


def _cause(failure: str) -> str:
    """Why a file can't be read, from the innermost cause, with a hint how to fix it."""
    causes = _CAUSE.findall(failure)
    cause = causes[-1] if causes else "unknown"
    if "ChecksumException" in cause or "Checksum error" in cause:
        return f"its checksum file, .NAME.crc beside it, does not match: remove it ({cause})"
    return next(
        (f"{hint} ({cause})" for sign, hint in UNREADABLE.items() if sign in failure), cause
    )


def _parse(rows: Rows, lenient: bool, files: Sequence[str], others: bool = False) -> DataFrame:
    """The rows of some files, or of all others; only those are opened."""
    chosen = F.col(SOURCE).isin(list(files))
    return rows.parse(rows.scan(lenient).where(~chosen if others else chosen))


def _failure(rows: DataFrame) -> str | None:
    """What Spark says if these rows can't be read; None if they can."""
    try:
        rows.write.format("noop").mode("overwrite").save()
    except SPARK_ERRORS as error:
        if not is_read_failure(error):
            raise
        return str(error)
    return None


def _files(rows: DataFrame) -> list[str]:
    """The files of a scan, as SOURCE writes them."""
    return [as_source(path) for path in rows.inputFiles()]


def _is_whole_bzip2(spark: SparkSession, path: str, size: int) -> bool:
    with FileSystem(spark, path).open(path) as stream:
        begins = stream.read(3) == b"BZh"
        stream.seek(max(0, size - 1_024))
        end = int.from_bytes(stream.read(1_024), "big")
    return begins and BZIP2_END in f"{end:b}"  # it starts at any bit
