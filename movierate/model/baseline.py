"""Histograms of a model's ratings: the baseline of drift.

Training writes those of reviews that were held out into the bundle, and each run those of its own
into its record; `movierate.scoring.drift` compares a night with either.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from movierate.model.ratings import Ratings

RATING_BINS = 9
"""Bins of the predicted rating, equally wide: a star each on a scale of 1 to 10."""

WORDS_SHARES = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1)
"""Edges of the words read, as shares of what the model can read: close where texts are short."""

KNOWN_EDGES = (0.5, 0.75, 0.9, 0.95, 1.0)
"""Edges of the share of words that the model knows."""

Edges = dict[str, tuple[float, ...]]
"""Of each column's histogram."""


def bin_edges(scale: tuple[float, float], words: int) -> Edges:
    """The edges of a model's histograms.

    Args:
        scale: the model's lowest and highest rating.
        words: how many of a text the model can read.
    """
    sizes = sorted({math.ceil(share * words) for share in WORDS_SHARES})
    return {
        "predicted_rating": tuple(np.linspace(*scale, RATING_BINS + 1)[1:-1].tolist()),
        "words_read": tuple(map(float, sizes)),
        "known_words": KNOWN_EDGES,
    }


@dataclass(frozen=True)
class Histogram:
    """Rows by bin. The number of a value's bin is that of the edges at or below the value."""

    edges: tuple[float, ...]
    """(bins - 1,), rising."""
    rows: tuple[int, ...]
    """(bins,)"""

    def __post_init__(self) -> None:
        """Raises ValueError if the fields contradict each other."""
        if not self.edges or not all(a < b for a, b in pairwise(self.edges)):
            raise ValueError("baseline: the edges do not rise")
        if len(self.rows) != len(self.edges) + 1 or min(self.rows) < 0 or sum(self.rows) == 0:
            raise ValueError("baseline: the rows are not those of the bins")

    @classmethod
    def of(cls, values: NDArray[Any], edges: Sequence[float]) -> Histogram:
        """The histogram of values, (n,).

        Raises:
            ValueError: there is no value.
        """
        bins = np.searchsorted(np.asarray(edges, dtype=np.float64), values, side="right")
        rows = np.bincount(bins, minlength=len(edges) + 1)
        return cls(tuple(map(float, edges)), tuple(rows.tolist()))


@dataclass(frozen=True)
class Baseline:
    """A histogram for each output column that drift is measured in."""

    predicted_rating: Histogram
    words_read: Histogram
    known_words: Histogram

    @classmethod
    def of(cls, ratings: Ratings, scale: tuple[float, float], words: int) -> Baseline:
        """The histograms of a model's ratings; texts without a rating are left out.

        Args:
            ratings: of texts that the model was not trained on.
            scale: the model's lowest and highest rating.
            words: how many of a text the model can read.

        Raises:
            ValueError: no text has a rating.
        """
        rated = ~np.isnan(ratings.predicted_rating)
        columns = bin_edges(scale, words).items()
        return cls(
            **{name: Histogram.of(getattr(ratings, name)[rated], edges) for name, edges in columns}
        )

    @classmethod
    def total(cls, baselines: Sequence[Baseline]) -> Baseline:
        """The histograms of all reviews of some baselines, one at least, of the same edges."""
        rows = {
            name: np.sum([vars(baseline)[name].rows for baseline in baselines], axis=0)
            for name in baselines[0].edges
        }
        return cls(
            **{
                name: Histogram(edges, tuple(rows[name].tolist()))
                for name, edges in baselines[0].edges.items()
            }
        )

    @property
    def edges(self) -> Edges:
        """The edges of each histogram."""
        return {name: histogram.edges for name, histogram in vars(self).items()}

    @property
    def reviews(self) -> int:
        """How many reviews each histogram is of."""
        return sum(self.predicted_rating.rows)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` takes."""
        return {
            column: {"edges": list(histogram.edges), "rows": list(histogram.rows)}
            for column, histogram in vars(self).items()
        }

    @classmethod
    def from_json(cls, value: object) -> Baseline:
        """A baseline from a bundle, or from the record of a run.

        Raises:
            KeyError, TypeError, ValueError: it is not what `to_json` gives.
        """
        if not isinstance(value, Mapping):
            raise ValueError("baseline: not an object")
        columns = (value[field.name] for field in fields(cls))
        return cls(
            *(
                Histogram(tuple(map(float, column["edges"])), tuple(map(int, column["rows"])))
                for column in columns
            )
        )
