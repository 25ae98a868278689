"""The model card: training data, metrics, limits and intended use.

The sections follow Mitchell et al., «Model Cards for Model Reporting» (2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import yaml

from movierate.config.jobs import TrainConfig
from movierate.model.bundle import Bundle
from movierate.model.shapes import receptive_length
from movierate.training.metrics import star

FIGURES = {
    "reviews": "reviews",
    "mae": "MAE, stars",
    "rmse": "RMSE, stars",
    "r2": "R2",
    "pearson": "Pearson",
    "accuracy": "accuracy, above or below the middle",
    "auc": "AUC, above or below the middle",
    "interval_coverage": "true ratings within their interval",
    "interval_width": "mean width of the intervals, stars",
    "mae_narrowest_fifth": "MAE of the fifth with the narrowest intervals, stars",
    "movies": "movies with several reviews",
    "movie_mae": "MAE of a movie's mean, stars",
}


def write_card(config: TrainConfig, bundle: Bundle, training: pd.DataFrame) -> str:
    """A model's card in Markdown.

    Args:
        config: the recipe.
        bundle: the model, with its metrics and what it was trained on.
        training: the reviews that it was trained on, with the columns rating (stars) and text.
    """
    words = training["text"].str.split().str.len()
    parts = [
        f"# Model card: {bundle.name}",
        "Predicts the rating that a film review implies from its text, "
        f"on a scale of {_stars(bundle)}.",
        "## Data",
        _data(config.data, bundle.training_data, training, words),
        "## Recipe",
        "```yaml\n" + _recipe(config) + "```",
        "## Figures",
        _figures(bundle),
        "## Limits",
        _list(_limits(bundle, training, words)),
        "## Not for",
        _list(
            [
                "Judging people: the authors of reviews, or people named in reviews.",
                "Decisions that depend on one review. Means over many reviews are more reliable.",
                "Texts that are not film reviews: the figures do not apply to them.",
            ]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _stars(bundle: Bundle) -> str:
    low, high = bundle.rating_scale
    return f"{low:g} to {high:g} stars"


def _data(
    name: str | None, said: Mapping[str, Any], training: pd.DataFrame, words: pd.Series
) -> str:
    share = pd.Series(star(training["rating"])).value_counts(normalize=True).sort_index()
    shares = ", ".join(f"{value}: {part:.1%}" for value, part in share.items())
    lines = [
        *([name] if name else []),
        *(_source(source) for source in said.get("sources", ())),
        f"{said['labelled_reviews']:,} reviews with ratings to train on; "
        f"{said['validation_reviews']:,} of other movies to choose the epoch; "
        f"{said['calibration_reviews']:,} of a third set to calibrate the intervals.",
        f"{said['unlabelled_reviews']:,} reviews without ratings.",
        f"Share of each star: {shares}.",
        f"Nine of ten reviews have {_range(words)} words.",
        f"SHA-256 of the data: `{said['sha256']}`.",
    ]
    return _list(lines)


def _source(said: Mapping[str, Any]) -> str:
    """One of several sources."""
    cited = f": {said['citation']}" if said["citation"] else ""
    return (
        f"`{said['name']}`{cited}. {said['labelled_reviews']:,} {said['kind']} to train on, of "
        f"weight {said['weight']:g}."
    )


def _recipe(config: TrainConfig) -> str:
    """The settings of training as a config file takes them."""
    return yaml.safe_dump(config.model_dump(mode="json", exclude={"dump"}), sort_keys=False)


def _figures(bundle: Bundle) -> str:
    sets = list(bundle.metrics)
    lines = [f"| | {' | '.join(sets)} |", "|---" * (len(sets) + 1) + "|"]
    for key, name in FIGURES.items():
        cells = " | ".join(_cell(bundle.metrics[part][key]) for part in sets)
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines) + (
        "\n\nThe epoch was chosen on the validation reviews, and the intervals were fitted to all "
        "of these: on new reviews expect slightly worse. Measure on your own with "
        "`movierate evaluate`."
        + (
            " The figures are of a network that was trained without these reviews. Then the "
            "network was trained again, as many epochs, with them."
            if bundle.training_data.get("refitted")
            else ""
        )
    )


def _cell(value: float | int | None) -> str:
    if value is None:
        return "n/a"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _limits(bundle: Bundle, training: pd.DataFrame, words: pd.Series) -> list[str]:
    low, high = bundle.rating_scale
    seen = set(star(training["rating"]).tolist())
    missing = [str(value) for value in range(round(low), round(high) + 1) if value not in seen]
    limits = [
        f"There were no training reviews with {', '.join(missing)} stars: its predictions there "
        "are interpolated."
        if missing
        else "There were training reviews with every star.",
        "It knows only the words of its training reviews. In another language, or on another "
        "subject, it knows few words: see the column known_words.",
        f"It reads at most {receptive_length(bundle.window)} tokens of a review, and has learned "
        f"from reviews of {_range(words)} words, mostly.",
    ]
    if bundle.intervals:
        limits.append(
            f"The intervals hold {bundle.intervals.coverage:.0%} of the true ratings of reviews "
            "like those above, not of every site. Intervals for shorter texts are estimated "
            "from excerpts."
        )
    return limits


def _range(words: pd.Series) -> str:
    few, many = np.quantile(words, (0.05, 0.95))
    return f"{few:,.0f} to {many:,.0f}"


def _list(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
