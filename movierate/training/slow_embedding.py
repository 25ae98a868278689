"""Word vectors that learn slowly."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from movierate.model.network import MaskedEmbedding
from movierate.text.window import Floats


class SlowEmbedding(MaskedEmbedding):  # type: ignore[misc]
    """Word vectors that stay near where they began.

    A rare word has few reviews to learn from, and Adam moves it as fast as the others: it would
    soon stand for those reviews, instead of what it means elsewhere. So the vectors stay as they
    are, and what is learned is a move from there, which counts a part.
    """

    def __init__(self, vectors: Floats, rate: float, **options: Any) -> None:
        """Start from vectors (ids, any) float32; rate: the part, 0 to 1."""
        super().__init__(*vectors.shape, embeddings_initializer="zeros", **options)
        self._start = keras.ops.convert_to_tensor(vectors)
        self._rate = rate

    def call(self, ids: Any) -> Any:
        """Ids (n, window) to vectors (n, window, any)."""
        return keras.ops.take(self._start, ids, axis=0) + self._rate * super().call(ids)

    @property
    def vectors(self) -> Floats:
        """(ids, any) float32 as they are now."""
        table: Floats = np.asarray(self._start) + self._rate * self.get_weights()[0]
        return table
