"""The Keras training loop. It returns the model of the best epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from movierate.config.jobs import TrainConfig
from movierate.model import network
from movierate.text.vocabulary import PADDING
from movierate.text.window import Floats, Ids
from movierate.training.examples import Examples


@dataclass(frozen=True)
class Fit:
    """The result of training."""

    weights: dict[str, Floats]
    """Of the epoch with the least mean absolute error on the validation reviews."""

    history: list[dict[str, float]]
    """Per epoch: loss, validation_mae (stars)."""


def fit(
    config: TrainConfig,
    vectors: Floats,
    examples: Examples,
    validation: tuple[Ids, Floats],
    progress: Callable[[str], None],
) -> Fit:
    """Fit the stack. The same arguments give the same weights to within float noise.

    Args:
        config: the recipe.
        vectors: (ids, 100) float32 that the embedding starts from.
        examples: what to learn.
        validation: ids (n, window) int32 and ratings (n,) float32 of other movies; they decide
            which epoch is kept.
        progress: told each epoch's figures as a line.
    """
    keras.utils.set_random_seed(config.seed)
    random = np.random.default_rng(config.seed)
    model = network.build(config.window, len(vectors))
    model.get_layer("embedding").set_weights([vectors])
    model.get_layer("dense").bias.assign([examples.ratings.mean()])

    trainable = _to_train(model, vectors, config)
    batches = -(-len(examples) // config.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(
        config.learning_rate, decay_steps=batches * config.epochs
    )
    loss = keras.losses.Huber() if config.loss == "huber" else config.loss
    trainable.compile(keras.optimizers.Adam(schedule), loss=loss)

    history: list[dict[str, float]] = []
    best: dict[str, Floats] = {}
    for epoch in range(1, config.epochs + 1):
        ids, ratings = examples.epoch(random)
        fitted = trainable.fit(ids, ratings, batch_size=config.batch_size, verbose=0)
        model.get_layer("embedding").set_weights([trainable.get_layer("embedding").vectors])
        stars = predict(model, validation[0], config.target_scale)
        error = float(np.abs(stars - validation[1]).mean())
        history.append({"loss": float(fitted.history["loss"][0]), "validation_mae": error})
        kept = error <= min(row["validation_mae"] for row in history)
        if kept:
            best = network.get_weights(model)
        progress(
            f"epoch {epoch}/{config.epochs}: loss {history[-1]['loss']:.3f}, "
            f"validation MAE {error:.3f} stars{', best so far' if kept else ''}"
        )
    best["embedding/embeddings"][PADDING] = 0
    return Fit(weights=best, history=history)


def predict(model: Any, ids: Ids, scale: tuple[float, float]) -> Floats:
    """Stars (n,) float32 for ids (n, window), kept within the scale."""
    stars: Floats = model.predict(ids, batch_size=512, verbose=0)[:, 0]
    return np.clip(stars, *scale)


def _to_train(model: keras.Sequential, vectors: Floats, config: TrainConfig) -> keras.Model:
    """The same layers for training: with dropout, and a lower learning rate for word vectors."""
    ids = keras.Input(shape=model.input_shape[1:], dtype="int32")
    x = _SlowEmbedding(vectors, config.embedding_lr_multiplier, name="embedding")(ids)
    x = layers.SpatialDropout1D(config.dropout)(x)
    for layer in model.layers[1:]:
        x = layer(x)
        if layer.name in ("pool1", "lstm"):
            x = layers.Dropout(config.dropout)(x)
    return keras.Model(ids, x)


class _SlowEmbedding(network.MaskedEmbedding):  # type: ignore[misc]
    """Word vectors that stay near where they began.

    A rare word has few reviews to learn from, and Adam moves it as fast as the others: it would
    soon stand for those reviews, instead of what it means elsewhere. So the vectors stay as they
    are, and what is learned is a move from there, which counts a part.
    """

    def __init__(self, vectors: Floats, rate: float, **options: Any) -> None:
        super().__init__(*vectors.shape, embeddings_initializer="zeros", **options)
        self._start = keras.ops.convert_to_tensor(vectors)
        self._rate = rate

    def call(self, ids: Any) -> Any:
        """(n, window) to (n, window, 100)."""
        return keras.ops.take(self._start, ids, axis=0) + self._rate * super().call(ids)

    @property
    def vectors(self) -> Floats:
        """(ids, 100) float32 as they are now."""
        table: Floats = np.asarray(self._start) + self._rate * self.get_weights()[0]
        return table
