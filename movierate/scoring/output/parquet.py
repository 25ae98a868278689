"""An output table as Parquet files: ``TABLE/scored_date=2026-01-31/[batch=0/]part-*.parquet``.

Staged rows lie in the hidden directory ``.staging/RUN/TABLE``. Publishing renames directories.
What a reader sees who lists the files at any moment:

- On local file systems and HDFS, a rename is one step. A new partition is there whole or not at
  all. A replaced partition is the old one, then briefly absent, then the new one. There are never
  two, and never half of one. A file that was listed and then replaced is gone: list again.
- On an object store, a rename copies file by file. A partition grows while it is published and
  shrinks while it is replaced. Read only the days whose record is in ``runs/``: it is written
  last.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from movierate.errors import UserError
from movierate.scoring.output.table import BATCH, DATE, OutputPartition, sort_partitions
from movierate.spark.errors import SPARK_ERRORS, first_line
from movierate.spark.filesystem import FileSystem, parent_of

STAGING = ".staging"

NO_SUCCESS_FILE = "mapreduce.fileoutputcommitter.marksuccessfuljobs"


class ParquetTable:
    """An `OutputTable` of Parquet files in an output directory."""

    def __init__(self, spark: SparkSession, root: str, name: str) -> None:
        """Take the table; nothing is written yet.

        Args:
            spark: the session.
            root: the output directory, with its scheme.
            name: ratings or rejected.
        """
        self._spark = spark
        self._file_system = FileSystem(spark, root)
        self._root, self._name = root, name
        self._path = f"{root}/{name}"

    def stage(self, run_id: str, partition: OutputPartition, rows: DataFrame) -> None:
        """See `OutputTable.stage`."""
        rows.write.option(NO_SUCCESS_FILE, "false").parquet(self._staging_path(run_id, partition))

    def count(self, run_id: str, partition: OutputPartition) -> int:
        """See `OutputTable.count`. Only the footers are read."""
        staged = self._staging_path(run_id, partition)
        return self._spark.read.schema(StructType()).parquet(staged).count()

    def read_staged(self, run_id: str, partition: OutputPartition) -> DataFrame | None:
        """The staged rows, without the partition's columns; None if there are none."""
        staged = self._staging_path(run_id, partition)
        return self._spark.read.parquet(staged) if self._file_system.exists(staged) else None

    def publish(self, run_id: str, partition: OutputPartition) -> None:
        """See `OutputTable.publish`."""
        staged, final = self._staging_path(run_id, partition), f"{self._path}/{partition.path}"
        if not self._file_system.exists(staged):
            return  # it was moved before the run died
        if self._file_system.exists(final):
            self._move(final, f"{self._root}/{STAGING}/{run_id}/replaced/{self._name}")
        self._move(staged, final)

    def abandon(self, run_id: str) -> None:
        """See `OutputTable.abandon`."""
        self._file_system.delete(f"{self._root}/{STAGING}/{run_id}/{self._name}", recursive=True)

    def read(
        self, partitions: Sequence[OutputPartition] | None = None, merge_schema: bool = False
    ) -> DataFrame | None:
        """See `OutputTable.read`."""
        paths = [f"{self._path}/{partition.path}" for partition in partitions or ()]
        if partitions is None:
            paths = [self._path] if self._file_system.list(self._path) else []
        paths = [path for path in paths if self._file_system.exists(path)]
        if not paths:
            return None
        reader = self._spark.read.option("basePath", self._path)
        try:
            return reader.option("mergeSchema", merge_schema).parquet(*paths)
        except SPARK_ERRORS as error:
            if "UNABLE_TO_INFER_SCHEMA" in str(error):  # the directories hold no files
                return None
            if merge_schema and len(paths) > 1:
                raise
            raise UserError(
                f"output: {paths[0]} can't be read ({first_line(error)}): move away what was not "
                "written by a run"
            ) from None

    def partitions(self) -> list[OutputPartition]:
        """See `OutputTable.partitions`."""
        for pattern in (f"{DATE}=*/{BATCH}=*", f"{DATE}=*"):
            if found := self._file_system.glob(f"{self._path}/{pattern}"):
                return sort_partitions(OutputPartition.parse(status.path) for status in found)
        return []

    def _staging_path(self, run_id: str, partition: OutputPartition) -> str:
        return f"{self._root}/{STAGING}/{run_id}/{self._name}/{partition.path}"

    def _move(self, source: str, target: str) -> None:
        self._file_system.delete(target, recursive=True)
        self._file_system.make_directory(parent_of(target))
        if not self._file_system.rename(source, target):
            raise OSError(f"{source} can't be moved to {target}")
