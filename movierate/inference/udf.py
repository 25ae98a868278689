"""The rating UDF: a column of texts to a column of ratings, in any Spark pipeline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.pandas.functions import arrow_udf
from pyspark.sql.types import FloatType, IntegerType, StructField, StructType

from movierate.inference.encoder import Texts
from movierate.inference.rater import Rater, Settings
from movierate.kernels.cache import Code, Kernels, host_code
from movierate.model.bundle import DEFAULT_MODEL, BundleFiles, read

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
"""What the UDF returns for a text: the fields of `movierate.inference.rater.Ratings`."""


def rating_udf(spark: SparkSession, model: str | Path = DEFAULT_MODEL) -> Any:
    """A UDF that rates a string column.

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
    return udf_of(spark, read(model))


def udf_of(spark: SparkSession, files: BundleFiles) -> Any:
    """`rating_udf` for a bundle that was read before."""
    settings = Settings.of(files.bundle)  # a broken bundle fails before any task runs
    broadcast = spark.sparkContext.broadcast((files.to_rate(), host_code()))

    def rate(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        rater = _open(settings, broadcast)
        for texts in batches:
            ratings = vars(rater.rate(Texts.of_arrow(texts)))
            columns = [pa.array(column, from_pandas=True) for column in ratings.values()]
            yield pa.StructArray.from_arrays(columns, list(ratings))  # from_pandas: NaN is null

    return arrow_udf(rate, RATING)  # type: ignore[call-overload]


_raters: dict[str, Rater] = {}
"""The models that this Python worker has opened, by model_id. Workers outlive tasks."""


def _open(settings: Settings, broadcast: Broadcast[tuple[BundleFiles, Code]]) -> Rater:
    if settings.model_id not in _raters:
        files, code = broadcast.value
        _raters[settings.model_id] = _opened(settings, files, code)
    return _raters[settings.model_id]


def _opened(settings: Settings, files: BundleFiles, code: Code) -> Rater:
    """A rater whose tables the executor's workers share, if a local directory is writable."""
    local = [Path(path) for path in os.environ.get("SPARK_LOCAL_DIRS", "").split(",") if path]
    kernels = Kernels(host_code(code, local))
    for directory in local:
        try:
            return Rater.of_host(settings, files, kernels, directory)
        except OSError:
            continue  # full, or not ours: the next, or each worker for itself
    return Rater(files.bundle)
