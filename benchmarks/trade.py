"""What a longer window gives and costs: python benchmarks/trade.py --models BUNDLE [BUNDLE ...]

Draws the error that models of several windows have on their validation reviews over the speed of
their windows, which `benchmarks/scoring.py --only windows` has left in scoring.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib as mpl
from table import print_head, print_row

from movierate.model.bundle import load
from movierate.model.shapes import receptive_length

mpl.use("Agg")
from matplotlib import pyplot as plt


def main() -> None:
    """Read the models and the speeds, print and draw them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", required=True, metavar="BUNDLE")
    parser.add_argument("--speeds", type=Path, default=Path("benchmark/scoring.json"))
    parser.add_argument("--output", type=Path, default=Path("docs/windows.png"), metavar="PNG")
    arguments = parser.parse_args()
    speeds = json.loads(arguments.speeds.read_text())["windows"]["rows_per_second"]
    print_head("window", "tokens read", "MAE", "RMSE", "accuracy", "reviews/s")
    figure, axes = plt.subplots(figsize=(7, 4))
    points = []
    for bundle in sorted(map(load, arguments.models), key=lambda bundle: bundle.window):
        found, rate = bundle.metrics["validation"], speeds[str(bundle.window)]
        figures = [f"{found[key]:.3f}" for key in ("mae", "rmse", "accuracy")]
        print_row(
            str(bundle.window), str(receptive_length(bundle.window)), *figures, f"{rate:,.0f}"
        )
        points.append((rate, found["mae"]))
        axes.annotate(
            f"window {bundle.window}", points[-1], xytext=(8, 8), textcoords="offset points"
        )
    axes.plot(*zip(*points, strict=True), marker="o", linestyle="none")
    axes.set(xlabel="reviews a second", ylabel="MAE on validation, stars")
    axes.set_title("A longer window: error and speed")
    axes.margins(0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(arguments.output, dpi=120)


if __name__ == "__main__":
    main()
