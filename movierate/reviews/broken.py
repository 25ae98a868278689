"""Files that can't be read to their end: a gzip cut off, a Parquet file without its footer.

Spark either fails the whole job for one, or skips the rest of it in silence. Neither will do. So
a dump is read strictly; if that fails, the files that are to blame are found, by what Spark says
and by reading ever smaller groups of the others; and in the next read these, and only these, give
what they can and one row more that says so. A sound dump pays nothing for this.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from movierate.reviews.record import MALFORMED, RAW_CHARACTERS, SOURCE, Records
from movierate.spark import SPARK_ERRORS, file_system

GROUPS = 8
"""Into how many groups a group with a broken file is divided."""

SMALLEST_GROUP = 8
"""Files that are not worth dividing."""


@dataclass(frozen=True)
class BrokenFile:
    """A file that can't be read to its end."""

    source: str
    why: str
    begins_well: bool
    """Whether it can be read up to the place where it is broken."""


BZIP2_END = f"{0x177245385090:048b}".lstrip("0")
"""The bits that end a bzip2 file, but for a checksum and padding."""

_NAMED = re.compile(r"while reading file (\S+)\.(?:\s|$)")
_CAUSE = re.compile(r"^Caused by: (.*)$", re.MULTILINE)


def is_read_failure(error: Exception) -> bool:
    """Whether a Spark job failed for a file that it could not read."""
    return "FAILED_READ_FILE" in str(error)


def broken_files(records: Records, known: Sequence[BrokenFile] = ()) -> list[BrokenFile]:
    """The files that can't be read to their end, after a read has failed; those known first."""
    passed = {file.source for file in known}
    files = [file for file in _files(records.scan(False)) if file not in passed]
    return [*known, *_broken(records, files)]


def unfinished_bzip2(records: Records) -> list[BrokenFile]:
    """Files named .bz2 that do not begin or do not end as such.

    Spark looks for bzip2's blocks wherever they are: what it reads of such a file ends early, or
    is nothing at all, without an error.
    """
    rows = records.scan(False)
    files = [source for source in _files(rows) if source.endswith(".bz2")]
    return [
        BrokenFile(source, "it is no whole bzip2 file", begins_well=True)
        for source in files
        if not _is_whole_bzip2(rows.sparkSession, source)
    ]


def read_around(
    records: Records, columns: Sequence[str], broken: Sequence[BrokenFile]
) -> DataFrame:
    """The rows of a dump, with what can be read of its broken files and a row for each."""
    if not broken:
        return records.parse(records.scan(False), columns)
    rows = _rows(records, columns, False, [file.source for file in broken], others=True)
    if partly := [file.source for file in broken if file.begins_well]:
        rows = rows.union(_rows(records, columns, True, partly))
    notes = rows.sparkSession.createDataFrame(
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
    return rows.unionByName(notes, allowMissingColumns=True)


def _broken(records: Records, files: Sequence[str]) -> list[BrokenFile]:
    failure = _failure(records.scan(False).where(F.col(SOURCE).isin(list(files))))
    if failure is None:
        return []
    named = _NAMED.search(failure)
    culprit = _as_source(named[1]) if named else None
    if culprit not in files:
        culprit = files[0] if len(files) == 1 else None
    found = []
    if culprit is not None:
        begins_well = _failure(records.scan(True).where(F.col(SOURCE) == culprit)) is None
        causes = _CAUSE.findall(failure)
        found = [BrokenFile(culprit, causes[-1] if causes else "unknown", begins_well)]
    others = [file for file in files if file != culprit]
    size = max(-(-len(others) // GROUPS), SMALLEST_GROUP if culprit else 1)
    groups = (others[start : start + size] for start in range(0, len(others), size))
    return found + [file for group in groups for file in _broken(records, group)]


def _rows(
    records: Records,
    columns: Sequence[str],
    lenient: bool,
    files: Sequence[str],
    others: bool = False,
) -> DataFrame:
    """The rows of some files, or of all others; only those are opened."""
    chosen = F.col(SOURCE).isin(list(files))
    return records.parse(records.scan(lenient).where(~chosen if others else chosen), columns)


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
    return [_as_source(path) for path in rows.inputFiles()]


def _as_source(path: str) -> str:
    return re.sub(r"^file:/+", "file:/", path)


def _is_whole_bzip2(spark: SparkSession, source: str) -> bool:
    path = unquote(source)
    fs, hadoop_path = file_system(spark, path)
    length = fs.getFileStatus(hadoop_path).getLen()
    stream = fs.open(hadoop_path)
    try:
        begins = bytes(stream.readNBytes(3)) == b"BZh"
        stream.seek(max(0, length - 1_024))
        end = int.from_bytes(bytes(stream.readNBytes(1_024)), "big")
    finally:
        stream.close()
    return begins and BZIP2_END in f"{end:b}"  # it starts at any bit
