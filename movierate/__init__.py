"""movierate: movie ratings from the text of reviews, at scale.

>>> import movierate
>>> rate = movierate.rating_udf(spark)        # doctest: +SKIP
>>> rater = movierate.open_rater()            # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from movierate._version import __version__
from movierate.inference.rater import Rater
from movierate.model.bundle import DEFAULT_MODEL, Bundle, load
from movierate.model.ratings import Ratings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = [
    "Bundle",
    "Rater",
    "Ratings",
    "__version__",
    "load",
    "open_rater",
    "rating_udf",
    "register",
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
