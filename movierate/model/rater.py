"""Text to rating, without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from movierate.model.bundle import Bundle
from movierate.model.forward import forward

BATCH = 256
"""Texts whose activations are in memory at once: 16 MB at a window of 50."""


@dataclass(frozen=True)
class Ratings:
    """What the model says of n texts; the fields are the output's columns of the same name."""

    predicted_rating: NDArray[np.float32]
    """(n,) stars on the model's scale; NaN where no word that the model read is known to it."""

    rating_low: NDArray[np.float32]
    """(n,) stars: the interval that holds the true rating for 90 % of reviews; NaN if unknown."""

    rating_high: NDArray[np.float32]
    """(n,) stars."""

    words_read: NDArray[np.int32]
    """(n,) tokens that the model saw."""

    known_words: NDArray[np.float32]
    """(n,) share of them in the vocabulary, 0 to 1."""


class Rater:
    """Applies a bundle's model to texts."""

    def __init__(self, bundle: Bundle) -> None:
        """Open a bundle; do it once and keep the rater."""
        self._encoder = bundle.encoder()
        self._weights = bundle.weights
        self._scale = bundle.rating_scale

    def rate(self, texts: Sequence[str | None]) -> Ratings:
        """Rate any number of texts; None and texts without words get no rating."""
        batches = [self._rate(texts[start : start + BATCH]) for start in self._starts(texts)]
        fields = zip(*batches, strict=True)
        return Ratings(*(np.concatenate(field) for field in fields))

    @staticmethod
    def _starts(texts: Sequence[str | None]) -> range:
        return range(0, max(1, len(texts)), BATCH)

    def _rate(self, texts: Sequence[str | None]) -> tuple[NDArray[np.generic], ...]:
        encoded = self._encoder.encode(texts)
        stars = np.clip(forward(self._weights, encoded.ids), *self._scale)
        stars = np.where(encoded.words_known > 0, stars, np.nan).astype(np.float32)
        unknown = np.full(len(texts), np.nan, dtype=np.float32)
        known_words = encoded.words_known / np.maximum(1, encoded.words_read)
        return stars, unknown, unknown, encoded.words_read, known_words.astype(np.float32)
