"""The plots of a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from movierate.training.intervals import COVERAGE
from movierate.training.metrics import FEWEST_OF_A_MOVIE

Floats = NDArray[np.floating]

BLUE, ORANGE, GREY = "#2b6ca3", "#d9822b", "#8a8a8a"


def draw_loss(history: list[dict[str, float]], loss: str, path: Path) -> None:
    """The training loss and the validation error by epoch."""
    figure, axes = _figure()
    epochs = range(1, len(history) + 1)
    errors = [row["validation_mae"] for row in history]
    axes.plot(epochs, [row["loss"] for row in history], color=GREY, label=f"training loss ({loss})")
    axes.plot(epochs, errors, color=BLUE, marker="o", label="validation MAE, stars")
    best = int(np.argmin(errors))
    axes.plot(best + 1, errors[best], color=ORANGE, marker="o", label="the epoch kept")
    axes.set(xlabel="epoch", title="Loss by epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    _save(figure, path)


def draw_predicted(true: Floats, predicted: Floats, scale: tuple[float, float], path: Path) -> None:
    """How predicted ratings spread for each rating given."""
    figure, axes = _figure()
    stars = np.unique(np.round(true))
    groups = [predicted[np.round(true) == star] for star in stars]
    boxes = axes.boxplot(
        groups, positions=stars, widths=0.6, whis=(5, 95), showfliers=False, patch_artist=True
    )
    for box, median in zip(boxes["boxes"], boxes["medians"], strict=True):
        box.set(facecolor=BLUE, alpha=0.5)
        median.set_color(ORANGE)
    axes.plot(scale, scale, color=GREY, linestyle="--", label="perfect")
    axes.set_xticks(stars, [f"{star:g}" for star in stars])
    axes.set(
        xlabel="rating given, stars",
        ylabel="predicted rating, stars",
        title="Predicted against true (boxes: quartiles, whiskers: 5 to 95 %)",
        xlim=(scale[0] - 0.6, scale[1] + 0.6),
    )
    axes.legend(frameon=False)
    _save(figure, path)


def draw_error_by_star(rows: list[dict[str, float]], path: Path) -> None:
    """The mean absolute error for each rating given, and the mean rating predicted."""
    figure, axes = _figure()
    stars = [row["star"] for row in rows]
    bars = axes.bar(stars, [row["mae"] for row in rows], color=BLUE, label="MAE")
    axes.bar_label(bars, fmt="%.2f", padding=2)
    means = [row["mean_predicted"] for row in rows]
    axes.plot(stars, means, color=ORANGE, marker="o", label="mean predicted rating")
    axes.set(xlabel="rating given, stars", ylabel="stars", title="Error by star")
    axes.set_xticks(stars)
    axes.legend(frameon=False)
    _save(figure, path)


def draw_error_by_length(rows: list[dict[str, float]], path: Path) -> None:
    """The mean absolute error for each quartile of the length."""
    figure, axes = _figure()
    names = [f"up to {row['words']:,}" for row in rows]
    bars = axes.bar(names, [row["mae"] for row in rows], color=BLUE)
    axes.bar_label(bars, fmt="%.2f", padding=2)
    axes.set(xlabel="words of the review", ylabel="MAE, stars", title="Error by length")
    _save(figure, path)


def draw_confusion(confusion: dict[str, Any], path: Path) -> None:
    """Of the reviews of each true star, the share that was rated with each star."""
    figure, axes = _figure()
    stars = confusion["stars"]
    reviews = np.array(confusion["reviews"], dtype=float)
    share = 100 * reviews / np.maximum(1, reviews.sum(axis=1, keepdims=True))
    axes.imshow(share, cmap="Blues", vmin=0, vmax=share.max(), aspect="auto", origin="lower")
    for row, column in np.argwhere(reviews > 0):
        dark = share[row, column] > share.max() / 2
        text = f"{share[row, column]:.0f}"
        color = "white" if dark else "black"
        axes.text(column, row, text, ha="center", va="center", color=color)
    axes.grid(visible=False)
    axes.set_xticks(range(len(stars)), stars)
    axes.set_yticks(range(len(stars)), stars)
    axes.set(
        xlabel="predicted rating, rounded to a star",
        ylabel="rating given, stars",
        title="Of each rating given, the share predicted as each star, %",
    )
    _save(figure, path)


def draw_coverage(rows: list[dict[str, float]], path: Path) -> None:
    """How many true ratings lie within their intervals, for each predicted star."""
    figure, axes = _figure()
    stars = [row["predicted_star"] for row in rows]
    within = [100 * row["interval_coverage"] for row in rows]
    axes.plot(stars, within, color=BLUE, marker="o", linestyle="none")
    least = min(60, *within) - 10
    for place, row in zip(stars, rows, strict=True):
        axes.text(place, least + 1, f"{row['reviews']:,}", ha="center", fontsize=8, color=GREY)
    axes.axhline(100 * COVERAGE, color=GREY, linestyle="--", label=f"stated: {COVERAGE:.0%}")
    axes.set(
        xlabel="predicted rating, rounded to a star",
        ylabel="true ratings within the interval, %",
        title="Coverage of the intervals (below: how many reviews)",
        ylim=(least, 105),
    )
    axes.set_xticks(stars)
    axes.legend(frameon=False, loc="center right")
    _save(figure, path)


def draw_movies(means: pd.DataFrame, scale: tuple[float, float], path: Path) -> None:
    """The mean predicted rating of each movie against the mean of those given."""
    figure, axes = _figure()
    axes.scatter(means["true"], means["predicted"], s=12, color=BLUE, alpha=0.6, linewidths=0)
    axes.plot(scale, scale, color=GREY, linestyle="--", label="perfect")
    axes.set(
        xlabel="mean rating given, stars",
        ylabel="mean predicted rating, stars",
        title=f"The {len(means):,} movies with at least {FEWEST_OF_A_MOVIE} reviews",
        xlim=scale,
        ylim=scale,
    )
    axes.legend(frameon=False)
    _save(figure, path)


def _figure() -> tuple[Figure, matplotlib.axes.Axes]:
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    # Without the date and the version in it, the same picture is the same file.
    figure.savefig(path, dpi=110, metadata={"Software": None})
