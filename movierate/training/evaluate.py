"""Labelled reviews and a rater to figures, and to a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from movierate.errors import UserError
from movierate.model.rater import Rater
from movierate.training.metrics import error_by_star, metrics


def evaluate(
    rater: Rater, scale: tuple[float, float], labelled: pd.DataFrame, report: Path | None = None
) -> dict[str, Any]:
    """Rate labelled reviews and compare.

    Args:
        rater: the model.
        scale: its lowest and highest rating.
        labelled: the columns rating (stars) and text.
        report: a directory for tables and plots.

    Returns:
        The figures of `movierate.training.metrics.metrics`, and unrated: how many reviews the
        model could not rate. They are left out of the figures.

    Raises:
        UserError: none of the reviews could be rated.
    """
    predicted = rater.rate(list(labelled["text"])).predicted_rating
    rated = ~np.isnan(predicted)
    if not rated.any():
        raise UserError("reviews: the model could rate none of them")
    true = labelled["rating"].to_numpy(np.float32)[rated]
    predicted = predicted[rated]
    result = {**metrics(true, predicted, scale), "unrated": int((~rated).sum())}
    if report is not None:
        write_report(true, predicted, scale, report)
    return result


def write_report(
    true: np.ndarray, predicted: np.ndarray, scale: tuple[float, float], report: Path
) -> None:
    """Draw predicted.png and error_by_star.png, and write error_by_star.json."""
    from movierate.training.plots import draw_error_by_star, draw_predicted

    report.mkdir(parents=True, exist_ok=True)
    by_star = error_by_star(true, predicted)
    draw_predicted(true, predicted, scale, report / "predicted.png")
    draw_error_by_star(by_star, report / "error_by_star.png")
    (report / "error_by_star.json").write_text(json.dumps(by_star, indent=2) + "\n")
