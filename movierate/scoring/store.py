"""The output directory: whole days appear in it, or nothing does.

A run writes to ``.staging/<run id>/`` beside the tables and moves its tables into place at the
end. A file READY there says that all is written: a run that was killed before it left nothing
behind that counts, and one that was killed after it is completed by the next.
"""

from __future__ import annotations

import datetime
import json
import os
import socket
from collections.abc import Sequence
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession

from movierate.errors import UserError
from movierate.scoring.record import RUNS
from movierate.spark import file_system, first_line, read_text

TABLES = ("ratings", "rejected")
STAGING = ".staging"
OWNER = "owner.json"
READY = "READY"

ABANDONED_HOURS = 48
"""Age from which a run of another machine, whose process can't be looked at, counts as dead."""


class Store:
    """An output directory."""

    def __init__(self, spark: SparkSession, directory: str, inputs: Sequence[str]) -> None:
        """Take the directory; nothing is written yet.

        Raises:
            UserError: it is a file, can't be reached, or lies within one of the inputs.
        """
        self._spark = spark
        self._fs, self._root = file_system(spark, directory)
        self.directory = directory
        try:
            if self._fs.exists(self._root) and not self._fs.getFileStatus(self._root).isDirectory():
                raise UserError(f"output: {directory} is a file: name a directory")
        except Py4JJavaError as error:
            raise UserError(f"output: {directory} can't be used ({first_line(error)})") from None
        for path in inputs:
            qualified = str(file_system(spark, path)[1])
            if f"{self._root}/".startswith(f"{qualified}/"):
                raise UserError(
                    f"output: {directory} lies within the input {path}: "
                    "the next run would read it: name another"
                )

    def has_runs(self) -> bool:
        """Whether a run has left its record in the directory."""
        return self._exists(RUNS)

    def recover(self) -> None:
        """Complete or clear away what runs that died have left."""
        for staged in self._list(self._path(STAGING)):
            run_id = staged.getName()
            if not self._is_alive(run_id, staged):
                if self._exists(STAGING, run_id, READY):
                    self._publish(run_id)
                self._delete(STAGING, run_id)
        self._remove_empty_staging()

    def begin(self, run_id: str) -> None:
        """Claim a place to write to.

        Raises:
            UserError: the directory can't be written to.
        """
        owner = {"host": socket.gethostname(), "pid": os.getpid(), "born": _born(os.getpid())}
        try:
            self._write(json.dumps(owner), STAGING, run_id, OWNER)
        except Py4JJavaError as error:
            raise UserError(
                f"output: {self.directory} can't be written to ({first_line(error)})"
            ) from None

    def write(self, run_id: str, table: str, date: datetime.date, frame: DataFrame) -> None:
        """Write a table's rows of one date, where nobody reads them yet."""
        path = self._path(STAGING, run_id, table, f"scored_date={date}")
        frame.write.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").parquet(
            str(path)
        )

    def count(self, run_id: str, table: str, date: datetime.date) -> int:
        """Rows in the files that `write` has written."""
        path = self._path(STAGING, run_id, table, f"scored_date={date}")
        return self._spark.read.parquet(str(path)).count()

    def commit(self, run_id: str) -> None:
        """Move the tables into place; each date that was written replaces what stood there."""
        self._write("", STAGING, run_id, READY)
        self._publish(run_id)
        self.abandon(run_id)

    def abandon(self, run_id: str) -> None:
        """Clear away what the run has written and not published."""
        self._delete(STAGING, run_id)
        self._remove_empty_staging()

    def record(self, run_id: str, record: dict[str, Any]) -> str:
        """Write a run's record; returns its path."""
        partial = self._path(STAGING, f"{run_id}.json")
        final = self._path(RUNS, f"{run_id}.json")
        self._write(json.dumps(record, indent=2) + "\n", STAGING, f"{run_id}.json")
        self._fs.mkdirs(final.getParent())
        self._fs.rename(partial, final)
        self._remove_empty_staging()
        return f"{self.directory.rstrip('/')}/{RUNS}/{run_id}.json"

    def _publish(self, run_id: str) -> None:
        """Move each staged date over the published one; may be cut off anywhere and run again."""
        for table in TABLES:
            for staged in self._list(self._path(STAGING, run_id, table)):
                final = self._path(table, staged.getName())
                if self._fs.exists(final):
                    replaced = self._path(STAGING, run_id, "replaced", table)
                    self._fs.mkdirs(replaced)
                    self._rename(final, self._path(STAGING, run_id, "replaced", table, "old"))
                self._fs.mkdirs(final.getParent())
                self._rename(staged, final)

    def _rename(self, source: Any, target: Any) -> None:
        self._fs.delete(target, True)
        if not self._fs.rename(source, target):
            raise OSError(f"{source} can't be moved to {target}")

    def _is_alive(self, run_id: str, staged: Any) -> bool:
        if not self._exists(STAGING, run_id, OWNER):
            return False
        owner = json.loads(read_text(self._spark, self._fs, self._path(STAGING, run_id, OWNER)))
        if owner["host"] == socket.gethostname():
            return bool(_born(owner["pid"]) == owner["born"])
        written = self._fs.getFileStatus(staged).getModificationTime() / 1000
        age = datetime.datetime.now().timestamp() - written
        return bool(age < ABANDONED_HOURS * 3600)

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

    def _remove_empty_staging(self) -> None:
        path = self._path(STAGING)
        if self._fs.exists(path) and not list(self._fs.listStatus(path)):
            self._fs.delete(path, False)

    def _write(self, text: str, *parts: str) -> None:
        stream = self._fs.create(self._path(*parts), True)
        stream.write(bytearray(text.encode()))
        stream.close()


def _born(pid: int) -> str | None:
    """When a process of this machine started, or None if there is none: ids are used again."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[19]
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except (PermissionError, OSError):
        pass
    return "unknown"  # no /proc here: the id alone has to do
