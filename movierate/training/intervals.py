"""Intervals that hold the true rating for 90 % of reviews, learned from reviews held out.

Around each predicted rating, the true ratings of held-out reviews form a histogram; an interval
is the shortest that holds a level of it, so that it is one-sided where errors are. The level that
gives the coverage is found by conformal prediction: each tenth of the movies is covered with the
histograms of the others, and the levels that its reviews needed are ranked, among reviews with a
like prediction. Groups of texts by the words read have intervals of their own.

Sources: conformalized quantile regression (Romano, Patterson & Candès, 2019), with the shortest
intervals of conditional histograms in the place of quantiles (Sesia & Romano, 2021); Mondrian
groups (Vovk, Gammerman & Shafer, 2005); cross-conformal prediction (Vovk, 2015); localized
conformal prediction (Guan, 2023). The split form guarantees that at least 90 % of new reviews from
the same source are covered. This form, which uses fewer reviews better, does not: measure it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from movierate.inference.rater import Rater
from movierate.model.intervals import Intervals
from movierate.training.split import folds_by_movie

Floats = NDArray[np.float64]

COVERAGE = 0.9

KNOTS = 37
"""Predicted ratings that have a histogram: each quarter of a star, from 1 to 10."""

NEIGHBOURS, LEVEL_NEIGHBOURS = 0.02, 0.04
"""Share of the reviews that make up a histogram, and that decide on a knot's level: the nearest in
predicted rating."""

FEWEST_NEIGHBOURS = 50
"""Reviews that do, however few there are."""

GRID = 91
"""Places of a histogram: each tenth of a star, from 1 to 10."""

LEVELS = np.arange(0.3, 1.0, 0.005)

SHORTER = (16, 8, 4, 2, 1)
"""The groups: texts of about a sixteenth, an eighth, a quarter, a half of the words that fit, and
all."""

FOLDS = 10

ENOUGH = 300
"""Whole reviews with which a group needs no excerpts."""


@dataclass(frozen=True)
class HeldOut:
    """Reviews that the model was not trained on, and what it says of them; all (n,)."""

    true: NDArray[np.float32]
    """Stars."""
    predicted: NDArray[np.float32]
    """Stars; no NaN."""
    words_read: NDArray[np.int32]
    fold: NDArray[np.int64]
    """0 to FOLDS - 1; the same for all reviews of a movie."""

    def where(self, chosen: NDArray[np.bool_]) -> HeldOut:
        """Some of them."""
        return HeldOut(*(field[chosen] for field in vars(self).values()))

    def __len__(self) -> int:
        return len(self.true)


def learn_intervals(
    rater: Rater, held_out: pd.DataFrame, words: int, scale: tuple[float, float]
) -> Intervals:
    """The intervals of a model.

    Where few reviews are as short as a group's, excerpts of longer ones take their place: the
    last words of a review, with the rating of all of it. They say less than a review that was
    meant to be short, so these intervals are rather too wide.

    Args:
        rater: the model.
        held_out: reviews that it was not trained on, with the columns movie_id, rating (stars)
            and text.
        words: how many of a text the model can read.
        scale: its lowest and highest rating.
    """
    sizes = [max(1, words // part) for part in SHORTER]
    between = (math.ceil((a * b) ** 0.5) for a, b in pairwise(sizes))
    starts = sorted({0, *between})
    whole = _rate(rater, held_out, held_out["text"])
    excerpts = [_rate(rater, held_out, _last_words(held_out["text"], size)) for size in sizes]
    groups = []
    for start, end in zip(starts, [*starts[1:], math.inf], strict=True):
        reviews = _select_length(whole, start, end)
        if len(reviews) < ENOUGH:
            shortened = (_select_length(part, start, end) for part in excerpts)
            reviews = _concatenate([reviews, *shortened])
        groups.append(ends(reviews, scale))
    low, high = zip(*groups, strict=True)
    return Intervals(scale, COVERAGE, tuple(starts), low, high)


def _last_words(texts: pd.Series, words: int) -> list[str | None]:
    """The last words of each text; None where that is all of it."""
    split = (text.split() for text in texts)
    return [" ".join(text[-words:]) if len(text) > words else None for text in split]


def _rate(rater: Rater, reviews: pd.DataFrame, texts: Iterable[str | None]) -> HeldOut:
    """The reviews with ratings of these texts in the place of theirs."""
    rated = rater.rate(list(texts))
    true = reviews["rating"].to_numpy(np.float32)
    fold = folds_by_movie(reviews, FOLDS)
    held_out = HeldOut(true, rated.predicted_rating, rated.words_read, fold)
    return held_out.where(~np.isnan(rated.predicted_rating))


def _select_length(reviews: HeldOut, start: float, end: float) -> HeldOut:
    return reviews.where((reviews.words_read >= start) & (reviews.words_read < end))


def _concatenate(parts: list[HeldOut]) -> HeldOut:
    fields = zip(*(vars(part).values() for part in parts), strict=True)
    return HeldOut(*(np.concatenate(field) for field in fields))


def ends(
    reviews: HeldOut, scale: tuple[float, float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The ends of the intervals of one group of texts, by predicted rating.

    Returns:
        low and high, (KNOTS,) stars each; the whole scale where there are too few reviews.
    """
    if math.ceil((len(reviews) + 1) * COVERAGE) > len(reviews):
        return (scale[0],) * KNOTS, (scale[1],) * KNOTS
    widest = len(LEVELS) + GRID - 2
    needed = np.full(len(reviews), widest)
    for fold in np.unique(reviews.fold):
        these = reviews.fold == fold
        if not these.all():
            nested = _nested_bands(reviews.where(~these), scale)
            needed[these] = _levels_needed(nested, reviews.where(these), scale)
    level = _level_by_knot(needed, reviews, scale), np.arange(KNOTS)
    low, high = (np.array(ends)[level] for ends in zip(*_nested_bands(reviews, scale), strict=True))
    return tuple(low.tolist()), tuple(high.tolist())


