"""The output directory: one run at a time stages a partition of each table and publishes it.

The file ``.staging/RUN/READY`` says that a run has staged everything, and for which partition. A
run that dies before it leaves no visible output. A run that dies after it is completed by the next
run. Readers see ``ratings`` before ``rejected``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from movierate.config.jobs import DELTA, PARQUET
from movierate.errors import UserError
from movierate.scoring.output.checkpoint import CHECKPOINT, Checkpoint
from movierate.scoring.output.delta import LOG, DeltaTable, is_delta
from movierate.scoring.output.lock import lock
from movierate.scoring.output.parquet import STAGING, ParquetTable
from movierate.scoring.output.table import RATINGS, REJECTED, OutputPartition, OutputTable
from movierate.scoring.run_record import RUNS, RunRecord, write_record
from movierate.spark.filesystem import FileSystem, FileSystemError, name_of
from movierate.spark.paths import check_apart

READY = "READY"

TABLES: Mapping[str, type[ParquetTable] | type[DeltaTable]] = {
    PARQUET: ParquetTable,
    DELTA: DeltaTable,
}
"""The kinds of tables, by the format that a user names."""

WRITTEN = (
    *(f"{table}/scored_date=2026-01-31/part-0.snappy.parquet" for table in (RATINGS, REJECTED)),
    *(f"{table}/scored_date=2026-01-31/batch=0/part-0.parquet" for table in (RATINGS, REJECTED)),
    f"{RUNS}/20260131T030000Z-01234567.json",
    f"{STAGING}/20260131T030000Z-01234567/{READY}",
    f"{CHECKPOINT}/metadata",
    f"{RATINGS}/{LOG}/0.json",
)
"""A file of each kind that runs write."""


class OutputDirectory:
    """An output directory: its tables, the records of its runs, its checkpoint and its lock."""

    def __init__(
        self,
        spark: SparkSession,
        directory: str,
        inputs: Sequence[str] = (),
        format: str | None = None,
    ) -> None:
        """Take the directory; nothing is written yet.

        Args:
            spark: the session.
            directory: where the tables are, or will be.
            inputs: paths that the run reads.
            format: of the tables, of `TABLES`; None: that of those that are there.

        Raises:
            UserError: it is a file, can't be reached, shares files with one of the inputs, or has
                tables of another format.
        """
        self._spark = spark
        self._file_system = FileSystem(spark, directory)
        self._root = self._file_system.path.rstrip("/")
        self._check_locked: Callable[[], None] = lambda: None
        self.directory = directory
        """As the user wrote it."""
        try:
            exists = self._file_system.exists(self._root)
            if exists and not self._file_system.is_directory(self._root):
                raise UserError(f"output: {directory} is a file: name a directory")
            table = TABLES[self._check_format(format)]
        except FileSystemError as error:
            raise UserError(f"output: {directory} can't be used ({error})") from None
        self.tables: Mapping[str, OutputTable] = {
            name: table(spark, self._root, name) for name in (RATINGS, REJECTED)
        }
        self.checkpoint = Checkpoint(spark, directory, tuple(self.tables.values()))
        check_apart(spark, inputs, directory, WRITTEN)

    def _check_format(self, asked: str | None) -> str:
        """The format of the tables.

        Raises:
            UserError: there are tables of another format than the one asked for.
        """
        paths = [f"{self._root}/{name}" for name in (RATINGS, REJECTED)]
        if any(is_delta(self._file_system, path) for path in paths):
            found = DELTA
        elif asked == DELTA and not any(self._file_system.list(path) for path in paths):
            return DELTA  # a new output
        else:
            found = PARQUET
        if asked not in (None, found):
            raise UserError(
                f"output: {self.directory} has tables in {found}: set output_format to {found}, or "
                "choose another --output"
            )
        return found

    @property
    def ratings(self) -> OutputTable:
        """The table of the rows that were rated."""
        return self.tables[RATINGS]

    @contextmanager
    def lock(self, say: Callable[[str], None] = lambda line: None) -> Iterator[None]:
        """Lock the directory until the block ends. First recover what dead runs left.

        Args:
            say: called with a line when a dead run's lock is removed.

        Raises:
            UserError: another run has the lock, or the directory can't be written to.
        """
        with lock(self._spark, self.directory, say) as self._check_locked:
            self._recover()
            yield

    def publish(self, run_id: str, partition: OutputPartition) -> None:
        """Publish what the run has staged in each table.

        Raises:
            RunFailed: another run has taken the lock.
        """
        self._sync(run_id)
        self._check_locked()
        ready = f"{self._root}/{STAGING}/{run_id}/{READY}"
        self._file_system.write_text(ready, f"{partition.path}\n")
        for table in self.tables.values():
            table.publish(run_id, partition)
        self._clear(run_id)

    def abandon(self, run_id: str) -> bool:
        """Delete what the run has staged.

        Returns:
            False if it had begun to publish: then the next run completes it.
        """
        if self._file_system.exists(f"{self._root}/{STAGING}/{run_id}/{READY}"):
            return False
        self._clear(run_id)
        return True

    def has_records(self) -> bool:
        """Whether a run has left its record."""
        return self._file_system.exists(f"{self._root}/{RUNS}")

    def write_record(self, record: RunRecord) -> str:
        """Write a run's record; returns its path."""
        write_record(record, self._file_system)
        return f"{self.directory.rstrip('/')}/{RUNS}/{record.run_id}.json"

    def _recover(self) -> None:
        """Complete what dead runs began to publish, and delete the rest of what they staged."""
        for staged in self._file_system.list(f"{self._root}/{STAGING}"):
            ready = f"{staged.path}/{READY}"
            is_ready = staged.is_directory and self._file_system.exists(ready)
            path = self._file_system.read_text(ready) if is_ready else ""
            if path.endswith("\n"):  # otherwise the run died while it wrote the file
                for table in self.tables.values():
                    table.publish(name_of(staged.path), OutputPartition.parse(path.strip()))
        self._file_system.delete(f"{self._root}/{STAGING}", recursive=True)

    def _sync(self, run_id: str) -> None:
        """Make sure that staged files survive a power cut. Other file systems see to it."""
        if self._file_system.is_local:
            staged = Path(self._file_system.local_path, STAGING, run_id)
            for path in staged.rglob("*"):
                descriptor = os.open(path, os.O_RDONLY)
                os.fsync(descriptor)
                os.close(descriptor)

    def _clear(self, run_id: str) -> None:
        for table in self.tables.values():
            table.abandon(run_id)
        staging = f"{self._root}/{STAGING}"
        self._file_system.delete(f"{staging}/{run_id}", recursive=True)
        if self._file_system.exists(staging) and not self._file_system.list(staging):
            self._file_system.delete(staging)
