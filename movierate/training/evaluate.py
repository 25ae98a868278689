"""Evaluates a rater on labelled reviews, and writes a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from movierate.errors import UserError
from movierate.inference.rater import Rater
from movierate.model.bundle import is_bundle
from movierate.training.metrics import (
    by_length,
    by_predicted_star,
    by_star,
    confusion,
    interval_metrics,
    metrics,
    movie_means,
    movie_metrics,
    rises_with_star,
)


def evaluate(
    rater: Rater, scale: tuple[float, float], labelled: pd.DataFrame, report: Path | None = None
) -> dict[str, Any]:
    """Rate labelled reviews and compare.

    Args:
        rater: the model.
        scale: its lowest and highest rating.
        labelled: the columns rating (stars), text, and movie_id if known.
        report: a directory for figures.json and plots.

    Returns:
        The figures of `movierate.training.metrics`, as JSON takes them: those of `metrics`,
        `interval_metrics` and `movie_metrics` side by side, then rises_with_star, by_star,
        by_predicted_star, by_length and confusion; None for what can't be told of these reviews.
        And unrated: how many the model could not rate. They are left out of the figures, which
        have 6 digits after the point.

    Raises:
        UserError: none of the reviews could be rated.
    """
    rated = _rate(rater, labelled)
    if rated.empty:
        raise UserError("reviews: the model could not rate any of them")
    stars = by_star(rated)
    movies = movie_means(rated)
    figures: dict[str, Any] = {
        **metrics(rated["true"].to_numpy(), rated["predicted"].to_numpy(), scale),
        "unrated": len(labelled) - len(rated),
        **interval_metrics(rated),
        **movie_metrics(movies),
        "rises_with_star": rises_with_star(stars),
        "by_star": stars,
        "by_predicted_star": by_predicted_star(rated),
        "by_length": by_length(rated),
        "confusion": confusion(rated, scale),
    }
    figures = _round(figures)
    if report is not None:
        _write_report(figures, rated, movies, scale, report)
    return figures


def check_report(directory: Path) -> None:
    """Make sure that a report may be written there.

    Raises:
        UserError: it is a file, or lies below one, or is a model's directory.
    """
    there = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not there.is_dir():
        raise UserError(f"output: {there} is a file: name a directory for the report")
    if is_bundle(directory):
        raise UserError(f"output: {directory} is a model: choose another directory for the report")


def headline(figures: dict[str, Any]) -> dict[str, Any]:
    """Those figures of `evaluate` that are one number each."""
    return {key: value for key, value in figures.items() if not isinstance(value, list | dict)}


def _round(figures: Any) -> Any:
    if isinstance(figures, dict):
        return {key: _round(value) for key, value in figures.items()}
    if isinstance(figures, list):
        return [_round(value) for value in figures]
    return round(figures, 6) if isinstance(figures, float) else figures


def _rate(rater: Rater, labelled: pd.DataFrame) -> pd.DataFrame:
    """movie_id, true, predicted, low, high (stars) and words of the reviews that have a rating."""
    ratings = rater.rate(list(labelled["text"]))
    movie = labelled["movie_id"].to_numpy() if "movie_id" in labelled else None
    rated = pd.DataFrame(
        {
            "movie_id": movie,
            "true": labelled["rating"].to_numpy(np.float64),
            "predicted": ratings.predicted_rating.astype(np.float64),
            "low": ratings.rating_low.astype(np.float64),
            "high": ratings.rating_high.astype(np.float64),
            "words": [len(text.split()) for text in labelled["text"]],
        }
    )
    return rated[rated["predicted"].notna()].reset_index(drop=True)


def _write_report(
    figures: dict[str, Any],
    rated: pd.DataFrame,
    movies: pd.DataFrame,
    scale: tuple[float, float],
    report: Path,
) -> None:
    from movierate.training import plots

    report.mkdir(parents=True, exist_ok=True)
    (report / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    true, predicted = rated["true"].to_numpy(), rated["predicted"].to_numpy()
    plots.draw_predicted(true, predicted, scale, report / "predicted.png")
    plots.draw_error_by_star(figures["by_star"], report / "error_by_star.png")
    plots.draw_error_by_length(figures["by_length"], report / "error_by_length.png")
    plots.draw_confusion(figures["confusion"], report / "confusion.png")
    if figures["interval_coverage"] is not None:
        plots.draw_coverage(figures["by_predicted_star"], report / "coverage.png")
    if len(movies):
        plots.draw_movies(movies, scale, report / "movies.png")
