"""movierate: movie ratings from the text of reviews, at scale.

>>> import movierate
>>> rate = movierate.rating_udf(spark)        # doctest: +SKIP
>>> rater = movierate.open_rater()            # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from movierate._version import __version__
from movierate.inference.rater import Rater
from movierate.model.bundle import DEFAULT_MODEL, Bundle, load
from movierate.model.ratings import Ratings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from movierate.scoring.run_record import RunRecord

__all__ = [
    "Bundle",
    "Rater",
    "Ratings",
    "__version__",
    "load",
    "open_rater",
    "rating_udf",
    "register",
    "score",
]


def open_rater(model: str | Path = DEFAULT_MODEL) -> Rater:
    """The rater of a shipped model or of a bundle's directory.

    Raises:
        movierate.errors.UserError: there is no such bundle, or it is broken.
    """
    return Rater(load(model))


def rating_udf(spark: SparkSession, model: str | Path = DEFAULT_MODEL) -> Any:
    """A pandas UDF that rates a string column: see `movierate.inference.udf.rating_udf`."""
    from movierate.inference import udf  # a rater alone does not need Spark

    return udf.rating_udf(spark, model)


def register(spark: SparkSession, name: str = "rate", model: str | Path = DEFAULT_MODEL) -> Any:
    """Register the UDF for SQL: see `movierate.inference.udf.register`."""
    from movierate.inference import udf

    return udf.register(spark, name, model)


def score(
    reviews: DataFrame | str | Sequence[str],
    output: str,
    name: str = "dataframe",
    **settings: object,
) -> RunRecord:
    """Rate reviews and publish one day of ratings, as `movierate score` does.

    >>> record = movierate.score(reviews, "s3a://ratings", date="2026-01-31")  # doctest: +SKIP
    >>> record.rows                                                           # doctest: +SKIP
    {'read': 200, 'rated': 190, 'rejected': 10}

    The session stays, with its settings and its logging: the DataFrame's, or else the active one.

    Args:
        reviews: a DataFrame, in which the columns are found by their usual names; or the path of
            a dump (a file, a directory or a pattern), or several.
        output: a directory for ratings/, rejected/ and runs/.
        name: what records and rejected rows call the DataFrame.
        settings: as in conf/score.yaml: model, text, keep, skip_rated, output_format, ...

    Raises:
        movierate.errors.UserError: a setting, the model, the output or the reviews are invalid.
        movierate.errors.RunFailed: the run broke; nothing of it was published.
    """
    from movierate.spark.installed import require_spark

    require_spark("movierate.score")
    from movierate.scoring import api

    return api.score_reviews(reviews, output, name, settings)
