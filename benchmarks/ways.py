"""Ways to rate a column of texts with Spark: the limit, what a user would write, and ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.ml.functions import predict_batch_udf
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import pandas_udf
from pyspark.sql.types import FloatType

import movierate
from movierate.inference.encoder import Texts
from movierate.inference.udf import RATING
from movierate.model.bundle import load

KERAS_BATCH = 1_024

Way: TypeAlias = Callable[[DataFrame], DataFrame]
"""From reviews with a column text to their ratings."""


def by_udf(udf: Any) -> Way:
    """Apply a UDF to the texts."""
    return lambda reviews: reviews.select(udf("text").alias("r"))


def by_map_in_arrow(rate: Callable[[Iterator[pa.RecordBatch]], Any], columns: str) -> Way:
    """Apply a function of Arrow's batches to the texts: Spark's quickest way to Python."""
    return lambda reviews: reviews.select("text").mapInArrow(rate, columns)


def limit(spark: SparkSession) -> Way:
    """A pandas UDF that receives the text and returns a constant."""

    def constant(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        for texts in batches:
            yield pd.Series(np.ones(len(texts), dtype=np.float32))

    return by_udf(pandas_udf(constant, "float"))


def limit_in_arrow(spark: SparkSession) -> Way:
    """The same with mapInArrow."""

    def constant(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            stars = pa.array(np.ones(len(batch), dtype=np.float32))
            yield pa.RecordBatch.from_arrays([stars], ["r"])

    return by_map_in_arrow(constant, "r float")


def keras_udf(spark: SparkSession, model: Path) -> Way:
    """A pandas UDF: broadcast weights, a regex tokenizer, Keras predict, one thread a worker."""
    bundle = load(model)
    words = {token: id for id, token in enumerate(bundle.vocabulary.tokens)}
    window = bundle.window
    sent = spark.sparkContext.broadcast((window, words, dict(bundle.weights)))

    def rate(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        import ways  # the worker's own: its cache outlives the task

        model, words = ways._opened(window, sent)
        token = re.compile(r"[a-z0-9']+|[!?]+")
        for texts in batches:
            ids = np.zeros((len(texts), window), dtype=np.int32)
            for row, text in enumerate(texts):
                found = [words.get(word, 1) for word in token.findall(text.lower())][-window:]
                ids[row, : len(found)] = found
            yield pd.Series(model.predict(ids, batch_size=KERAS_BATCH, verbose=0)[:, 0])

    return by_udf(pandas_udf(rate, "float"))


def predict_batch(spark: SparkSession, model: Path) -> Way:
    """`predict_batch_udf` with TextVectorization inside the Keras model."""
    bundle = load(model)
    tokens = list(bundle.vocabulary.tokens[2:])
    sent = spark.sparkContext.broadcast((bundle.window, tokens, dict(bundle.weights)))

    def make() -> Callable[[np.ndarray], np.ndarray]:
        window, tokens, weights = sent.value
        model = _keras(window, weights)
        import tensorflow as tf
        from keras import layers

        vectorize = layers.TextVectorization(
            vocabulary=tokens, standardize="lower", output_sequence_length=window
        )

        @tf.function(autograph=False)  # which would look up the annotations
        def predict(texts: Any) -> Any:
            return model(vectorize(texts))

        return lambda texts: predict(tf.constant(texts.tolist())).numpy()[:, 0]

    return by_udf(predict_batch_udf(make, return_type=FloatType(), batch_size=KERAS_BATCH))


def ours(spark: SparkSession, model: Path) -> Way:
    """`movierate.rating_udf`."""
    return by_udf(movierate.rating_udf(spark, model))


def ours_in_arrow(spark: SparkSession, model: Path) -> Way:
    """The same rater with mapInArrow."""

    def rate(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import ways

        rater = ways._open_rater(model)
        for batch in batches:
            ratings = vars(rater.rate(Texts.of_arrow(batch.column(0))))
            columns = [pa.array(column, from_pandas=True) for column in ratings.values()]
            yield pa.RecordBatch.from_arrays(columns, list(ratings))

    fields = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in RATING)
    return by_map_in_arrow(rate, fields)


@cache
def _open_rater(model: Path) -> movierate.Rater:
    """The rater, once per worker."""
    return movierate.open_rater(model)


_models: dict[int, tuple[Any, dict[str, int]]] = {}


def _opened(window: int, sent: Any) -> tuple[Any, dict[str, int]]:
    """The model and its words, once per worker."""
    if window not in _models:
        _, words, weights = sent.value
        _models[window] = _keras(window, weights), words
    return _models[window]


def _keras(window: int, weights: dict[str, np.ndarray]) -> Any:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from movierate.model import network

    model = network.build(window, len(weights["embedding/embeddings"]))
    network.set_weights(model, weights)
    return model
