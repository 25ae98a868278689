"""The Keras training loop. It returns the model of the best epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from movierate.config.jobs import TrainConfig
from movierate.model import network
from movierate.text.vocabulary import PADDING
from movierate.text.window import Floats, Ids
from movierate.training.batches import make_batches, most_batches
from movierate.training.examples import Examples
from movierate.training.slow_embedding import SlowEmbedding


@dataclass(frozen=True)
class Fit:
    """The result of training."""

    weights: dict[str, Floats]
    """Of the epoch with the least mean absolute error on the validation texts."""

    best_epoch: int
    """From 1 on."""

    history: list[dict[str, float]]
    """Per epoch: loss, validation_mae (stars)."""


class Validation(NamedTuple):
    """Texts of a source that are not trained on."""

    ids: Ids
    """(n, window) int32"""
    ratings: Floats
    """(n,) stars"""
    weight: float
    """Of their mean absolute error among the sources'."""


def fit(
    config: TrainConfig,
    vectors: Floats,
    examples: Examples,
    validation: Sequence[Validation],
    progress: Callable[[str], None],
) -> Fit:
    """Fit the stack. The same arguments give the same weights to within float noise.

    Args:
        config: the recipe.
        vectors: (ids, 100) float32 that the embedding starts from.
        examples: what to learn.
        validation: of other movies; decides which epoch is kept. Without it, the last is.
        progress: told each epoch's figures as a line.
    """
    keras.utils.set_random_seed(config.seed)
    random = np.random.default_rng(config.seed)
    model = network.build(config.window, len(vectors))
    model.get_layer("embedding").set_weights([vectors])
    model.get_layer("dense").bias.assign([examples.ratings.mean()])

    trainable = _to_train(model, vectors, config)
    batches = most_batches(len(examples), config.batch_size, config.window)
    schedule = keras.optimizers.schedules.CosineDecay(
        config.learning_rate, decay_steps=batches * config.epochs
    )
    kind = keras.losses.Huber() if config.loss == "huber" else config.loss
    trainable.compile(keras.optimizers.Adam(schedule), loss=kind)

    history: list[dict[str, float]] = []
    best: dict[str, Floats] = {}
    best_epoch = 0
    for epoch in range(1, config.epochs + 1):
        losses = [
            trainable.train_on_batch(*batch)
            for batch in make_batches(*examples.epoch(random), config.batch_size, random)
        ]
        model.get_layer("embedding").set_weights([trainable.get_layer("embedding").vectors])
        history.append({"loss": float(np.mean(losses))})
        said = f"epoch {epoch}/{config.epochs}: loss {history[-1]['loss']:.3f}"
        if not validation:
            best, best_epoch = network.get_weights(model), epoch
            progress(said)
            continue
        error = history[-1]["validation_mae"] = _measure(model, validation, config.target_scale)
        kept = error <= min(row["validation_mae"] for row in history)
        if kept:
            best, best_epoch = network.get_weights(model), epoch
        progress(f"{said}, validation MAE {error:.3f} stars{', best so far' if kept else ''}")
    best["embedding/embeddings"][PADDING] = 0
    return Fit(best, best_epoch, history)


def _measure(
    model: keras.Model, validation: Sequence[Validation], scale: tuple[float, float]
) -> float:
    """The mean absolute error, stars: the weighted mean of the sources'."""
    errors = [np.abs(predict(model, part.ids, scale) - part.ratings).mean() for part in validation]
    return float(np.average(errors, weights=[part.weight for part in validation]))


def predict(model: Any, ids: Ids, scale: tuple[float, float]) -> Floats:
    """Stars (n,) float32 for ids (n, window), kept within the scale."""
    stars: Floats = model.predict(ids, batch_size=512, verbose=0)[:, 0]
    return np.clip(stars, *scale)


def _to_train(model: keras.Sequential, vectors: Floats, config: TrainConfig) -> keras.Model:
    """The same layers for training: with dropout, and a lower learning rate for word vectors."""
    ids = keras.Input(shape=(None,), dtype="int32")
    x = SlowEmbedding(vectors, config.embedding_lr_multiplier, name="embedding")(ids)
    x = layers.SpatialDropout1D(config.dropout)(x)
    for layer in model.layers[1:]:
        x = layer(x)
        if layer.name in ("pool1", "lstm"):
            x = layers.Dropout(config.dropout)(x)
    return keras.Model(ids, x)
