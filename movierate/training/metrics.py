"""Metrics of ratings. Undefined metrics are None."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

Floats = NDArray[np.floating]
Figure = float | int | bool | None
Row = dict[str, Figure]

FEWEST_OF_A_MOVIE = 5
"""Reviews without which a movie's mean rating says little."""


def metrics(true: Floats, predicted: Floats, scale: tuple[float, float]) -> Row:
    """Figures for n reviews, in stars unless said otherwise.

    Args:
        true: (n,) the reviewers' ratings.
        predicted: (n,) the model's.
        scale: its middle (5.5 of 1 to 10) parts good from bad for accuracy and auc.

    Returns:
        reviews (how many), mae, rmse, r2 (share of the variance explained, 1 at best), pearson
        (correlation, 1 at best), accuracy (share of the reviews that both put on the same side
        of the middle), auc (how often a good review is rated above a bad one, ties counting
        half).
    """
    true = np.asarray(true, dtype=np.float64)
    predicted = np.asarray(predicted, dtype=np.float64)
    error = predicted - true
    squared = float(np.mean(error**2))
    variance = float(np.var(true))
    middle = sum(scale) / 2
    return {
        "reviews": len(true),
        "mae": float(np.abs(error).mean()),
        "rmse": squared**0.5,
        "r2": 1 - squared / variance if variance else None,
        "pearson": pearson(true, predicted),
        "accuracy": float(np.mean((predicted > middle) == (true > middle))),
        "auc": auc(true > middle, predicted),
    }


def pearson(x: Floats, y: Floats) -> float | None:
    """The correlation of two rows of n numbers; None if one is constant."""
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def auc(good: NDArray[np.bool_], predicted: Floats) -> float | None:
    """The area under the ROC curve; None if all are good, or none.

    Args:
        good: (n,) whether the true rating is.
        predicted: (n,) stars.
    """
    return None if good.all() or not good.any() else float(roc_auc_score(good, predicted))


def interval_metrics(rated: pd.DataFrame) -> Row:
    """How good the intervals are.

    Args:
        rated: the columns true, predicted, low and high, in stars; low and high may be NaN.

    Returns:
        interval_coverage (share of the true ratings within), interval_width (mean, in stars),
        mae_narrowest_fifth (of the reviews whose intervals are the narrowest).
    """
    width = rated["high"] - rated["low"]
    narrow = width <= width.quantile(0.2)
    error = (rated["predicted"] - rated["true"]).abs()
    return {
        "interval_coverage": _figure(_is_within(rated).mean()),
        "interval_width": _figure(width.mean()),
        "mae_narrowest_fifth": _figure(error[narrow].mean()),
    }


def by_star(rated: pd.DataFrame) -> list[Row]:
    """Per true rating, rounded to a star: star, and the figures of `_by`."""
    return _by(rated, star(rated["true"]), "star")


def by_predicted_star(rated: pd.DataFrame) -> list[Row]:
    """Per predicted rating, rounded to a star: predicted_star, and the figures of `_by`."""
    return _by(rated, star(rated["predicted"]), "predicted_star")


def by_length(rated: pd.DataFrame) -> list[Row]:
    """Per quartile of the text's length: words (up to so many), and the figures of `_by`.

    Args:
        rated: has a column words, too: how many the text has.
    """
    words = rated["words"].to_numpy()
    quartile = np.searchsorted(np.quantile(words, (0.25, 0.5, 0.75)), words)
    longest = pd.Series(words).groupby(quartile).transform("max").to_numpy()
    return _by(rated, longest, "words")


def _by(rated: pd.DataFrame, group: NDArray[np.int64], name: str) -> list[Row]:
    """Per group: reviews, mean_true, mean_predicted, mae, interval_coverage, interval_width."""
    figures = pd.DataFrame(
        {
            "mean_true": rated["true"],
            "mean_predicted": rated["predicted"],
            "mae": (rated["predicted"] - rated["true"]).abs(),
            "interval_coverage": _is_within(rated),
            "interval_width": rated["high"] - rated["low"],
        }
    ).groupby(group)
    sizes, means = figures.size(), figures.mean()
    return [
        {name: int(key), "reviews": int(sizes[key])}
        | {column: _figure(value) for column, value in means.loc[key].items()}
        for key in sizes.index
    ]


def rises_with_star(rows: list[Row]) -> bool | None:
    """Whether the mean predicted rating rises with each true star of `by_star`."""
    means = [row["mean_predicted"] for row in rows]
    return bool(np.all(np.diff(np.array(means, dtype=float)) > 0)) if len(means) > 1 else None


def confusion(rated: pd.DataFrame, scale: tuple[float, float]) -> dict[str, Any]:
    """How many reviews of each true star were rated with each star.

    Returns:
        stars (k,): the scale's whole stars; reviews (k, k): per true star a row, in it per
        predicted star a number.
    """
    stars = list(range(math.floor(scale[0]), math.ceil(scale[1]) + 1))
    table = np.zeros((len(stars), len(stars)), dtype=int)
    np.add.at(table, (star(rated["true"]) - stars[0], star(rated["predicted"]) - stars[0]), 1)
    return {"stars": stars, "reviews": table.tolist()}


def movie_means(rated: pd.DataFrame) -> pd.DataFrame:
    """The mean ratings of the movies with enough reviews.

    Args:
        rated: the columns movie_id (null if unknown), true and predicted.

    Returns:
        (movies,) true and predicted, stars, and reviews.
    """
    movies = rated.groupby("movie_id")
    means = movies[["true", "predicted"]].mean().assign(reviews=movies.size())
    return means[means["reviews"] >= FEWEST_OF_A_MOVIE]


def movie_metrics(means: pd.DataFrame) -> Row:
    """How good mean ratings are: movies (how many), movie_mae (stars), movie_pearson."""
    error = (means["predicted"] - means["true"]).abs()
    return {
        "movies": len(means),
        "movie_mae": _figure(error.mean()),
        "movie_pearson": pearson(means["true"].to_numpy(), means["predicted"].to_numpy())
        if len(means)
        else None,
    }


def star(ratings: pd.Series) -> NDArray[np.int64]:
    """(n,) the nearest whole star; half a star goes up."""
    return np.floor(ratings.to_numpy(np.float64) + 0.5).astype(np.int64)


def _is_within(rated: pd.DataFrame) -> pd.Series:
    """1 where the interval holds the true rating, 0 where not, NaN where there is none."""
    within = rated["true"].between(rated["low"], rated["high"])
    return within.astype(float).where(rated["low"].notna())


def _figure(value: Any) -> float | None:
    return None if math.isnan(value) else float(value)
