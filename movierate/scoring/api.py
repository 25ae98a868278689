"""Scoring from within another program, in its session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pyspark.sql import DataFrame, SparkSession

from movierate.config.jobs import ScoreConfig
from movierate.config.load import make_config
from movierate.errors import UserError
from movierate.reviews.frames import Table
from movierate.scoring.job import score
from movierate.scoring.run_record import RunRecord
from movierate.spark.connect import check_classic
from movierate.spark.session import SETTINGS


def score_reviews(
    reviews: DataFrame | str | Sequence[str],
    output: str,
    name: str,
    settings: Mapping[str, object],
) -> RunRecord:
    """See `movierate.score`."""
    source: Table | Sequence[str]
    if isinstance(reviews, Sequence):
        spark = SparkSession.getActiveSession()
        source = [reviews] if isinstance(reviews, str) else reviews
    else:
        spark, source = reviews.sparkSession, Table(reviews, name)
    if spark is None:
        raise UserError("Spark has no session: start one before movierate.score")
    check_classic(spark)
    config = make_config(ScoreConfig, flags=settings)
    if config.incremental:
        raise UserError("incremental: only the command `movierate score` has it: give skip_rated")
    with _with_settings(spark):
        return score(spark, source, output, config).record


@contextmanager
def _with_settings(spark: SparkSession) -> Iterator[None]:
    """Set what jobs set; at the end, what was there before."""
    names = [name for name in SETTINGS if spark.conf.isModifiable(name)]
    before = {name: spark.conf.get(name, None) for name in names}
    try:
        for name in names:
            spark.conf.set(name, SETTINGS[name])
        yield
    finally:
        for name, value in before.items():
            if value is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, value)
