"""The batches of an epoch."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from movierate.model.shapes import POOL, SHORTEST_WINDOW, sufficient_window
from movierate.text.vocabulary import PADDING
from movierate.text.window import Floats, Ids


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """An epoch's batches: of texts that need a window of the same length, in a random order.

    A short text in a short window gives what it gives in the whole one, and costs less.
    """

    def __init__(
        self, ids: Ids, ratings: Floats, weights: Floats, size: int, random: np.random.Generator
    ) -> None:
        """Take an epoch.

        Args:
            ids: (n, window) int32.
            ratings: (n,) stars.
            weights: (n,) in the loss.
            size: texts of a batch, at most.
            random: decides on the order.
        """
        super().__init__()
        self._epoch = ids, ratings, weights
        widths = np.array(list_widths(ids.shape[1]))
        needed = np.searchsorted(widths, needed_windows(ids))
        self._batches: list[tuple[int, NDArray[np.intp]]] = []
        for number, width in enumerate(widths.tolist()):
            rows = random.permutation(np.flatnonzero(needed == number))
            starts = range(0, len(rows), size)
            self._batches += [(width, rows[start : start + size]) for start in starts]
        self._order = random.permutation(len(self._batches))

    def __len__(self) -> int:
        """Batches of the epoch."""
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[Ids, Floats, Floats]:
        """Ids (size, width), ratings and weights (size,)."""
        width, rows = self._batches[self._order[index]]
        ids, ratings, weights = self._epoch
        return ids[rows, :width], ratings[rows], weights[rows]


def list_widths(window: int) -> list[int]:
    """The windows that texts may need, the whole one last."""
    shorter = range(SHORTEST_WINDOW, window, sufficient_window(POOL**2 + 1) - SHORTEST_WINDOW)
    return [*shorter, window]


def needed_windows(ids: Ids) -> NDArray[np.intp]:
    """(n,): the window that is enough for each text."""
    by_length = np.array([sufficient_window(words) for words in range(ids.shape[1] + 1)])
    needed: NDArray[np.intp] = np.minimum(by_length[(ids != PADDING).sum(axis=1)], ids.shape[1])
    return needed
