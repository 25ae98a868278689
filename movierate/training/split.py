"""Splits reviews by movie: for training, validation and calibration."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from movierate.errors import UserError


class Parts(NamedTuple):
    """Reviews that have no movie in common, but for a validation set that was given."""

    training: pd.DataFrame
    validation: pd.DataFrame
    calibration: pd.DataFrame
    """May be empty."""


def set_aside(
    labelled: pd.DataFrame,
    validation: pd.DataFrame | None,
    validation_share: float,
    calibration_share: float,
    seed: int,
) -> Parts:
    """What to train on, to choose the epoch with, and to calibrate with.

    Args:
        labelled: all reviews, with a column movie_id.
        validation: takes the place of the validation_share, if given.
        validation_share: of the labelled reviews.
        calibration_share: of the labelled reviews.
        seed: decides which movies.

    Raises:
        UserError: fewer than two movies are left to train on.
    """
    training = labelled
    if validation is None:
        training, validation = split_by_movie(labelled, validation_share, seed)
    share = calibration_share * len(labelled) / max(1, len(training))
    training, calibration = split_by_movie(training, share, seed)
    if _movies(training).nunique() < 2:
        raise UserError(
            f"reviews: too few movies ({_movies(labelled).nunique()}): parts are held out by "
            "movie, and fewer than two movies are left for training: give reviews of more, or name "
            "the column that tells them apart with --movie"
        )
    return Parts(training, validation, calibration)


def split_by_movie(
    reviews: pd.DataFrame, share: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reviews to train on and reviews set aside that have no movie in common.

    Movies are drawn until at least the share of the reviews is set aside: reviews of one movie
    resemble each other, so a validation set that shares movies would flatter the model. A review
    with no movie_id counts as a movie of its own.

    Args:
        reviews: has a column movie_id.
        share: of the reviews to set aside, 0 to 1.
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
