"""How good ratings are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def metrics(true: Floats, predicted: Floats, scale: tuple[float, float]) -> dict[str, float]:
    """Figures for n reviews, in stars unless said otherwise.

    Args:
        true: (n,) the reviewers' ratings.
        predicted: (n,) the model's.
        scale: its middle (5.5 of 1 to 10) parts good from bad for the accuracy.

    Returns:
        reviews (how many), mae, rmse, r2 (share of the variance explained, 1 at best), accuracy
        (share of the reviews that both put on the same side of the middle).
    """
    true = np.asarray(true, dtype=np.float64)
    error = np.asarray(predicted, dtype=np.float64) - true
    variance = float(np.mean((true - true.mean()) ** 2))
    squared = float(np.mean(error**2))
    middle = sum(scale) / 2
    return {
        "reviews": len(true),
        "mae": float(np.abs(error).mean()),
        "rmse": squared**0.5,
        "r2": 1 - squared / variance if variance else float("nan"),
        "accuracy": float(np.mean((predicted > middle) == (true > middle))),
    }


def error_by_star(true: Floats, predicted: Floats) -> list[dict[str, float]]:
    """Per rating given, rounded to a star: reviews, mean_predicted, and mae."""
    star = np.round(np.asarray(true, dtype=np.float64))
    rows = []
    for value in np.unique(star):
        these = predicted[star == value]
        rows.append(
            {
                "star": float(value),
                "reviews": len(these),
                "mean_predicted": float(these.mean()),
                "mae": float(np.abs(these - true[star == value]).mean()),
            }
        )
    return rows
