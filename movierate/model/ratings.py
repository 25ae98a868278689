"""Ratings of texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ratings:
    """The model's ratings of n texts. The fields are the output columns of the same names."""

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

    not_english: NDArray[np.bool_]
    """(n,) whether the text is in another language than those that the model has learned from."""