def _level_by_knot(
    needed: NDArray[np.int64], reviews: HeldOut, scale: tuple[float, float]
) -> NDArray[np.int64]:
    """(KNOTS,): the level that was enough for the share of the reviews that is to be covered, of
    those near the knot.

    Ratings are whole stars, so many reviews need the same level: the one whose share is nearest to
    the wanted one is taken, which may be a little below it. The first that reaches it would cover
    more than it says.
    """
    levels = []
    for near in _nearness(reviews, LEVEL_NEIGHBOURS, scale):
        covered = np.cumsum(np.bincount(needed, near / near.sum()))
        levels.append(np.abs(covered - COVERAGE).argmin())
    return np.array(levels)


def _nested_bands(reviews: HeldOut, scale: tuple[float, float]) -> list[tuple[Floats, Floats]]:
    """Low and high (KNOTS,) for each of `LEVELS`, then ever wider; the last is the whole scale."""
    grid = np.linspace(*scale, GRID)
    start, end = np.triu_indices(GRID)
    place = np.rint((reviews.true - scale[0]) / (scale[1] - scale[0]) * (GRID - 1)).astype(int)
    low = np.empty((len(LEVELS), KNOTS))
    high = np.empty((len(LEVELS), KNOTS))
    for knot, near in enumerate(_nearness(reviews, NEIGHBOURS, scale)):
        histogram = np.bincount(place, near / near.sum(), minlength=GRID)
        before = np.concatenate([[0], np.cumsum(histogram)])
        mass = before[end + 1] - before[start]
        order = np.lexsort((-mass, end - start))
        most = np.maximum.accumulate(mass[order])  # of the intervals that are no wider
        shortest = order[np.searchsorted(most, LEVELS)]
        low[:, knot], high[:, knot] = grid[start[shortest]], grid[end[shortest]]
    low, high = np.minimum.accumulate(low), np.maximum.accumulate(high)
    wider = np.arange(1, GRID).reshape(-1, 1) * (grid[1] - grid[0])
    low = np.concatenate([low, np.maximum(low[-1] - wider, scale[0])]).round(4)
    high = np.concatenate([high, np.minimum(high[-1] + wider, scale[1])]).round(4)
    return list(zip(low, high, strict=True))


def _nearness(reviews: HeldOut, share: float, scale: tuple[float, float]) -> Iterator[Floats]:
    """For each knot, the weights (n,) of the reviews: 1 at the knot, 0 beyond the nearest share.

    At least those up to the next knot count, or the nearest.
    """
    neighbours = min(len(reviews) - 1, max(FEWEST_NEIGHBOURS, int(share * len(reviews))))
    knots, step = np.linspace(*scale, KNOTS, retstep=True)
    for knot in knots:
        distance = np.abs(reviews.predicted - knot)
        reach = max(1.001 * np.partition(distance, neighbours)[neighbours], step)
        yield np.clip(1 - (distance / reach) ** 3, 0, None) ** 3


def _levels_needed(
    nested: list[tuple[Floats, Floats]], reviews: HeldOut, scale: tuple[float, float]
) -> NDArray[np.int64]:
    """(n,): the first level whose interval holds the true rating."""
    needed = np.full(len(reviews), len(nested) - 1)
    for level in range(len(nested) - 2, -1, -1):
        low, high = nested[level]
        intervals = Intervals(scale, COVERAGE, (0,), (tuple(low),), (tuple(high),))
        lower, upper = intervals.of(reviews.predicted, reviews.words_read)
        needed[(lower <= reviews.true) & (reviews.true <= upper)] = level
    return needed
