"""The protocol of an output table, whose partitions are published atomically."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql.types import DataType

from movierate.errors import UserError

RATINGS, REJECTED = "ratings", "rejected"
"""The tables of an output, in the order in which a run publishes them."""

RATINGS_COLUMNS = (
    *("review_id", "movie_id", "predicted_rating", "rating_low", "rating_high", "rating"),
    *("words_read", "known_words", "not_english", "text_hash", "model_id", "scored_at"),
)
"""Columns of ratings/, in order. Kept columns follow; scored_date is the directory."""

REJECTED_COLUMNS = ("review_id", "source", "reason", "raw", "scored_at")
"""Columns of rejected/, in order."""

DATE, BATCH = "scored_date", "batch"
"""Partition columns of both tables. Only incremental runs write batches."""

PARTITIONS_READ = 30
"""Partitions whose types are looked up."""


@dataclass(frozen=True)
class OutputPartition:
    """What a run publishes of each table: a day, or one batch of a day."""

    date: datetime.date
    batch: int | None = None

    @property
    def path(self) -> str:
        """Its directory in a table."""
        day = f"{DATE}={self.date}"
        return day if self.batch is None else f"{day}/{BATCH}={self.batch}"

    @classmethod
    def parse(cls, path: str) -> OutputPartition:
        """The partition whose directory a path names.

        Raises:
            UserError: the directory's name is not one that runs write.
        """
        *_, day, batch = ("", *path.split("/"))
        if not batch.startswith(f"{BATCH}="):
            day, batch = batch, ""
        try:
            date = datetime.date.fromisoformat(day.removeprefix(f"{DATE}="))
            return cls(date, int(batch.removeprefix(f"{BATCH}=")) if batch else None)
        except ValueError:
            raise UserError(f"output: {path} was not written by a run: move it away") from None


def sort_partitions(found: Iterable[OutputPartition]) -> list[OutputPartition]:
    """Partitions by date and batch."""
    return sorted(found, key=lambda part: (part.date, part.batch or 0))


class OutputTable(Protocol):
    """A table of an output directory.

    A run stages the rows of one partition where no reader sees them, counts them, and publishes
    them. Publishing replaces the partition.
    """

    def stage(self, run_id: str, partition: OutputPartition, rows: DataFrame) -> None:
        """Write the rows where no reader sees them."""

    def count(self, run_id: str, partition: OutputPartition) -> int:
        """The number of staged rows, from what is stored."""

    def publish(self, run_id: str, partition: OutputPartition) -> None:
        """Replace the partition by the staged rows.

        A run can die at any point of it. The next run then calls it again.

        Raises:
            OSError: the rows can't be moved.
        """

    def abandon(self, run_id: str) -> None:
        """Delete the staged rows, if there are any."""

    def read(
        self, partitions: Sequence[OutputPartition] | None = None, merge_schema: bool = False
    ) -> DataFrame | None:
        """The published rows, scored_date and (if there are any) batch among their columns.

        Args:
            partitions: these only; None reads all.
            merge_schema: take the columns of all files, not of one of them.

        Returns:
            None if nothing is published.

        Raises:
            UserError: the table holds something that is not of its kind.
            One of SPARK_ERRORS: with merge_schema, two types of a column can't be merged.
        """

    def partitions(self) -> list[OutputPartition]:
        """What is published, sorted by date and batch."""


def column_types(table: OutputTable, names: Sequence[str]) -> dict[str, DataType]:
    """The types that columns have in the latest partition with that column.

    Args:
        table: the last PARTITIONS_READ partitions are looked at.
        names: of the columns, in any case.

    Returns:
        Types by name in lower case. A column that was not found is missing.
    """
    types: dict[str, DataType] = {}
    missing = {name.lower() for name in names}
    if not missing:
        return types
    for partition in table.partitions()[: -PARTITIONS_READ - 1 : -1]:
        rows = table.read([partition])
        found = {field.name.lower(): field.dataType for field in rows.schema} if rows else {}
        types |= {name: found[name] for name in missing & set(found)}
        missing -= set(found)
        if not missing:
            break
    return types
