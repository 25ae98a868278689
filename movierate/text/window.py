"""Token selection: the three ways to fill the window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Floats = NDArray[np.float32]


def last(ids: Ids, n: int, salience: Floats) -> Ids:
    """The review's last n tokens."""
    return ids[-n:]


def ends(ids: Ids, n: int, salience: Floats) -> Ids:
    """Its first n/3 tokens, rounded down, and as many of its last as make n."""
    if len(ids) <= n:
        return ids
    first = n // 3
    return np.concatenate([ids[:first], ids[len(ids) - (n - first) :]])


def salient(ids: Ids, n: int, salience: Floats) -> Ids:
    """The n tokens with the largest salience, in reading order; ties go to the later token."""
    if len(ids) <= n:
        return ids
    # A stable sort of the reversed review puts the later of two equals first.
    largest = np.argsort(-salience[ids[::-1]], kind="stable")[:n]
    return ids[np.sort(len(ids) - 1 - largest)]


TOKEN_SELECTIONS: dict[str, Callable[[Ids, int, Floats], Ids]] = {
    "last": last,
    "ends": ends,
    "salient": salient,
}
"""The ways to choose by name. Each takes a review's ids (tokens,), how many tokens to take at
most, and the salience of every id of the vocabulary (ids,); it returns at most n of the ids, in
reading order."""
