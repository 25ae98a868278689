"""The checkpoint of incremental runs: which files were scored, and below which paths."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence

from pyspark.sql import SparkSession

from movierate.errors import UserError
from movierate.scoring.output.table import OutputPartition, OutputTable
from movierate.spark.filesystem import FileSystem

CHECKPOINT = ".checkpoint"
INPUTS = "movierate-inputs.json"
"""A file in the checkpoint: the --input paths of the runs."""


class Checkpoint:
    """The checkpoint of an output directory. Spark's file source writes most of it."""

    def __init__(self, spark: SparkSession, directory: str, tables: Sequence[OutputTable]) -> None:
        """Take the checkpoint of these tables; nothing is written yet."""
        self._spark, self._tables, self._directory = spark, tables, directory
        self._file_system = FileSystem(spark, directory)
        self.path = f"{self._file_system.path.rstrip('/')}/{CHECKPOINT}"

    def check_kind(self, batches: bool) -> None:
        """Make sure that a table has either whole days or batches: readers can't mix them.

        Args:
            batches: whether the run is about to write batches.

        Raises:
            UserError: the output holds days of the other kind, or it holds batches and the
                checkpoint that knows their files is gone.
        """
        published = self._published()
        has_batches = any(partition.batch is not None for partition in published)
        if batches and published and not has_batches:
            raise UserError(
                f"incremental: {self._directory} has whole days, which can't be mixed with "
                "batches: choose another --output"
            )
        if has_batches and not batches:
            raise UserError(
                f"output: {self._directory} was written with --incremental: set it again, or "
                "choose another --output"
            )
        if has_batches and not self._file_system.exists(self.path):
            raise UserError(
                f"incremental: {self._directory}/{CHECKPOINT}, which lists the files that were "
                "scored, is missing: restore it, or choose another --output"
            )

    def date_of(self, batch: int) -> datetime.date | None:
        """The day under which a batch was published; None if it was not."""
        return next((part.date for part in self._published() if part.batch == batch), None)

    def _published(self) -> list[OutputPartition]:
        """What is in either table: of a batch, all rows may have been rejected."""
        return [part for table in self._tables for part in table.partitions()]

    def sort_inputs(self, paths: Sequence[str]) -> list[str]:
        """The --input paths in the order of the first run, by which Spark knows them.

        Raises:
            UserError: earlier runs had other paths. A single path may replace a single one.
        """
        file = f"{self.path}/{INPUTS}"
        qualified = [FileSystem(self._spark, path).path for path in paths]
        if not self._file_system.exists(file):
            self._file_system.replace_text(file, json.dumps(qualified) + "\n")
            return list(paths)
        try:
            before = list(map(str, json.loads(self._file_system.read_text(file))))
        except (ValueError, TypeError):
            raise UserError(
                f"incremental: {file} is damaged: delete it, and give --input in the order of the "
                "first run"
            ) from None
        if sorted(before) == sorted(qualified):
            return [paths[qualified.index(path)] for path in before]
        if len(before) == len(paths) == 1:
            return list(paths)
        raise UserError(
            f"incremental: earlier runs had --input {' '.join(before)}: give the same paths; "
            "a directory or a pattern takes new files"
        )
