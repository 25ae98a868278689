"""The output directory: whole days appear in it, or nothing does.

A run holds the directory (`movierate.scoring.output.lock`), writes to ``.staging/<run id>/``
beside the tables and moves its part of them into place at the end. A file READY there says that
all is written, and which part: a run that was killed before it left nothing behind that counts,
and one that was killed after it is completed by the next.

What a reader sees meanwhile, who lists the Parquet files of a table at any moment:

- Where a directory is renamed in one step, on local file systems and HDFS: a part that is new is
  there in whole or not at all. A part that is replaced is the old one, then for a moment none (if
  the run is killed in that moment: until the next run begins), then the new one. There are never
  two, and never half of one. ``ratings`` comes before ``rejected``. A file that was listed and is
  opened after its part was replaced is gone: list again.
- On a store of objects a rename copies file by file: a part grows while it comes and shrinks while
  it goes. There, read the days whose record lies in ``runs/``: it is written when all is in place.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DataType, StructType

from movierate.errors import UserError
from movierate.scoring.output.lock import held
from movierate.scoring.run_record import RUNS
from movierate.spark.errors import SPARK_ERRORS, first_line
from movierate.spark.filesystem import FileSystem, FileSystemError, name_of, parent_of
from movierate.spark.paths import check_apart

TABLES = ("ratings", "rejected")
RATINGS = (
    *("review_id", "movie_id", "predicted_rating", "rating_low", "rating_high", "rating"),
    *("words_read", "known_words", "text_hash", "model_id", "scored_at"),
)
"""Columns of ratings/, in order; those kept follow, and scored_date is the directory."""

REJECTED = ("review_id", "source", "reason", "raw", "scored_at")
"""Columns of rejected/."""

STAGING = ".staging"
READY = "READY"
CHECKPOINT = ".checkpoint"
PARTS_LOOKED_AT = 30
"""Days or batches whose types are looked up."""

INPUTS = "movierate-inputs.json"
"""In the checkpoint: the paths that files were found below."""

WRITTEN = (
    *(f"{table}/scored_date=2026-01-31/part-00000.snappy.parquet" for table in TABLES),
    *(f"{table}/scored_date=2026-01-31/batch=0/part-00000.snappy.parquet" for table in TABLES),
    f"{RUNS}/20260131T030000Z-01234567.json",
    f"{STAGING}/20260131T030000Z-01234567/{READY}",
    f"{CHECKPOINT}/metadata",
)
"""A file of each kind that runs write."""


@dataclass(frozen=True)
class Part:
    """What a run publishes of each table: a day, or one batch of a day."""

    date: datetime.date
    batch: int | None = None

    @property
    def path(self) -> str:
        """Its directory in a table."""
        day = f"scored_date={self.date}"
        return day if self.batch is None else f"{day}/batch={self.batch}"


class Store:
    """An output directory."""

    def __init__(self, spark: SparkSession, directory: str, inputs: Sequence[str]) -> None:
        """Take the directory; nothing is written yet.

        Raises:
            UserError: it is a file, can't be reached, or shares files with one of the inputs.
        """
        self._spark = spark
        self._file_system = FileSystem(spark, directory)
        self._root = self._file_system.path.rstrip("/")
        self._check_held: Callable[[], None] = lambda: None
        self.directory = directory
        try:
            if self._exists() and not self._file_system.is_directory(self._root):
                raise UserError(f"output: {directory} is a file: name a directory")
        except FileSystemError as error:
            raise UserError(f"output: {directory} can't be used ({error})") from None
        check_apart(spark, inputs, directory, WRITTEN)

    def has_runs(self) -> bool:
        """Whether a run has left its record in the directory."""
        return self._exists(RUNS)

    @contextmanager
    def held(self, say: Callable[[str], None] = lambda line: None) -> Iterator[None]:
        """Hold the directory to the end of the block; what dead runs left is dealt with first.

        Args:
            say: told when a dead run's lock is taken over.

        Raises:
            UserError: another run holds it, or it can't be written to.
        """
        with held(self._spark, self.directory, say) as self._check_held:
            self._recover()
            yield

    def write(self, run_id: str, table: str, part: Part, frame: DataFrame) -> None:
        """Write a table's rows of one part, where nobody reads them yet."""
        path = self._path(STAGING, run_id, table, part.path)
        frame.write.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").parquet(
            path
        )

    def count(self, run_id: str, table: str, part: Part) -> int:
        """Rows in the files that `write` has written, by their footers."""
        path = self._path(STAGING, run_id, table, part.path)
        return self._spark.read.schema(StructType()).parquet(path).count()

    def commit(self, run_id: str, part: Part) -> None:
        """Move the part of each table into place; it replaces what stood there.

        Raises:
            RunFailed: another run holds the directory by now.
        """
        self._settle(run_id)
        self._check_held()
        self._file_system.write_text(self._path(STAGING, run_id, READY), f"{part.path}\n")
        self._publish(run_id, part.path)
        self._clear(run_id)

    def abandon(self, run_id: str) -> bool:
        """Clear away what the run has written.

        Returns:
            False if it had begun to publish that: then it stays, for the next run to complete.
        """
        if self._exists(STAGING, run_id, READY):
            return False
        self._clear(run_id)
        return True

    def record(self, run_id: str, record: dict[str, Any]) -> str:
        """Write a run's record; returns its path."""
        partial = self._path(STAGING, f"{run_id}.json")
        self._file_system.write_text(partial, json.dumps(record, indent=2) + "\n")
        self._file_system.make_directory(self._path(RUNS))
        self._file_system.rename(partial, self._path(RUNS, f"{run_id}.json"))
        self._remove_empty_staging()
        return f"{self.directory.rstrip('/')}/{RUNS}/{run_id}.json"

    def read(self, table: str, part: Part | None = None, **options: Any) -> DataFrame | None:
        """What is published of a table, or of one part of it; None if there is nothing.

        Args:
            table: one of TABLES.
            part: None for all of it; scored_date, and batch if there are any, are columns then.
            options: of Spark's reader.

        Raises:
            UserError: there is something else than Parquet.
        """
        path = self._path(table, *([part.path] if part else []))
        if not self._file_system.list(path):
            return None
        try:
            return self._spark.read.options(**options).parquet(path)
        except SPARK_ERRORS as error:
            if "UNABLE_TO_INFER_SCHEMA" in str(error):  # its days hold no file
                return None
            raise UserError(
                f"output: {path} can't be read ({first_line(error)}): move away what no run has "
                "written there"
            ) from None

    def parts(self, table: str) -> list[str]:
        """The directories of the days or batches that are published of a table, sorted."""
        for pattern in ("scored_date=*/batch=*", "scored_date=*"):
            if found := self._file_system.glob(self._path(table, pattern)):
                return sorted(status.path for status in found)
        return []

    def read_parts(self, table: str, parts: Sequence[str]) -> DataFrame:
        """Some of those directories as one frame, with the columns of all.

        Raises:
            One of SPARK_ERRORS: a column has a type in one that does not go with that in another.
        """
        reader = self._spark.read.option("mergeSchema", True)
        return reader.option("basePath", self._path(table)).parquet(*parts)

    def types(self, table: str, names: Sequence[str]) -> dict[str, DataType]:
        """The types that columns have in the latest part that has them, by name in lower case.

        Only so many parts are looked at.
        """
        types: dict[str, DataType] = {}
        missing = {name.lower() for name in names}
        for part in self.parts(table)[: -PARTS_LOOKED_AT - 1 : -1]:
            if not missing:
                break
            try:
                schema = self._spark.read.parquet(part).schema
            except SPARK_ERRORS:  # it holds no file
                continue
            found = {field.name.lower(): field.dataType for field in schema}
            types |= {name: found[name] for name in missing & set(found)}
            missing -= set(found)
        return types

    def date_of(self, batch: int) -> datetime.date | None:
        """The day under which a batch was published; None if it was not."""
        found = self._file_system.glob(self._path(TABLES[0], f"scored_date=*/batch={batch}"))
        if not found:
            return None
        day = name_of(parent_of(found[0].path))
        return datetime.date.fromisoformat(day.removeprefix("scored_date="))

    def check_kind(self, batches: bool) -> None:
        """Days in batches and days without can't lie in one table: no reader takes the two.

        Args:
            batches: whether a run is about to write batches.

        Raises:
            UserError: the output holds days of the other kind, or batches that the checkpoint,
                which is gone, does not know of.
        """
        days = self._directories(self._path(TABLES[0]))
        has_batches = bool(days) and bool(self._directories(days[0]))
        if batches and days and not has_batches:
            raise UserError(
                f"incremental: {self.directory} holds whole days, which do not go together with "
                "batches: name another --output"
            )
        if has_batches and not batches:
            raise UserError(
                f"output: {self.directory} was written with --incremental: give it again, or "
                "name another --output"
            )
        if has_batches and not self._exists(CHECKPOINT):
            raise UserError(
                f"incremental: {self.directory}/{CHECKPOINT}, which knows the files that were "
                "scored, is gone: put it back, or name another --output"
            )

    def in_order(self, paths: Sequence[str]) -> list[str]:
        """The inputs of incremental runs, in the order that the checkpoint knows them by.

        Raises:
            UserError: the runs before had others; one alone may be replaced by another one.
        """
        path = self._path(CHECKPOINT, INPUTS)
        qualified = [FileSystem(self._spark, path).path for path in paths]
        if not self._file_system.exists(path):
            self._file_system.write_text(f"{path}.partial", json.dumps(qualified) + "\n")
            self._file_system.rename(f"{path}.partial", path)
            return list(paths)
        try:
            before = list(map(str, json.loads(self._file_system.read_text(path))))
        except (ValueError, TypeError):
            raise UserError(
                f"incremental: {path} is damaged: delete it, and give --input in the order of the "
                "first run"
            ) from None
        if sorted(before) == sorted(qualified):
            return [paths[qualified.index(path)] for path in before]
        if len(before) == len(paths) == 1:
            return list(paths)
        raise UserError(
            f"incremental: the runs before had --input {' '.join(before)}: give the same paths; "
            "a directory or a pattern takes new files"
        )

    @property
    def checkpoint(self) -> str:
        """Where Spark keeps the account of the files that were scored."""
        return self._path(CHECKPOINT)

    def _recover(self) -> None:
        """Complete or clear away what runs that died have left."""
        for staged in self._directories(self._path(STAGING)):
            run_id, ready = name_of(staged), f"{staged}/{READY}"
            is_ready = self._file_system.exists(ready)
            part = self._file_system.read_text(ready) if is_ready else ""
            if part.endswith("\n"):  # else it died as it wrote the file
                self._publish(run_id, part.strip())
        self._delete(STAGING)

    def _publish(self, run_id: str, part: str) -> None:
        """Move the staged part over the published one; may be cut off anywhere and run again."""
        for table in TABLES:
            staged, final = self._path(STAGING, run_id, table, part), self._path(table, part)
            if not self._file_system.exists(staged):
                continue  # it was moved before
            if self._file_system.exists(final):
                self._move(final, self._path(STAGING, run_id, "replaced", table))
            self._move(staged, final)

    def _move(self, source: str, target: str) -> None:
        self._file_system.delete(target, recursive=True)
        self._file_system.make_directory(parent_of(target))
        if not self._file_system.rename(source, target):
            raise OSError(f"{source} can't be moved to {target}")

    def _settle(self, run_id: str) -> None:
        """What was written outlives a power cut, where that is left to us."""
        if self._file_system.is_local:
            staged = Path(self._file_system.local_path, STAGING, run_id)
            for path in staged.rglob("*"):
                descriptor = os.open(path, os.O_RDONLY)
                os.fsync(descriptor)
                os.close(descriptor)

    def _path(self, *parts: str) -> str:
        return "/".join((self._root, *parts))

    def _exists(self, *parts: str) -> bool:
        return self._file_system.exists(self._path(*parts))

    def _directories(self, path: str) -> list[str]:
        """The directories in a directory that may not be there."""
        return [status.path for status in self._file_system.list(path) if status.is_directory]

    def _delete(self, *parts: str) -> None:
        self._file_system.delete(self._path(*parts), recursive=True)

    def _clear(self, run_id: str) -> None:
        self._delete(STAGING, run_id)
        self._remove_empty_staging()

    def _remove_empty_staging(self) -> None:
        if self._exists(STAGING) and not self._file_system.list(self._path(STAGING)):
            self._file_system.delete(self._path(STAGING))
