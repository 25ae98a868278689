"""Files that can't be read to their end: a gzip cut off, a Parquet file without its footer.

Spark either fails the whole job for one, or skips the rest of it in silence. Neither will do. So
a dump is read strictly; if that fails, the files that are to blame are found, by reading ever
smaller groups of them; and in the next read these, and only these, give what they can and one row
more that says so. A sound dump pays nothing for this.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from movierate.reviews.record import MALFORMED, RAW_CHARACTERS, SOURCE, Records

GROUPS = 8
"""Into how many groups a group with a broken file is divided."""


@dataclass(frozen=True)
class BrokenFile:
    """A file that can't be read to its end."""

    source: str
    why: str
    begins_well: bool
    """Whether it can be read up to the place where it is broken."""


_CAUSE = re.compile(r"^Caused by: (.*)$", re.MULTILINE)


def is_read_failure(error: Exception) -> bool:
    """Whether a Spark job failed for a file that it could not read."""
    return "FAILED_READ_FILE" in str(error)


def broken_files(records: Records, columns: Sequence[str]) -> list[BrokenFile]:
    """The files that can't be read to their end."""
    files = [_as_source(path) for path in records.scan(False).inputFiles()]
    return _broken(records, columns, files)


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


def _broken(records: Records, columns: Sequence[str], files: Sequence[str]) -> list[BrokenFile]:
    why = _failure(_rows(records, columns, False, files))
    if why is None:
        return []
    if len(files) == 1:
        begins_well = _failure(_rows(records, columns, True, files)) is None
        return [BrokenFile(files[0], why, begins_well)]
    size = -(-len(files) // GROUPS)
    groups = (files[start : start + size] for start in range(0, len(files), size))
    return [file for group in groups for file in _broken(records, columns, group)]


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
    """Why these rows can't be read, or None if they can."""
    try:
        rows.write.format("noop").mode("overwrite").save()
    except (PySparkException, Py4JJavaError) as error:
        if not is_read_failure(error):
            raise
        causes = _CAUSE.findall(str(error))
        return str(causes[-1]) if causes else "unknown"
    return None


def _as_source(path: str) -> str:
    """A path as `_metadata.file_path` writes it."""
    return re.sub(r"^file:/+", "file:/", path)
