"""The latest rating of each review, as one Parquet directory."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

from movierate.errors import UserError
from movierate.scoring.store import TABLES, Store
from movierate.spark import file_system

LATEST = """
SELECT * FROM (
    SELECT *, row_number() OVER (
        PARTITION BY review_id ORDER BY scored_at DESC, text_hash, model_id
    ) AS place
    FROM {ratings}
)
WHERE place = 1
"""
"""A review is one id. Where one run rated two texts of it, which counts is settled by the hash."""


def write_latest(spark: SparkSession, directory: str, target: str) -> int:
    """Write the latest rating of each review, in place of the ones written there before.

    Args:
        spark: the session.
        directory: an output of the scoring job. It is held meanwhile, so that no run changes it.
        target: the directory to write: the columns of ratings/, scored_date (date) among them.

    Returns:
        How many reviews there are.

    Raises:
        UserError: there are no ratings, a run holds the output, or the target holds anything but
            Parquet files.
    """
    fs, final = file_system(spark, target)
    if fs.exists(final) and not _is_view(fs, final):
        raise UserError(f"output: {target} is not such a view, but something else: name another")
    store = Store(spark, directory, [])
    if store.read(TABLES[0]) is None:
        raise UserError(f"input: {directory} has no ratings: name a directory that score has made")
    jvm: Any = spark._jvm
    written, replaced = (
        jvm.org.apache.hadoop.fs.Path(final.getParent(), f".{final.getName()}.{name}")
        for name in ("written", "replaced")
    )
    with store.held():
        ratings = store.read(TABLES[0], mergeSchema=True)
        latest = spark.sql(LATEST, ratings=ratings).drop("place", "batch")
        latest.write.mode("overwrite").parquet(str(written))
        fs.delete(replaced, True)
        if fs.exists(final):
            fs.rename(final, replaced)
        fs.rename(written, final)
        fs.delete(replaced, True)
    return spark.read.parquet(str(final)).count()


def _is_view(fs: Any, path: Any) -> bool:
    """Whether there is nothing but what Spark writes into a directory of Parquet."""
    if not fs.getFileStatus(path).isDirectory():
        return False
    names = [str(status.getPath().getName()) for status in fs.listStatus(path)]
    return all(name.startswith((".", "_", "part-")) for name in names)
