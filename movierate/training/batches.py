"""The batches of an epoch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from movierate.model.shapes import POOL, SHORTEST_WINDOW, sufficient_window
from movierate.text.vocabulary import PADDING
from movierate.text.window import Floats, Ids


def make_batches(
    ids: Ids, ratings: Floats, weights: Floats, size: int, random: np.random.Generator
) -> Iterator[tuple[Ids, Floats, Floats]]:
    """Batches of texts that need a window of the same length, in a random order.

    A short text in a short window gives what it gives in the whole one, and costs less.

    Args:
        ids: (n, window) int32.
        ratings: (n,) stars.
        weights: (n,) in the loss.
        size: texts of a batch, at most.
        random: decides on the order.

    Yields:
        Ids (size, length), ratings and weights (size,).
    """
    needed = needed_windows(ids)
    batches: list[tuple[int, NDArray[np.intp]]] = []
    for window in list_windows(ids.shape[1]):
        rows = random.permutation(np.flatnonzero(needed == window))
        starts = range(0, len(rows), size)
        batches += [(window, rows[start : start + size]) for start in starts]
    for place in random.permutation(len(batches)):
        window, rows = batches[place]
        yield ids[rows, :window], ratings[rows], weights[rows]


def most_batches(texts: int, size: int, window: int) -> int:
    """How many batches `make_batches` makes of so many texts, at most."""
    return -(-texts // size) + len(list_windows(window)) - 1


def list_windows(window: int) -> list[int]:
    """The windows that texts may need, the whole one last."""
    return [*range(SHORTEST_WINDOW, window, POOL**2), window]


def needed_windows(ids: Ids) -> NDArray[np.intp]:
    """(n,): the window that is enough for each text."""
    by_length = np.array([sufficient_window(words) for words in range(ids.shape[1] + 1)])
    needed: NDArray[np.intp] = np.minimum(by_length[(ids != PADDING).sum(axis=1)], ids.shape[1])
    return needed
