"""The pictures of a report."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

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
    axes.set(
        xlabel="rating given, stars",
        ylabel="predicted rating, stars",
        title="Predicted against true (boxes: quartiles, whiskers: 5 to 95 %)",
        xlim=(scale[0] - 0.6, scale[1] + 0.6),
    )
    axes.legend(frameon=False)
    _save(figure, path)


def draw_error_by_star(rows: list[dict[str, float]], path: Path) -> None:
    """The mean absolute error for each rating given."""
    figure, axes = _figure()
    bars = axes.bar([row["star"] for row in rows], [row["mae"] for row in rows], color=BLUE)
    axes.bar_label(bars, fmt="%.2f", padding=2)
    axes.set(xlabel="rating given, stars", ylabel="MAE, stars", title="Error by star")
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
