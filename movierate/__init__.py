"""movierate: the rating that each movie review implies, at scale.

>>> import movierate
>>> rate = movierate.rating_udf(spark)        # doctest: +SKIP
>>> rater = movierate.open_rater()            # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from movierate.model.bundle import DEFAULT_MODEL, Bundle, load
from movierate.model.rater import Rater, Ratings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__version__ = "0.1.0"
__all__ = ["Bundle", "Rater", "Ratings", "load", "open_rater", "rating_udf"]


def open_rater(model: str | Path = DEFAULT_MODEL) -> Rater:
    """The rater of a shipped model or of a bundle's directory.

    Raises:
        movierate.errors.UserError: there is no such bundle, or it is broken.
    """
    return Rater(load(model))


def rating_udf(spark: SparkSession, model: str | Path = DEFAULT_MODEL) -> Any:
    """A pandas UDF that rates a string column: see `movierate.scoring.udf.rating_udf`."""
    from movierate.scoring import udf  # a rater alone does not need Spark

    return udf.rating_udf(spark, model)
