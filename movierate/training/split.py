"""Which reviews train and which validate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def split_by_movie(
    reviews: pd.DataFrame, share: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and validation reviews that have no movie in common.

    Movies are drawn until at least the share of the reviews is set aside: reviews of one movie
    resemble each other, so a validation set that shares movies would flatter the model. A review
    with no movie_id counts as a movie of its own.

    Args:
        reviews: has a column movie_id.
        share: of the reviews to validate on, between 0 and 1.
        seed: decides which movies.
    """
    movie = _movies(reviews)
    sizes = movie.value_counts(sort=False).sort_index()
    order = np.random.default_rng(seed).permutation(len(sizes))
    drawn = sizes.iloc[order]
    before = drawn.cumsum().to_numpy() - drawn.to_numpy()
    held_out = drawn.index[before < share * len(reviews)]
    validates = movie.isin(held_out)
    return reviews[~validates].reset_index(drop=True), reviews[validates].reset_index(drop=True)


def folds_by_movie(reviews: pd.DataFrame, folds: int) -> NDArray[np.int64]:
    """Parts of about as many movies each, drawn at random but always the same.

    Args:
        reviews: has a column movie_id; a review without one counts as a movie of its own.
        folds: how many parts.

    Returns:
        (n,) int64: the part of each review, 0 to folds - 1.
    """
    movie, names = pd.factorize(_movies(reviews), sort=True)
    part: NDArray[np.int64] = np.random.default_rng(0).permutation(len(names)) % folds
    return part[movie]


def _movies(reviews: pd.DataFrame) -> pd.Series:
    alone = pd.Series([f"row {row}" for row in range(len(reviews))], index=reviews.index)
    return reviews["movie_id"].fillna(alone)
