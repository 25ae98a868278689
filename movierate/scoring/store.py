"""The output directory: whole days appear in it, or nothing does.

A run holds the directory (`movierate.scoring.lock`), writes to ``.staging/<run id>/`` beside the
tables and moves its part of them into place at the end. A file READY there says that all is
written, and which part: a run that was killed before it left nothing behind that counts, and one
that was killed after it is completed by the next.

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

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DataType, StructType

from movierate.errors import UserError
from movierate.paths import check_apart
from movierate.scoring.lock import held
from movierate.scoring.record import RUNS
from movierate.spark import SPARK_ERRORS, file_system, first_line, read_text

TABLES = ("ratings", "rejected")
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
        self._fs, self._root = file_system(spark, directory)
        self._check_held: Callable[[], None] = lambda: None
        self.directory = directory
        try:
            if self._fs.exists(self._root) and not self._fs.getFileStatus(self._root).isDirectory():
                raise UserError(f"output: {directory} is a file: name a directory")
        except Py4JJavaError as error:
            raise UserError(f"output: {directory} can't be used ({first_line(error)})") from None
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
            str(path)
        )

    def count(self, run_id: str, table: str, part: Part) -> int:
        """Rows in the files that `write` has written, by their footers."""
        path = self._path(STAGING, run_id, table, part.path)
        return self._spark.read.schema(StructType()).parquet(str(path)).count()

    def commit(self, run_id: str, part: Part) -> None:
        """Move the part of each table into place; it replaces what stood there.

        Raises:
            RunFailed: another run holds the directory by now.
        """
        self._settle(run_id)
        self._check_held()
        self._write(f"{part.path}\n", STAGING, run_id, READY)
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
        final = self._path(RUNS, f"{run_id}.json")
        self._write(json.dumps(record, indent=2) + "\n", STAGING, f"{run_id}.json")
        self._fs.mkdirs(final.getParent())
        self._fs.rename(partial, final)
        self._remove_empty_staging()
        return f"{self.directory.rstrip('/')}/{RUNS}/{run_id}.json"

    def read(self, table: str, part: Part | None = None, **options: Any) -> DataFrame | None:
        """What is published of a table, or of one part of it; None if there is nothing.

        Args:
            table: one of TABLES.
            part: None for all of it; scored_date, and batch if there are any, are columns then.
            options: of Spark's reader.
        """
        path = self._path(table, *([part.path] if part else []))
        if not self._fs.exists(path) or not list(self._fs.listStatus(path)):
            return None
        return self._spark.read.options(**options).parquet(str(path))

    def parts(self, table: str) -> list[str]:
        """The directories of the days or batches that are published of a table, sorted."""
        for pattern in ("scored_date=*/batch=*", "scored_date=*"):
            found = self._fs.globStatus(self._path(table, pattern)) or ()
            if parts := sorted(str(status.getPath()) for status in found):
                return parts
        return []

    def read_parts(self, table: str, parts: Sequence[str]) -> DataFrame:
        """Some of those directories as one frame, with the columns of all.

        Raises:
            One of SPARK_ERRORS: a column has a type in one that does not go with that in another.
        """
        reader = self._spark.read.option("mergeSchema", True)
        return reader.option("basePath", str(self._path(table))).parquet(*parts)

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
        found = self._fs.globStatus(self._path(TABLES[0], f"scored_date=*/batch={batch}"))
        for status in found or ():
            return _date(status.getPath().getParent())
        return None

    def check_kind(self, batches: bool) -> None:
        """Days in batches and days without can't lie in one table: no reader takes the two.

        Args:
            batches: whether a run is about to write batches.

        Raises:
            UserError: the output holds days of the other kind, or batches that the checkpoint,
                which is gone, does not know of.
        """
        days = self._list(self._path(TABLES[0]))
        has_batches = bool(days) and bool(self._list(days[0]))
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
        qualified = [str(file_system(self._spark, path)[1]) for path in paths]
        if not self._fs.exists(path):
            self._write(json.dumps(qualified) + "\n", CHECKPOINT, INPUTS)
            return list(paths)
        before = json.loads(read_text(self._spark, self._fs, path))
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
        return str(self._path(CHECKPOINT))

    def _recover(self) -> None:
        """Complete or clear away what runs that died have left."""
        for staged in self._list(self._path(STAGING)):
            run_id = staged.getName()
            ready = self._path(STAGING, run_id, READY)
            part = read_text(self._spark, self._fs, ready) if self._fs.exists(ready) else ""
            if part.endswith("\n"):  # else it died as it wrote the file
                self._publish(run_id, part.strip())
        self._delete(STAGING)

    def _publish(self, run_id: str, part: str) -> None:
        """Move the staged part over the published one; may be cut off anywhere and run again."""
        for table in TABLES:
            staged, final = self._path(STAGING, run_id, table, part), self._path(table, part)
            if not self._fs.exists(staged):
                continue  # it was moved before
            if self._fs.exists(final):
                replaced = self._path(STAGING, run_id, "replaced", table)
                self._fs.mkdirs(replaced.getParent())
                self._rename(final, replaced)
            self._fs.mkdirs(final.getParent())
            self._rename(staged, final)

    def _rename(self, source: Any, target: Any) -> None:
        self._fs.delete(target, True)
        if not self._fs.rename(source, target):
            raise OSError(f"{source} can't be moved to {target}")

    def _settle(self, run_id: str) -> None:
        """What was written outlives a power cut, where that is left to us."""
        staged = self._path(STAGING, run_id).toUri()
        if str(self._fs.getUri().getScheme()) == "file":
            for path in Path(str(staged.getPath())).rglob("*"):
                descriptor = os.open(path, os.O_RDONLY)
                os.fsync(descriptor)
                os.close(descriptor)

    def _path(self, *parts: str) -> Any:
        jvm: Any = self._spark._jvm
        return jvm.org.apache.hadoop.fs.Path(self._root, "/".join(parts))

    def _exists(self, *parts: str) -> bool:
        return bool(self._fs.exists(self._path(*parts)))

    def _list(self, path: Any) -> list[Any]:
        """The directories in a directory that may not be there."""
        if not self._fs.exists(path):
            return []
        return [s.getPath() for s in self._fs.listStatus(path) if s.isDirectory()]

    def _delete(self, *parts: str) -> None:
        self._fs.delete(self._path(*parts), True)

    def _clear(self, run_id: str) -> None:
        self._delete(STAGING, run_id)
        self._remove_empty_staging()

    def _remove_empty_staging(self) -> None:
        path = self._path(STAGING)
        if self._fs.exists(path) and not list(self._fs.listStatus(path)):
            self._fs.delete(path, False)

    def _write(self, text: str, *parts: str) -> None:
        stream = self._fs.create(self._path(*parts), True)
        stream.write(bytearray(text.encode()))
        stream.close()


def _date(path: Any) -> datetime.date:
    return datetime.date.fromisoformat(str(path.getName()).removeprefix("scored_date="))
