"""A description of a bundle, for people: its id, size and card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from movierate.model.bundle import CARD, Bundle, read
from movierate.model.shapes import receptive_length


def describe(name_or_dir: str | Path) -> str:
    """A bundle's description: from bundle.json, then its card, if it has one.

    Raises:
        movierate.errors.UserError: there is no such bundle, or it is broken.
    """
    files = read(name_or_dir)
    bundle = files.bundle
    vocabulary = bundle.vocabulary
    size = sum(len(data) for data in files.files.values())
    lines = [
        f"model       {bundle.model_id}",
        f"window      {bundle.window} ({bundle.token_selection}), "
        f"{receptive_length(bundle.window)} of them reach the output",
        f"vocabulary  {vocabulary.words:,} words, {len(vocabulary.phrases):,} phrases",
        f"scale       {bundle.rating_scale[0]:g} to {bundle.rating_scale[1]:g} stars",
        f"intervals   {_intervals(bundle)}",
        f"drift       {_baseline(bundle)}",
        f"size        {size / 1e6:.1f} MB",
    ]
    card = files.files.get(CARD)
    if card is not None:
        return "\n".join([*lines, "", card.decode().rstrip()])
    said = {"trained on": bundle.training_data, **bundle.metrics}
    return "\n".join([*lines, *(f"{name:<11} {_join(what)}" for name, what in said.items())])


def _intervals(bundle: Bundle) -> str:
    return f"hold {bundle.intervals.coverage:.0%}" if bundle.intervals else "none"


def _baseline(bundle: Bundle) -> str:
    return f"from {bundle.baseline.reviews:,} reviews" if bundle.baseline else "not measured"


def _join(what: Any) -> str:
    if not isinstance(what, Mapping):
        return str(what)
    return ", ".join(f"{key} {_format(value)}" for key, value in what.items())


def _format(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
