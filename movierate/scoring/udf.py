"""The rating UDF: a column of texts to a column of ratings, in any Spark pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.pandas.functions import pandas_udf
from pyspark.sql.types import FloatType, IntegerType, StructField, StructType

from movierate.model.bundle import DEFAULT_MODEL, BundleFiles, read
from movierate.model.rater import Rater

if TYPE_CHECKING:
    from pyspark import Broadcast

RATING = StructType(
    [
        StructField("predicted_rating", FloatType()),
        StructField("rating_low", FloatType()),
        StructField("rating_high", FloatType()),
        StructField("words_read", IntegerType()),
        StructField("known_words", FloatType()),
    ]
)
"""What the UDF returns for a text: the fields of `movierate.model.rater.Ratings`."""


def rating_udf(spark: SparkSession, model: str | Path = DEFAULT_MODEL) -> Any:
    """A pandas UDF that rates a string column.

    >>> rate = movierate.rating_udf(spark)                                  # doctest: +SKIP
    >>> reviews.select("id", rate("text").alias("r")).select("id", "r.*")   # doctest: +SKIP

    The model is read once, here, and broadcast; each Python worker opens it once.

    Args:
        spark: the session whose executors will run it. They need movierate, not TensorFlow.
        model: the name of a shipped model or a bundle's directory.

    Returns:
        A UDF from string to the struct `RATING`; predicted_rating is null where the text has no
        word that the model knows.

    Raises:
        UserError: there is no such bundle, or it is broken.
    """
    files = read(model)
    model_id = files.bundle.model_id  # opened here: a broken bundle fails before any task runs
    broadcast = spark.sparkContext.broadcast(files.to_rate())

    def rate(batches: Iterator[pd.Series]) -> Iterator[pd.DataFrame]:
        rater = _open(model_id, broadcast)
        for texts in batches:
            yield pd.DataFrame(vars(rater.rate(texts.tolist())))  # NaN becomes null

    return pandas_udf(rate, RATING)  # type: ignore[call-overload]


_raters: dict[str, Rater] = {}
"""The models that this Python worker has open, by model_id: workers outlive their tasks."""


def _open(model_id: str, broadcast: Broadcast[BundleFiles]) -> Rater:
    if model_id not in _raters:
        _raters[model_id] = Rater(broadcast.value.bundle)
    return _raters[model_id]
