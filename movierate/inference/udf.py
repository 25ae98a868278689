"""The rating UDF: a column of texts to a column of ratings, in any Spark pipeline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

import pandas as pd
import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.pandas.functions import pandas_udf
from pyspark.sql.types import BooleanType, FloatType, IntegerType, StructField, StructType

from movierate.inference.encoder import Texts
from movierate.inference.rater import Rater, Settings
from movierate.kernels.cache import Code, Kernels, host_code
from movierate.model.bundle import DEFAULT_MODEL, BundleFiles
from movierate.spark.bundles import read_bundle
from movierate.spark.connect import is_connect

if TYPE_CHECKING:
    from pyspark import Broadcast, SparkContext

Sent: TypeAlias = tuple[BundleFiles, Code]
"""What an executor needs of a model."""

RATING = StructType(
    [
        StructField("predicted_rating", FloatType()),
        StructField("rating_low", FloatType()),
        StructField("rating_high", FloatType()),
        StructField("words_read", IntegerType()),
        StructField("known_words", FloatType()),
        StructField("not_english", BooleanType()),
    ]
)
"""What the UDF returns for a text: the fields of `movierate.inference.rater.Ratings`."""


def rating_udf(spark: SparkSession, model: str | Path = DEFAULT_MODEL) -> Any:
    """A UDF that rates a string column.

    >>> rate = movierate.rating_udf(spark)                                  # doctest: +SKIP
    >>> reviews.select("id", rate("text").alias("r")).select("id", "r.*")   # doctest: +SKIP

    The model is read once, here, and broadcast (with Spark Connect, it travels with the function);
    each Python worker opens it once.

    Args:
        spark: the session whose executors will run it. They need movierate, not TensorFlow.
        model: the name of a shipped model or a bundle's directory, here or in a store
            (s3a://models/mine).

    Returns:
        A UDF from string to the struct `RATING`; predicted_rating is null where the text has no
        word that the model knows.

    Raises:
        UserError: there is no such bundle, or it is broken.
    """
    return udf_of(spark, read_bundle(spark, model))


def register(spark: SparkSession, name: str = "rate", model: str | Path = DEFAULT_MODEL) -> Any:
    """Register `rating_udf` as a function of SQL.

    >>> movierate.register(spark, "rate")                                      # doctest: +SKIP
    >>> spark.sql("SELECT rate(text).predicted_rating FROM reviews")           # doctest: +SKIP

    Args:
        spark: the session that will know the function.
        name: of the function.
        model: the name of a shipped model or a bundle's directory.

    Returns:
        The UDF.

    Raises:
        UserError: as `rating_udf`.
    """
    return spark.udf.register(name, rating_udf(spark, model))


def udf_of(spark: SparkSession, files: BundleFiles) -> Any:
    """`rating_udf` for a bundle that was read before."""
    settings = Settings.of(files.bundle)  # a broken bundle fails before any task runs
    model = _send(spark, settings.model_id, files)

    def rate(batches: Iterator[pd.Series]) -> Iterator[pd.DataFrame]:
        rater = _open(settings, model)
        for texts in _in_arrow(batches):
            yield pd.DataFrame(vars(rater.rate(texts)))  # NaN becomes null

    return pandas_udf(rate, RATING)  # type: ignore[call-overload]


def _in_arrow(batches: Iterator[pd.Series]) -> Iterator[Texts]:
    """The texts as Arrow holds them: no Python string is made of them.

    Spark converts a batch as it is asked for. What is no UTF-8 passes, too.
    """
    while True:
        with _strings_in_arrow():
            texts = next(batches, None)
        if texts is None:
            return
        yield Texts.of_arrow(pa.array(texts, from_pandas=True))


def _strings_in_arrow() -> AbstractContextManager[None]:
    """Within it, pandas keeps Arrow's strings as they are. From pandas 3 on it always does.

    2.2 does not: there, a string that is no UTF-8 fails the task.
    """
    if int(pd.__version__.partition(".")[0]) >= 3:
        return nullcontext()
    return pd.option_context("future.infer_string", True)


@dataclass(frozen=True)
class _InClosure:
    """A model that travels with the function itself: Spark Connect has no broadcasts."""

    value: Sent


def _send(spark: SparkSession, model_id: str, files: BundleFiles) -> Broadcast[Sent] | _InClosure:
    """The model for the executors: one broadcast serves all UDFs of an application."""
    if is_connect(spark):
        return _InClosure((files.to_rate(), host_code()))
    context = spark.sparkContext
    sent = _broadcasts.setdefault(context, {})
    if model_id not in sent:
        sent[model_id] = context.broadcast((files.to_rate(), host_code()))
    return sent[model_id]


_broadcasts: WeakKeyDictionary[SparkContext, dict[str, Broadcast[Sent]]] = WeakKeyDictionary()
"""The models that each application has been sent, by model_id."""

_raters: dict[str, Rater] = {}
"""The models that this Python worker has opened, by model_id. Workers outlive tasks."""


def _open(settings: Settings, model: Broadcast[Sent] | _InClosure) -> Rater:
    if settings.model_id not in _raters:
        files, code = model.value
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
