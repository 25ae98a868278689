"""Ways to rate a column of texts with Spark: the limit, what a user would write, and ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyspark.ml.functions import predict_batch_udf
from pyspark.sql import SparkSession
from pyspark.sql.functions import pandas_udf
from pyspark.sql.types import FloatType

import movierate
from movierate.model.bundle import load

KERAS_BATCH = 1_024


def limit(spark: SparkSession) -> Any:
    """A pandas UDF that receives the text and returns a constant."""

    def constant(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        for texts in batches:
            yield pd.Series(np.ones(len(texts), dtype=np.float32))

    return pandas_udf(constant, "float")


def keras_udf(spark: SparkSession, model: Path) -> Any:
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

    return pandas_udf(rate, "float")


def predict_batch(spark: SparkSession, model: Path) -> Any:
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

    return predict_batch_udf(make, return_type=FloatType(), batch_size=KERAS_BATCH)


def ours(spark: SparkSession, model: Path) -> Any:
    """`movierate.rating_udf`."""
    return movierate.rating_udf(spark, model)


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
