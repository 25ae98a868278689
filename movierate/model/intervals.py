"""Prediction intervals: they contain the true rating for a stated share of reviews.

It depends on the predicted rating and on how many words the model has read: whoever reads less
errs more. `movierate.training.intervals` learns it; here it is looked up, with NumPy alone.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Table = tuple[tuple[float, ...], ...]

MOST_WORDS = 1 << 16
"""Words read from which on all texts are alike: no window is as long."""


@dataclass(frozen=True)
class Intervals:
    """Ends of intervals by predicted rating, for groups of texts by the words read.

    Between knots of the predicted rating, ends are interpolated.
    """

    rating_scale: tuple[float, float]
    coverage: float
    """The share of true ratings that lie within, 0 to 1."""
    words: tuple[int, ...]
    """(groups,): the fewest words read of each group's texts, from 0 on."""
    low: Table
    """(groups, knots): stars, at predicted ratings evenly spaced over the scale, both ends in."""
    high: Table
    """(groups, knots): stars."""

    def __post_init__(self) -> None:
        """Raises ValueError if the fields contradict each other."""
        ends = [*self.low, *self.high]
        if not 0 < self.coverage < 1:
            raise ValueError(f"intervals: the coverage is {self.coverage}")
        rises = all(a < b for a, b in pairwise(self.words))
        if not self.words or self.words[0] != 0 or not rises or self.words[-1] >= MOST_WORDS:
            raise ValueError("intervals: words do not rise from 0")
        if not len(self.low) == len(self.high) == len(self.words):
            raise ValueError("intervals: low, high and words have not as many groups")
        if len({len(row) for row in ends}) != 1 or len(ends[0]) < 2:
            raise ValueError("intervals: the rows of low and high are not as long")
        bottom, top = self.rating_scale
        for low, high in zip(self.low, self.high, strict=True):
            if not all(bottom <= a <= b <= top for a, b in zip(low, high, strict=True)):
                raise ValueError("intervals: an end is off the scale, or low is above high")

    def of(self, predicted: Floats, words_read: NDArray[np.int32]) -> tuple[Floats, Floats]:
        """The intervals of n texts.

        Args:
            predicted: (n,) float32 stars on the scale, or NaN.
            words_read: (n,) int32.

        Returns:
            The lower and the upper ends, (n,) float32 stars each; low <= predicted <= high, and
            NaN where predicted is.
        """
        bottom, top = self.rating_scale
        knots = len(self.low[0])
        place = (predicted - np.float32(bottom)) * np.float32((knots - 1) / (top - bottom))
        place = np.nan_to_num(place, nan=0.0)  # what is looked up there is not used
        knot = np.clip(place.astype(np.int32), 0, knots - 2)
        share = place - knot.astype(np.float32)
        knot += self._first_knot.take(words_read, mode="clip")
        (low, low_rise), (high, high_rise) = self._flat
        return (
            np.minimum(low.take(knot) + share * low_rise.take(knot), predicted),
            np.maximum(high.take(knot) + share * high_rise.take(knot), predicted),
        )

    @cached_property
    def _first_knot(self) -> NDArray[np.int32]:
        """Where the row of each number of words read begins in a flat table."""
        knots = len(self.low[0])
        words = range(self.words[-1] + 1)
        rows = [(bisect_right(self.words, read) - 1) * knots for read in words]
        return np.array(rows, dtype=np.int32)

    @cached_property
    def _flat(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """Of low and of high: the ends at each knot, and their rise to the next."""
        low, high = (np.array(table, dtype=np.float32) for table in (self.low, self.high))
        return (
            (low.ravel(), np.diff(low, append=low[:, -1:]).ravel()),
            (high.ravel(), np.diff(high, append=high[:, -1:]).ravel()),
        )

    def to_json(self) -> dict[str, Any]:
        """What `from_json` takes, less the scale."""
        return {
            "coverage": self.coverage,
            "words": list(self.words),
            "low": [list(row) for row in self.low],
            "high": [list(row) for row in self.high],
        }

    @classmethod
    def from_json(cls, value: object, rating_scale: tuple[float, float]) -> Intervals:
        """Intervals from a bundle.

        Raises:
            ValueError: it is not what `to_json` gives.
        """
        keys = {"coverage", "words", "low", "high"}
        if not isinstance(value, Mapping) or value.keys() != keys:
            raise ValueError(f"intervals: not an object with {', '.join(sorted(keys))}")
        words = _check_list(value["words"])
        if not all(type(word) is int for word in words):
            raise ValueError("intervals: words are not whole numbers")
        low, high = (_check_table(value[key]) for key in ("low", "high"))
        return cls(rating_scale, _check_number(value["coverage"]), tuple(words), low, high)


def _check_table(value: object) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(_check_number, _check_list(row))) for row in _check_list(value))


def _check_list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("intervals: a list is missing")
    return value


def _check_number(value: object) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):  # type: ignore[arg-type]
        raise ValueError(f"intervals: {value!r} is not a number")
    return float(value)  # type: ignore[arg-type]
