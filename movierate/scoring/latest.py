"""The latest rating of each review, as one Parquet directory."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from movierate.errors import RunFailed, UserError
from movierate.reviews.names import quote_name
from movierate.reviews.types import union_by_name
from movierate.scoring.output.directory import OutputDirectory
from movierate.scoring.output.table import (
    BATCH,
    DATE,
    RATINGS,
    RATINGS_COLUMNS,
    REJECTED,
    OutputPartition,
    OutputTable,
)
from movierate.spark.errors import SPARK_ERRORS, first_line
from movierate.spark.filesystem import FileSystem, FileSystemError, name_of, parent_of
from movierate.spark.paths import check_apart, check_names

MARK = "mapreduce.fileoutputcommitter.marksuccessfuljobs"
MARKED = "_SUCCESS"
"""What Spark writes beside the files of a table; the days of an output have none."""


def write_latest(spark: SparkSession, directory: str, target: str) -> int:
    """Write the latest rating of each review, in place of the ones written there before.

    A column that --keep has carried along on some days is null on the others. If its type is not
    the same on all days, it is written with the narrowest type that holds all: a number, else a
    string.

    Args:
        spark: the session.
        directory: an output of the scoring job. It is held meanwhile, so that no run changes it.
        target: the directory to write: the columns of ratings/, scored_date (date) among them.

    Returns:
        How many reviews there are.

    Raises:
        UserError: there are no ratings or they can't be read, a run holds the output, or the
            target holds anything but such a view, or is what runs write.
        RunFailed: Spark could not read all ratings, or write the view.
    """
    check_names(spark, [directory], target)
    file_system = FileSystem(spark, target)
    final = file_system.path.rstrip("/")
    if file_system.exists(final) and not _is_view(spark, file_system, final):
        raise UserError(
            f"output: {target} exists and was not written by `latest`: choose another directory"
        )
    check_apart(
        spark, [f"{directory.rstrip('/')}/{table}" for table in (RATINGS, REJECTED)], target
    )
    output = OutputDirectory(spark, directory)
    if not output.ratings.partitions():
        raise UserError(f"input: {directory} has no ratings: name an output directory of score")
    written, replaced = (
        f"{parent_of(final)}/.{name_of(final)}.{name}" for name in ("written", "replaced")
    )
    with output.lock():
        _make_directory(file_system, written, target)
        frames = _read_all(output.ratings, output.ratings.partitions())
        try:
            latest = _select_latest(union_by_name(frames)).drop(BATCH)
            columns = [quote_name(name) for name in latest.columns if name != DATE]
            table = latest.select(*columns, DATE).write.mode("overwrite").option(MARK, "true")
            table.parquet(written)
        except SPARK_ERRORS as error:
            raise RunFailed(f"{first_line(error)}: {target} is unchanged") from error
        file_system.delete(replaced, recursive=True)
        if file_system.exists(final):
            file_system.rename(final, replaced)
        file_system.rename(written, final)
        file_system.delete(replaced, recursive=True)
    return spark.read.parquet(final).count()


def _select_latest(ratings: DataFrame) -> DataFrame:
    """The latest rating of each review, which is one id.

    Where one run rated two texts of it, which counts is settled by the hash.
    """
    place = "place"
    while place in map(str.lower, ratings.columns):
        place += "_"
    latest_first = (F.desc("scored_at"), "text_hash", "model_id")
    order = Window.partitionBy("review_id").orderBy(*latest_first)
    return (
        ratings.withColumn(place, F.row_number().over(order)).where(F.col(place) == 1).drop(place)
    )


def _read_all(table: OutputTable, partitions: Sequence[OutputPartition]) -> list[DataFrame]:
    """The partitions as few frames: Spark reads them together unless a column's type differs."""
    try:
        frame = table.read(partitions, merge_schema=True)
        return [] if frame is None else [frame]
    except SPARK_ERRORS:
        half = len(partitions) // 2
    return [*_read_all(table, partitions[:half]), *_read_all(table, partitions[half:])]


def _make_directory(file_system: FileSystem, path: str, target: str) -> None:
    try:
        why = "" if file_system.make_directory(path) else "the directory can't be created"
    except FileSystemError as error:
        why = str(error)
    if why:
        raise UserError(f"output: {target} can't be written ({why})")


def _is_view(spark: SparkSession, file_system: FileSystem, path: str) -> bool:
    """Whether there is nothing but a table of latest ratings."""
    if not file_system.is_directory(path):
        return False
    names = [status.name for status in file_system.list(path)]
    if not names:
        return True
    if MARKED not in names or not all(name.startswith((".", "_", "part-")) for name in names):
        return False
    try:
        columns = set(spark.read.parquet(path).columns)
    except SPARK_ERRORS:
        return False
    return columns >= {*RATINGS_COLUMNS, DATE}
