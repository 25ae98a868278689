"""Scoring from within another program, on a DataFrame of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


def score_dataframe(
    reviews: DataFrame, output: str, name: str, settings: Mapping[str, object]
) -> RunRecord:
    """See `movierate.score`."""
    spark = reviews.sparkSession
    check_classic(spark)
    config = make_config(ScoreConfig, flags=settings)
    if config.incremental:
        raise UserError("incremental: it reads new files: give skip_rated for a DataFrame")
    with _with_settings(spark):
        return score(spark, Table(reviews, name), output, config).record


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
