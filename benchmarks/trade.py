"""What a longer window gives and costs: python benchmarks/trade.py

Draws the error by window, of benchmarks/ablation.py, over the speed by window, of
`benchmarks/scoring.py --only windows`, from the results that they have left in a directory.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib as mpl
from ablation import RECIPE, ROWS
from table import print_head, print_row

from movierate.config import TrainConfig
from movierate.model.geometry import live_positions

mpl.use("Agg")
from matplotlib import pyplot as plt


def main() -> None:
    """Read both results, print and draw them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("benchmark"), metavar="DIR")
    parser.add_argument("--output", type=Path, default=Path("docs/windows.png"), metavar="PNG")
    arguments = parser.parse_args()
    errors = json.loads((arguments.results / "ablation.json").read_text())
    speeds = json.loads((arguments.results / "scoring.json").read_text())["windows"]
    windows = {TrainConfig().window: RECIPE}
    windows |= {row["window"]: name for name, row in ROWS.items() if "window" in row}
    print_head("window", "tokens read", "MAE", "accuracy", "reviews/s")
    figure, axes = plt.subplots(figsize=(7, 4.5))
    rates, maes = [], []
    for window, name in sorted(windows.items()):
        rate, found = speeds["rows_per_second"][str(window)], errors[name]
        cells = str(window), str(live_positions(window)), f"{found['mae']:.3f}"
        print_row(*cells, f"{found['accuracy']:.3f}", f"{rate:,.0f}")
        rates.append(rate)
        maes.append(found["mae"])
        place = {"xytext": (8, 4), "textcoords": "offset points"}
        axes.annotate(f"window {window}", (rate, found["mae"]), **place)
    axes.plot(rates, maes, marker="o")
    axes.set(xlabel="reviews a second, two cores", ylabel="MAE, stars", xlim=(0, max(rates) * 1.2))
    axes.set_title("A longer window: error and speed")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(arguments.output, dpi=120)


if __name__ == "__main__":
    main()
