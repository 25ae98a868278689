"""The teacher: soft ratings for distillation.

The network reads a part of each review and has seen a few thousand labels. The teacher reads all of
each and may be as large as it likes, for it is not needed later: a linear model over all words,
pairs and triples of words, and one over document vectors (`movierate.training.documents`). They err
in different places, so together they are better than each.

Two things are asked of them: the rating, and how far it lies from the middle, up or down. One sum
of words can't tell a review that praises and blames from one that does neither, nor four weak
complaints from one that is bitter; the second sum does. What a review is worth is then the mean
rating of those reviews that are nearest in both.

The teacher rates the reviews that have no label as well; from its ratings the network learns what
the labels alone can't show it (distillation: Hinton, Vinyals & Dean 2015).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import nnls
from scipy.sparse.linalg import lsqr
from scipy.spatial import KDTree

from movierate.text.window import Floats, Ids
from movierate.training.documents import document_vectors
from movierate.training.salience import distance_from_middle, flatten_reviews, presence

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

NEIGHBOURS = 0.01
"""Share of the labelled reviews whose mean rating a review is given."""

FEWEST_NEIGHBOURS, MOST_NEIGHBOURS = 10, 1_000

SLICE = 10_000
"""Reviews whose neighbours are held in memory at a time."""


@dataclass(frozen=True)
class SoftRatings:
    """The teacher's ratings of the reviews."""

    labelled: Floats
    """(labelled,) stars; each by a teacher that has not seen the reviews of this movie."""

    unlabelled: Floats
    """(unlabelled,) stars."""

    documents: Floats
    """(labelled + unlabelled, numbers) their document vectors."""


def soft_ratings(
    labelled: Sequence[Ids],
    ratings: Floats,
    fold: NDArray[np.int64],
    unlabelled: Sequence[Ids],
    seed: int,
    progress: Callable[[str], None] = lambda line: None,
) -> SoftRatings:
    """Train on the labels, and rate all reviews.

    Args:
        labelled: the ids of each review's words, in reading order.
        ratings: (labelled,) stars.
        fold: (labelled,) 0 to FOLDS - 1: each part is rated by a teacher that has learned from
            the others. Reviews of one movie belong to one part.
        unlabelled: as labelled; may be empty.
        seed: of the document vectors.
        progress: told what is going on, a line at a time.
    """
    features = _features([*labelled, *unlabelled])
    progress(f"teacher: {features.shape[1]:,} words and phrases")
    vectors = document_vectors(features, seed, progress)
    said = []
    for asked in (ratings, distance_from_middle(ratings)):
        by_model = (
            _out_of_fold_predictions(_NGrams, features, asked, fold),
            _out_of_fold_predictions(_Documents, vectors, asked, fold),
        )
        said.append(_stack(by_model, asked))
    stars = _out_of_fold_predictions(_Nearest, np.stack(said, axis=1), ratings, fold)
    apart, others = np.split(stars, [len(labelled)])
    progress(f"teacher: MAE {np.abs(apart - ratings).mean():.3f} stars on unseen movies")
    return SoftRatings(apart, others, vectors)


def _out_of_fold_predictions(
    model: Callable[[Any, Floats], _Model], features: Any, ratings: Floats, fold: NDArray[np.int64]
) -> Floats:
    """What a model says of all reviews; of a labelled one, when it has learned from other folds.

    Args:
        model: made from some rows of the features and their ratings.
        features: (reviews, any), the labelled ones first.
    """
    known = len(ratings)
    raw = np.zeros(features.shape[0], dtype=np.float32)
    for number in range(FOLDS):
        others, these = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(these):
            raw[these] = model(features[others], ratings[others]).rate(features[these])
    if known < len(raw):
        raw[known:] = model(features[:known], ratings).rate(features[known:])
    return raw


def _stack(said: Sequence[Floats], ratings: Floats) -> Floats:
    """The sum of what the models say, each with the weight that fits the labels best."""
    by_model = np.stack(said, axis=1)
    known = by_model[: len(ratings)]
    mean = known.mean(axis=0)
    weights, _ = nnls(known - mean, ratings - ratings.mean())
    return np.asarray((by_model - mean) @ weights + ratings.mean(), np.float32)


class _Model(Protocol):
    """What has learned ratings from some features."""

    def rate(self, features: Any) -> Floats:
        """(reviews, any) to stars (reviews,)."""


class _Documents:
    """Ridge regression over document vectors."""

    def __init__(self, vectors: Floats, ratings: Floats) -> None:
        self._mean, self._center = ratings.mean(), vectors.mean(axis=0)
        centered = vectors - self._center
        weight = RIDGE * np.eye(vectors.shape[1])
        self._coefficients = np.linalg.solve(
            centered.T @ centered + weight, centered.T @ (ratings - self._mean)
        )

    def rate(self, vectors: Floats) -> Floats:
        """(reviews, numbers) to stars (reviews,)."""
        stars = (vectors - self._center) @ self._coefficients + self._mean
        return np.asarray(stars, np.float32)


class _NGrams:
    """Ridge regression over n-grams that are weighted by how one-sided they are.

    The features are those of Wang & Manning (2012, "Baselines and Bigrams"): whether an n-gram is
    there, times the logarithm of how much more often it stands in good reviews than in bad ones
    (or in firm ones than in lukewarm ones, if that is what is asked).
    """

    def __init__(self, features: sparse.csr_matrix, ratings: Floats) -> None:
        good = (ratings > np.median(ratings)).astype(np.float32)
        in_good = SMOOTHING + features.T @ good
        in_bad = SMOOTHING + features.T @ (1 - good)
        self._weights = np.log((in_good / in_good.sum()) / (in_bad / in_bad.sum()))
        self._mean = ratings.mean()
        self._coefficients = lsqr(
            self._weight(features), ratings - self._mean, damp=RIDGE**0.5, iter_lim=STEPS
        )[0]

    def rate(self, features: sparse.csr_matrix) -> Floats:
        """(reviews, n-grams) to stars (reviews,)."""
        return np.asarray(self._weight(features) @ self._coefficients + self._mean, np.float32)

    def _weight(self, features: sparse.csr_matrix) -> sparse.csr_matrix:
        """Rows of length 1."""
        weighted = features @ sparse.diags(self._weights)
        length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return (sparse.diags(1 / np.maximum(length, 1e-9)) @ weighted).tocsr()


class _Nearest:
    """The mean rating of the reviews that lie nearest."""

    def __init__(self, places: Floats, ratings: Floats) -> None:
        self._ratings, self._unit = ratings, np.maximum(places.std(axis=0), 1e-9)
        self._tree = KDTree(places / self._unit)
        share = round(NEIGHBOURS * len(ratings))
        self._count = min(max(FEWEST_NEIGHBOURS, share), MOST_NEIGHBOURS, len(ratings))

    def rate(self, places: Floats) -> Floats:
        """(reviews, numbers) to stars (reviews,)."""
        stars = np.empty(len(places), np.float32)
        for start in range(0, len(places), SLICE):
            these = slice(start, start + SLICE)
            which = np.arange(1, self._count + 1)
            _, nearest = self._tree.query(places[these] / self._unit, which)
            stars[these] = self._ratings[nearest].mean(axis=1)
        return stars


def _features(reviews: Sequence[Ids]) -> sparse.csr_matrix:
    """(reviews, n-grams) float32: 1 where an n-gram is in a review."""
    ids, row = flatten_reviews(reviews)
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
    holds = presence(row[:size][within], gram, (reviews, len(names)))
    often = np.bincount(holds.indices, minlength=len(names)) >= FEWEST_REVIEWS[words]
    return holds[:, often]
