"""The sentence teacher: soft ratings of sentences.

A review's rating says little about each of its sentences, and people have rated few sentences. So a
network that is not needed later learns from both: it reads a sentence both ways, word by word (two
bidirectional LSTM layers), and answers two questions: how is this sentence rated, and how is the
review that it stands in. Phrases that people rated teach the first answer. The second has millions
of sentences to learn from; what it takes to answer it is of use for the first.

It then rates sentences of reviews, and the small network learns from these ratings what a few
thousand sentences could not show it (distillation: Hinton, Vinyals & Dean 2015).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from movierate.text.vocabulary import PADDING
from movierate.text.window import Floats, Ids
from movierate.training.examples import Rated
from movierate.training.slow_embedding import SlowEmbedding

Rows = NDArray[np.intp]

UNITS = 192
"""Of an LSTM, each way."""

DROPOUT = 0.4
"""Of word vectors and of what is read from them."""

EMBEDDING_RATE = 0.2
"""Learning rate of the word vectors, as a share of the others'."""

LEARNING_RATE, WARM_UP = 1e-3, 100
"""At its highest, after so many steps; it decays to 0 along a cosine."""

BATCH, OF_REVIEWS, RATED_TOGETHER = 512, 256, 2_048
"""Texts of a step, sentences of reviews beside them, and texts that are rated at once."""

REVIEW_WEIGHT = 0.1
"""Of the second question in the loss: its squared error is large and of little use."""

LONGEST = 50
"""Words of a sentence that are read."""

JITTER = 3.0
"""Words by which texts of a batch may differ in length: each epoch has other batches."""

_END_OF_SENTENCE = re.compile(r"(?:<br ?/?>)+|(?<=[.!?])[\"')\u201d]*\s+|\n+", re.IGNORECASE)


def split_sentences(text: str) -> list[str]:
    """The sentences of a review, by its full stops and line breaks."""
    return [part for part in _END_OF_SENTENCE.split(text) if part and part.strip()]


def rate_sentences(
    rated: Rated,
    of_reviews: Rated,
    asked: Sequence[Ids],
    vectors: Floats,
    epochs: int,
    seed: int,
    progress: Callable[[str], None] = lambda line: None,
) -> Floats:
    """Train the teacher, and let it rate.

    Args:
        rated: phrases and sentences; at least one.
        of_reviews: sentences, with the rating of the review that each is from; may be empty.
        asked: what to rate.
        vectors: (ids, any) float32 of the words.
        epochs: over the rated texts.
        seed: of the random numbers.
        progress: told each epoch as a line.

    Returns:
        (asked,) stars, not kept within a scale.
    """
    keras.utils.set_random_seed(seed)
    random = np.random.default_rng(seed)
    reader = _build_reader(vectors)
    mean = np.average(rated.ratings, weights=rated.weights)
    reader.get_layer("stars").bias.assign([mean, mean])
    pair = _pair(reader)
    steps = epochs * -(-len(rated.texts) // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=LEARNING_RATE, warmup_steps=min(WARM_UP, steps // 2)
    )
    pair.compile(
        keras.optimizers.Adam(schedule),
        loss=[keras.losses.Huber(), "mse"],
        loss_weights=[1.0, REVIEW_WEIGHT],
        jit_compile=False,
    )
    others = of_reviews if len(of_reviews) else rated
    rows_of_others = _endless_batches(others.texts, OF_REVIEWS, random)
    for epoch in range(1, epochs + 1):
        losses = []
        for rows in _batches(rated.texts, BATCH, random):
            parts = (rated, rows), (others, next(rows_of_others))
            loss, *_ = pair.train_on_batch(
                [_pad(part.texts, chosen) for part, chosen in parts],
                [part.ratings[chosen] for part, chosen in parts],
                [part.weights[chosen] for part, chosen in parts],
            )
            losses.append(loss)
        progress(f"sentence teacher: epoch {epoch}/{epochs}, loss {np.mean(losses):.3f}")
    return _rate(reader, asked)


def _build_reader(vectors: Floats) -> keras.Model:
    """(n, words) ids to (n, 2) stars: of the text, and of the review that it is from."""
    ids = keras.Input((None,), dtype="int32")
    x = SlowEmbedding(vectors, EMBEDDING_RATE, name="embedding")(ids)
    x = layers.Dropout(DROPOUT)(x)
    for number in (1, 2):
        lstm = layers.LSTM(UNITS, return_sequences=True)
        x = layers.Bidirectional(lstm, name=f"lstm{number}")(x)
        x = layers.Dropout(DROPOUT)(x)
    x = _Pool(name="pool")(x, ids)
    return keras.Model(ids, layers.Dense(2, name="stars")(x))


def _pair(reader: keras.Model) -> keras.Model:
    """Reads two texts, and answers the first question of the one and the second of the other."""
    texts, sentences = (keras.Input((None,), dtype="int32") for _ in range(2))
    return keras.Model([texts, sentences], [reader(texts)[:, 0], reader(sentences)[:, 1]])


class _Pool(layers.Layer):  # type: ignore[misc]
    """The largest and the mean of what was read at the words of a text."""

    supports_masking = True

    def call(self, x: Any, ids: Any) -> Any:
        """(n, words, numbers) and (n, words) to (n, 2 * numbers)."""
        is_word = ops.expand_dims(ops.cast(ops.not_equal(ids, PADDING), x.dtype), -1)
        largest = ops.max(x * is_word + (is_word - 1), axis=1)  # an LSTM's numbers are above -1
        mean = ops.sum(x * is_word, axis=1) / ops.maximum(ops.sum(is_word, axis=1), 1)
        return ops.concatenate([largest, mean], axis=-1)


def _endless_batches(
    texts: Sequence[Ids], size: int, random: np.random.Generator
) -> Iterator[Rows]:
    while True:
        yield from _batches(texts, size, random)


def _batches(
    texts: Sequence[Ids], size: int, random: np.random.Generator | None = None
) -> Iterator[Rows]:
    """Batches of texts of about the same length: in an order of their own if there is random."""
    lengths = np.array([len(text) for text in texts], np.float64)
    if random is not None:
        lengths += random.uniform(0, JITTER, len(texts))
    rows = np.argsort(lengths, kind="stable")
    starts = np.arange(0, len(rows), size)
    for start in starts if random is None else random.permutation(starts):
        yield rows[start : start + size]


def _pad(texts: Sequence[Ids], rows: Rows) -> Ids:
    """(rows, longest) int32, at least one word long."""
    parts = [texts[row][:LONGEST] for row in rows]
    padded = np.full((len(parts), max(1, *map(len, parts))), PADDING, np.int32)
    for row, part in enumerate(parts):
        padded[row, : len(part)] = part
    return padded


def _rate(reader: keras.Model, texts: Sequence[Ids]) -> Floats:
    stars = np.zeros(len(texts), np.float32)
    for rows in _batches(texts, RATED_TOGETHER):
        stars[rows] = reader.predict_on_batch(_pad(texts, rows))[:, 0]
    return stars
