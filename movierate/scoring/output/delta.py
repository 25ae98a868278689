"""An output table as a Delta table: publishing a partition is one commit of its log.

Readers see the rows of a day before the commit or those after it, on object stores, too, where a
rename copies file by file. Staged rows lie beside the table as Parquet; publishing copies them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from movierate.errors import UserError
from movierate.scoring.output.parquet import ParquetTable
from movierate.scoring.output.table import BATCH, DATE, OutputPartition, sort_partitions
from movierate.spark.errors import SPARK_ERRORS, first_line
from movierate.spark.filesystem import FileSystem
from movierate.spark.session import has_class

LOG = "_delta_log"

EXTENSION = "io.delta.sql.DeltaSparkSessionExtension"
TABLE = "io.delta.tables.DeltaTable"
"""A class that every build of Delta has."""

DELTA_SETTINGS: Mapping[str, str] = {
    "spark.sql.extensions": EXTENSION,
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
"""What Delta's documentation asks of a session's start."""


def is_delta(file_system: FileSystem, path: str) -> bool:
    """Whether a directory is a Delta table."""
    return file_system.exists(f"{path}/{LOG}")


def check_delta(spark: SparkSession) -> None:
    """Make sure that Spark has Delta.

    Raises:
        UserError: it has not.
    """
    if not has_class(spark, TABLE):
        raise UserError(
            "output: this Spark has no Delta: submit the job with --packages "
            f"io.delta:delta-spark_..., of the release for Spark {spark.version}: docs/nightly.md"
        )


class DeltaTable:
    """An `OutputTable` in Delta's format, partitioned by scored_date and, with batches, batch."""

    def __init__(self, spark: SparkSession, root: str, name: str) -> None:
        """Take the table; nothing is written yet.

        Args:
            spark: the session.
            root: the output directory, with its scheme.
            name: ratings or rejected.

        Raises:
            UserError: Spark has no Delta.
        """
        check_delta(spark)
        self._spark = spark
        self._file_system = FileSystem(spark, root)
        self._path = f"{root}/{name}"
        self._staged = ParquetTable(spark, root, name)

    def stage(self, run_id: str, partition: OutputPartition, rows: DataFrame) -> None:
        """See `OutputTable.stage`."""
        self._staged.stage(run_id, partition, rows)

    def count(self, run_id: str, partition: OutputPartition) -> int:
        """See `OutputTable.count`."""
        return self._staged.count(run_id, partition)

    def publish(self, run_id: str, partition: OutputPartition) -> None:
        """See `OutputTable.publish`. To do it again changes nothing."""
        rows = self._staged.read_staged(run_id, partition)
        if rows is None:
            return
        values = {DATE: F.lit(partition.date)}
        if partition.batch is not None:
            values[BATCH] = F.lit(partition.batch)
        writer = rows.withColumns(values).write.format("delta").mode("overwrite")
        writer = writer.partitionBy(*values).option("mergeSchema", "true")
        try:
            writer.option("replaceWhere", _condition(partition)).save(self._path)
        except SPARK_ERRORS as error:
            raise OSError(f"{self._path} can't be written ({first_line(error)})") from error

    def abandon(self, run_id: str) -> None:
        """See `OutputTable.abandon`."""
        self._staged.abandon(run_id)

    def read(
        self, partitions: Sequence[OutputPartition] | None = None, merge_schema: bool = False
    ) -> DataFrame | None:
        """See `OutputTable.read`. The log holds one schema for all files."""
        if not is_delta(self._file_system, self._path):
            return None
        rows = self._spark.read.format("delta").load(self._path)
        if partitions is None:
            return rows
        chosen = " OR ".join(f"({_condition(partition)})" for partition in partitions)
        return rows.where(chosen or "false")

    def partitions(self) -> list[OutputPartition]:
        """See `OutputTable.partitions`. A partition without rows is none."""
        rows = self.read()
        if rows is None:
            return []
        batch = F.col(BATCH) if BATCH in rows.columns else F.lit(None).cast("int")
        found = rows.select(DATE, batch.alias(BATCH)).distinct().collect()
        return sort_partitions(OutputPartition(row[DATE], row[BATCH]) for row in found)


def _condition(partition: OutputPartition) -> str:
    """A partition's rows, in SQL. Nothing but a date and a number goes into it."""
    day = f"{DATE} = DATE'{partition.date:%Y-%m-%d}'"
    return day if partition.batch is None else f"{day} AND {BATCH} = {int(partition.batch)}"
