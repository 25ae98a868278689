"""The salience of tokens, learned from training labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from movierate.text.vocabulary import UNKNOWN
from movierate.text.window import Floats, Ids

FIRMNESS = 2.0
"""Weight of what a token says of a rating's distance from the middle, beside which way it goes."""


class Deviation(NamedTuple):
    """What the reviews that hold a token have in common."""

    stars: Floats
    """(tokens, 2) how far their ratings lie above the mean of all, and how much farther from the
    middle, times FIRMNESS; both shrunken."""

    reviews: Floats
    """(tokens,) how many they are."""


def deviations(
    tokens: NDArray[np.int64], rows: NDArray[np.int64], ratings: Floats, size: int, shrinkage: float
) -> Deviation:
    """The shrunken mean deviations of the ratings of the reviews that hold a token.

    For a token that stands in d reviews, it is ``sum of (rating - mean rating) / (d +
    shrinkage)`` stars: rare tokens are pulled towards 0. The same of the ratings' distance from
    the middle: "okay" and "passable" say little of which way a rating goes, and much of that.

    Args:
        tokens: those of all reviews, numbered from 0.
        rows: the review of each; a token counts once in a review.
        ratings: (reviews,) stars.
        size: of the numbering.
        shrinkage: reviews of the mean rating that each token is given beforehand.
    """
    token, row = np.divmod(np.unique(tokens * len(ratings) + rows), len(ratings))
    reviews = np.bincount(token, minlength=size)
    said = ratings, FIRMNESS * distance_from_middle(ratings)
    total = [np.bincount(token, (of - of.mean())[row], minlength=size) for of in said]
    stars = np.stack(total, axis=1) / np.maximum(reviews + shrinkage, 1e-9)[:, None]
    return Deviation(stars.astype(np.float32), reviews.astype(np.float32))


def distance_from_middle(ratings: Floats) -> Floats:
    """(n,) how far each rating lies from the middle of those given, in stars."""
    distance: Floats = np.abs(ratings - (ratings.min() + ratings.max()) / 2)
    return distance


def learn_salience(reviews: Sequence[Ids], ratings: Floats, size: int, shrinkage: float) -> Floats:
    """How many stars each token's `deviations` are, whichever way: the length of the two.

    Args:
        reviews: the ids of the tokens of each.
        ratings: (reviews,) stars.
        size: ids of the vocabulary.
        shrinkage: as in `deviations`.

    Returns:
        (size,) float32, at least 0; 0 for padding and unknown.
    """
    found = deviations(*flatten_reviews(reviews), ratings=ratings, size=size, shrinkage=shrinkage)
    salience: Floats = np.linalg.norm(found.stars, axis=1)
    salience[: UNKNOWN + 1] = 0
    return salience


def flatten_reviews(reviews: Sequence[Ids]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The tokens of all reviews, one after the other, and the review of each."""
    rows = np.repeat(np.arange(len(reviews)), [len(review) for review in reviews])
    return np.concatenate([*reviews, np.zeros(0, np.int32)]).astype(np.int64), rows


def presence(
    rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]
) -> sparse.csr_matrix:
    """The float32 matrix that is 1 at each row and its column, however often they are given."""
    ones = np.ones(len(rows), dtype=np.float32)
    found = sparse.csr_matrix((ones, (rows, columns)), shape=shape)
    found.data[:] = 1  # the constructor added up what was given more than once
    return found
