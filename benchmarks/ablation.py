"""What each part of the recipe gives: python benchmarks/ablation.py --reviews P --unlabelled P

Trains by the recipe of conf/train.yaml, then by what it would be without each of its parts, and
with other windows, a few epochs each. All are measured on the reviews that training sets aside by
film; no test set is read. Prints a row for each, with the standard error of its MAE's distance
from the recipe's, and writes ablation.json, which benchmarks/trade.py draws.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import math
import pickle
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from table import print_head, print_row

from movierate.config import TrainConfig
from movierate.model.rater import Rater
from movierate.training import train, vectors
from movierate.training.metrics import metrics
from movierate.training.split import set_aside

RECIPE, PLAIN = "the recipe", "no unlabelled reviews"

ROWS: dict[str, Mapping[str, Any]] = {
    RECIPE: {},
    "a window of 50": {"window": 50},
    "a window of 148": {"window": 148},
    "no phrases, the same words": {"phrases": 0.0, "vocabulary_size": 24_750},
    "the last tokens": {"choose": "last"},
    "no teacher": {"teacher": 0.0},
    PLAIN: {},
    "no excerpts, none joined": {"excerpts": 0.0, "joined": 0.0},
    "word vectors that move freely": {"embedding_rate": 1.0},
    "the squared error": {"loss": "mse"},
}
"""Each row, and what it changes: as --set KEY=VALUE does for jobs/train.py."""


def main() -> None:
    """Train each row, print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reviews", required=True, metavar="PARQUET")
    parser.add_argument("--unlabelled", required=True, metavar="PARQUET")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    parser.add_argument("--output", type=Path, default=Path("benchmark"), metavar="DIR")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    labelled = pd.read_parquet(arguments.reviews).astype({"rating": "float32"})
    unlabelled = pd.read_parquet(arguments.unlabelled)["text"]
    train.soft_ratings = remembered(train.soft_ratings, arguments.output)
    vectors.word2vec = remembered(vectors.word2vec, arguments.output)

    config = TrainConfig()
    shares = config.validation_share, config.calibration_share
    held_out = pd.concat(set_aside(labelled, None, *shares, config.seed)[1:])
    true = held_out["rating"].to_numpy()
    print_head("row", "settings", "MAE", "RMSE", "accuracy", "MAE more than the recipe's")
    found: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name in arguments.only:
        changed = dataclasses.replace(config, epochs=arguments.epochs, **ROWS[name])
        with tempfile.TemporaryDirectory() as folder:
            texts = None if name == PLAIN else unlabelled
            bundle = train.train(changed, labelled, Path(folder) / "model", unlabelled=texts)
        predicted = Rater(bundle).rate(list(held_out["text"])).predicted_rating
        predicted = np.nan_to_num(predicted, nan=true.mean())
        found[name] = figures = metrics(true, predicted, config.stars)
        errors[name] = np.abs(predicted - true)
        more = errors[name] - errors.get(RECIPE, np.nan)
        figures |= {"mae_more": more.mean(), "mae_more_error": more.std() / math.sqrt(len(more))}
        settings = ", ".join(f"{key}={value}" for key, value in ROWS[name].items())
        said = f"{figures['mae_more']:+.3f} ± {figures['mae_more_error']:.3f}"
        stars = (f"{figures[key]:.3f}" for key in ("mae", "rmse", "accuracy"))
        print_row(name, settings, *stars, said)
        (arguments.output / "ablation.json").write_text(json.dumps(found, indent=2, default=float))


def remembered(function: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """The function, which computes once what it is asked again, by this process or a later one.

    For what takes longest and is the same in most rows: the teacher, and Word2Vec.
    """

    def recall(*arguments: Any) -> Any:
        asked = pickle.dumps([value for value in arguments if not callable(value)])
        known = folder / f"{function.__name__}-{hashlib.sha256(asked).hexdigest()[:16]}.pickle"
        if not known.exists():
            known.write_bytes(pickle.dumps(function(*arguments)))
        return pickle.loads(known.read_bytes())  # noqa: S301 - written here

    return recall


if __name__ == "__main__":
    main()
