"""What each source and each part of the recipe gives: python benchmarks/ablation.py

Trains by a recipe with several sources (conf/mix.yaml), then by what it would be without each of
its sources and parts, and with other windows, a few epochs each. All are measured on the texts that
training sets aside of the recipe's sources; no test set is read. Prints a row for each. What was
found stays in the output directory: rows that are trained later are compared with it, and what is
the same in most rows, the teachers and Word2Vec, is made once.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from behaviour import measure
from table import print_head, print_row

from movierate.config.jobs import SourceConfig, TrainConfig
from movierate.config.load import make_config
from movierate.inference.rater import Rater
from movierate.model.bundle import Bundle
from movierate.training import (
    corpus,
    documents,
    salience,
    sentences,
    targets,
    teacher,
    train,
    vectors,
)
from movierate.training.metrics import metrics
from movierate.training.sources import Source, split_sources

RECIPE = "the recipe"

MORE_EPOCHS = 3.5
"""Times the epochs, for a row that learns from labels alone: about as many steps."""


class Row(NamedTuple):
    """A training."""

    settings: Mapping[str, Any] = {}
    """What it changes: as --set KEY=VALUE does for jobs/train.py."""
    without: tuple[str, ...] = ()
    """Sources that it has not."""
    has_unlabelled: bool = True
    epochs: float = 1
    """Times as many as the recipe's."""


ROWS = {
    RECIPE: Row(),
    "the first source alone": Row(without=("scale", "treebank", "snippets")),
    "no scale": Row(without=("scale",)),
    "no treebank": Row(without=("treebank",)),
    "no snippets": Row(without=("snippets",)),
    "no unlabelled reviews": Row(has_unlabelled=False, epochs=MORE_EPOCHS),
    "no sentences of reviews": Row({"sentences": 0}),
    "no composed sentences": Row({"composed_sentences": 0}),
    "no teacher": Row({"distillation_weight": 0.0}, epochs=MORE_EPOCHS),
    "no phrases, the same words": Row({"phrase_share": 0.0, "vocabulary_size": 26_000}),
    "the last tokens": Row({"token_selection": "last"}),
    "no excerpts, none joined": Row({"excerpts": 0.0, "concat_ratio": 0.0}),
    "a window of 50": Row({"window": 50}),
    "a window of 148": Row({"window": 148}),
}

FIGURES = ("mae", "rmse", "accuracy", "pearson", "auc")
"""Of each source's texts that were set aside."""

CODE = b"".join(
    Path(module.__file__).read_bytes()
    for module in (teacher, documents, vectors, salience, sentences)
)
"""What is remembered is what this code has said."""


def main() -> None:
    """Train each row, print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("conf/mix.yaml"), metavar="FILE")
    parser.add_argument("--data", type=Path, default=Path(), metavar="DIR", help="has the Parquet")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    parser.add_argument("--output", type=Path, default=Path("benchmark"), metavar="DIR")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for module, name in ((targets, "soft_ratings"), (sentences, "rate_sentences")):
        setattr(module, name, remembered(getattr(module, name), arguments.output))
    corpus.word2vec = remembered(corpus.word2vec, arguments.output)

    config = make_config(TrainConfig, arguments.config).model_copy(update={"refit": False})
    sources = [read_source(name, source, arguments.data) for name, source in config.sources.items()]
    shares = config.validation_share, config.calibration_share
    held_out = {
        split.source.name: split.held_out for split in split_sources(sources, *shares, config.seed)
    }
    print_head(
        "row", "settings", *(f"{name} {key}" for name in held_out for key in FIGURES), "behaviour"
    )
    results = arguments.output / "ablation.json"
    found: dict[str, Any] = json.loads(results.read_text()) if results.exists() else {}
    for name in arguments.only:
        row = ROWS[name]
        settings = {**row.settings, "epochs": round(row.epochs * arguments.epochs)}
        kept = [source for source in sources if source.name not in row.without]
        if not row.has_unlabelled:
            kept = [dataclasses.replace(source, unlabelled=None) for source in kept]
        with tempfile.TemporaryDirectory() as folder:
            changed = config.model_copy(update=settings)
            bundle = train.train(changed, kept, Path(folder) / "model", partial(said_of, name))
        figures = measure_bundle(bundle, held_out)
        found[name] = {"figures": figures, **settings}
        results.write_text(json.dumps(found))
        changes = [f"{key}={value}" for key, value in settings.items()]
        changes += [f"without {source}" for source in row.without]
        print_row(name, " ".join(changes), *(f"{value:.3f}" for value in figures.values()))


def read_source(name: str, config: SourceConfig, folder: Path) -> Source:
    """A source whose files are Parquet with the usual columns."""

    def read(paths: Sequence[str]) -> pd.DataFrame:
        frames = [pd.read_parquet(folder / path) for path in paths]
        return pd.concat(frames).reindex(columns=["movie_id", "rating", "text"])

    unlabelled = read(config.unlabelled)["text"] if config.unlabelled else None
    labelled = read(config.reviews).astype({"rating": "float32", "movie_id": object})
    return Source(name, labelled, unlabelled, kind=config.kind, weight=config.weight)


def measure_bundle(bundle: Bundle, held_out: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """The figures of each source, and the share of plain sentences that pass."""
    rater, figures = Rater(bundle), {}

    def rate(texts: list[str]) -> np.ndarray:
        return np.nan_to_num(rater.rate(texts).predicted_rating, nan=5.5)

    for name, part in held_out.items():
        found = metrics(part["rating"].to_numpy(), rate(list(part["text"])), bundle.rating_scale)
        figures |= {f"{name} {key}": found[key] for key in FIGURES}
    figures["behaviour"] = float(np.mean([result.passes for result in measure(rate)]))
    return figures


def said_of(row: str, line: str) -> None:
    """Show how far it is, beside the table."""
    print(f"{row}: {line}", file=sys.stderr)


def remembered(function: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """The function, which computes once what it is asked again, by this process or a later one."""

    def recall(*arguments: Any) -> Any:
        asked = pickle.dumps([value for value in arguments if not callable(value)])
        key = hashlib.sha256(asked + CODE).hexdigest()[:16]
        known = folder / f"{function.__name__}-{key}.pickle"
        if not known.exists():
            unfinished = known.with_suffix(f".{os.getpid()}")
            unfinished.write_bytes(pickle.dumps(function(*arguments)))
            unfinished.replace(known)
        return pickle.loads(known.read_bytes())  # noqa: S301 - written here

    return recall


if __name__ == "__main__":
    main()
