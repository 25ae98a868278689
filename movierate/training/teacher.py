"""The teacher: a linear model of words and phrases that tells the network what reviews are worth.

The network reads a part of each review and has seen a few thousand labels. A linear model over all
words, pairs and triples of words learns more from the same labels, and can rate the reviews that
have no label; from its ratings the network learns what the labels alone can't show it
(distillation: Hinton, Vinyals & Dean 2015). The features are those of Wang & Manning (2012,
"Baselines and Bigrams"): whether an n-gram is there, times the logarithm of how much more often it
stands in good reviews than in bad ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import isotonic_regression
from scipy.sparse.linalg import lsqr

from movierate.text.window import Floats, Ids

Rows = NDArray[np.intp]

FEWEST_REVIEWS = {1: 3, 2: 4, 3: 5}
"""Words of an n-gram, and the reviews that must hold it: what is rarer tells nothing."""

SMOOTHING = 1.0
"""Added to each n-gram's counts in good and in bad reviews."""

RIDGE = 1.0
"""Weight of the squared coefficients beside the squared errors, in stars."""

STEPS = 40
"""Of the solver: later ones fit noise."""

FOLDS = 5
"""Parts of the labelled reviews."""

GROUPS = 60
"""Of reviews, by what the teacher says of them: each has its mean rating."""


@dataclass(frozen=True)
class SoftRatings:
    """What the teacher says of the reviews."""

    labelled: Floats
    """(labelled,) stars; each by a teacher that has not seen the reviews of this movie."""

    unlabelled: Floats
    """(unlabelled,) stars."""


def soft_ratings(
    labelled: Sequence[Ids],
    ratings: Floats,
    fold: NDArray[np.int64],
    unlabelled: Sequence[Ids],
    progress: Callable[[str], None] = lambda line: None,
) -> SoftRatings:
    """Learn from the labels, and rate all reviews.

    Args:
        labelled: the ids of each review's tokens, in reading order.
        ratings: (labelled,) stars.
        fold: (labelled,) 0 to FOLDS - 1: each part is rated by a teacher that has learned from
            the others. Reviews of one movie belong to one part.
        unlabelled: as labelled; may be empty.
        progress: told what is going on, a line at a time.
    """
    features = _features([*labelled, *unlabelled])
    progress(f"teacher: {features.shape[1]:,} words and phrases")
    known = features[: len(labelled)]
    apart = np.zeros(len(labelled), dtype=np.float32)
    for number in range(FOLDS):
        others, these = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(these):
            apart[these] = _Linear(known[others], ratings[others]).rate(known[these])
    stars = _calibration(apart, ratings)
    progress(f"teacher: MAE {np.abs(stars(apart) - ratings).mean():.3f} stars on unseen movies")
    whole = _Linear(known, ratings)
    return SoftRatings(stars(apart), stars(whole.rate(features[len(labelled) :])))


def _calibration(raw: Floats, ratings: Floats) -> Callable[[Floats], Floats]:
    """How the mean rating rises with what the ridge says of reviews that it has not seen.

    A ridge is cautious, and knows nothing of a scale's ends: between them the true curve is
    steeper, and towards them flatter.
    """
    groups = np.array_split(np.argsort(raw, kind="stable"), min(GROUPS, len(raw)))
    said = [raw[group].mean() for group in groups]
    true = isotonic_regression([ratings[group].mean() for group in groups]).x
    return lambda raw: np.interp(raw, said, true).astype(np.float32)


class _Linear:
    """Ridge regression over n-grams that are weighted by how one-sided they are."""

    def __init__(self, features: sparse.csr_matrix, ratings: Floats) -> None:
        good = (ratings > np.median(ratings)).astype(np.float32)
        in_good = SMOOTHING + features.T @ good
        in_bad = SMOOTHING + features.T @ (1 - good)
        self._weights = np.log((in_good / in_good.sum()) / (in_bad / in_bad.sum()))
        self._mean = ratings.mean()
        self._coefficients = lsqr(
            self._weighted(features), ratings - self._mean, damp=RIDGE**0.5, iter_lim=STEPS
        )[0]

    def rate(self, features: sparse.csr_matrix) -> Floats:
        """(reviews, n-grams) to stars (reviews,)."""
        return np.asarray(self._weighted(features) @ self._coefficients + self._mean, np.float32)

    def _weighted(self, features: sparse.csr_matrix) -> sparse.csr_matrix:
        """Rows of length 1."""
        weighted = features @ sparse.diags(self._weights)
        length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return (sparse.diags(1 / np.maximum(length, 1e-9)) @ weighted).tocsr()


def _features(reviews: Sequence[Ids]) -> sparse.csr_matrix:
    """(reviews, n-grams) float32: 1 where an n-gram is in a review."""
    lengths = [len(review) for review in reviews]
    ids = np.concatenate([*reviews, np.zeros(0, np.int32)]).astype(np.int64)
    row = np.repeat(np.arange(len(reviews)), lengths)
    parts = [_n_grams(ids, row, words, len(reviews)) for words in FEWEST_REVIEWS]
    return sparse.hstack(parts).tocsr()


def _n_grams(ids: NDArray[np.int64], row: Rows, words: int, reviews: int) -> sparse.csr_matrix:
    """The features of n-grams of so many words. ids, row: the token's id and its review."""
    size = max(0, len(ids) - words + 1)
    within = row[:size] == row[words - 1 :]
    gram = ids[:size][within]
    for next_word in range(1, words):
        # Numbering the n-grams anew keeps the numbers of the longer ones small.
        gram = np.unique(gram, return_inverse=True)[1] * (ids.max(initial=0) + 1)
        gram += ids[next_word : next_word + size][within]
    names, gram = np.unique(gram, return_inverse=True)
    ones = np.ones(len(gram), dtype=np.float32)
    counts = sparse.csr_matrix((ones, (row[:size][within], gram)), shape=(reviews, len(names)))
    counts.data[:] = 1  # the constructor added up what stands in a review more than once
    often = np.bincount(counts.indices, minlength=len(names)) >= FEWEST_REVIEWS[words]
    return counts[:, often]
