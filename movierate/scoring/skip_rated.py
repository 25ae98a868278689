"""--skip-rated: reviews whose text this model has rated are not rated again.

After such a run, the latest rating of every review of the dump is this model's of its present
text. So a review is skipped if its latest rating is that; one that was edited back is rated again.

What has been rated is known from the slim columns of ratings/. They are joined to the dump before
the texts go to the model, which is given no text where it is skipped.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from movierate.reviews.types import union_by_name
from movierate.scoring.output.directory import OutputDirectory
from movierate.scoring.output.table import BATCH, DATE, REJECTED, OutputPartition

ALREADY_RATED = "already_rated"
"""The reason of a row that is skipped: it is neither rated nor rejected."""

BROADCAST_ROWS = 2_000_000
"""Ratings that each executor can hold; for more, the rows of the dump are sorted to theirs."""

KEYS = ["review_id", "text_hash"]
IS_KNOWN = "__is_known"


def find_rated(
    output: OutputDirectory, model_id: str, partition: OutputPartition
) -> DataFrame | None:
    """The reviews whose latest rating is by this model.

    Args:
        output: where the ratings are.
        model_id: the model.
        partition: what the run will publish. A batch that is handed out again replaces its
            ratings, so they don't count.

    Returns:
        review_id (string), text_hash (long), each pair once; None if nothing has been rated.
    """
    ratings = output.ratings.read()
    if ratings is None:
        return None
    if partition.batch is not None:
        ratings = ratings.where(F.col(BATCH) != partition.batch)
    few = ratings.count() <= BROADCAST_ROWS  # a glance at the files' footers
    latest = Window.partitionBy("review_id").orderBy(F.desc("scored_at"))
    by_model = F.col("model_id") == model_id  # a byte of what is sorted, not a name
    known = (
        ratings.select(*KEYS, "scored_at", by_model.alias("by_model"))
        .withColumn("place", F.rank().over(latest))
        .where("place = 1 AND by_model")
        .select(*KEYS)
        .distinct()
    )
    return F.broadcast(known) if few else known


def skip_known(reviews: DataFrame, known: DataFrame) -> DataFrame:
    """A dump's rows; those that are known have ALREADY_RATED as their reason, and no text.

    Args:
        reviews: as `movierate.reviews.Dump.frame`.
        known: as `find_rated` gives it.
    """
    joined = reviews.withColumn("text_hash", F.xxhash64("text")).join(
        known.withColumn(IS_KNOWN, F.lit(True)), KEYS, "left"
    )
    is_known = F.col(IS_KNOWN).isNotNull()
    return joined.withColumns(
        {
            "text": F.when(~is_known, F.col("text")),
            "reason": F.when(is_known, ALREADY_RATED).otherwise(F.col("reason")),
        }
    )


def has_duplicates(rows: DataFrame) -> bool:
    """Whether a review is rated twice. Ids and hashes alone are shuffled to find out."""
    rated = rows.where(F.col("reason").isNull())
    return not rated.groupBy(*KEYS).count().where("count > 1").isEmpty()


def mark_duplicates(rows: DataFrame) -> DataFrame:
    """Rated rows; of those that a dump has more than once, all but one are ALREADY_RATED."""
    again = F.row_number().over(Window.partitionBy(*KEYS).orderBy("source")) > 1
    reason = F.when(F.col("reason").isNull() & again, ALREADY_RATED).otherwise(F.col("reason"))
    return rows.withColumn("reason", reason)


def find_retained(
    output: OutputDirectory, partition: OutputPartition, rows: DataFrame
) -> Mapping[str, DataFrame]:
    """The rows of a day that stay when a run that skips publishes the day again, by table.

    All ratings stay. Rejected rows stay unless their file is read again.
    """
    if partition.batch is not None:
        return {}
    found = {name: table.read([partition]) for name, table in output.tables.items()}
    retained = {name: frame.drop(DATE) for name, frame in found.items() if frame is not None}
    if REJECTED in retained:
        sources = rows.select("source").distinct()
        retained[REJECTED] = retained[REJECTED].join(sources, "source", "left_anti")
    return retained


def with_retained(rows: DataFrame, retained: DataFrame | None) -> DataFrame:
    """New rows of a table and the retained ones, if any; the two may have other kept columns."""
    return rows if retained is None else union_by_name([rows, retained])
