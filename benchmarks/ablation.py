"""What each part of the recipe gives: python benchmarks/ablation.py --reviews P --unlabelled P

Trains by the recipe of conf/train.yaml, then by what it would be without each of its parts, and
with other windows, a few epochs each. All are measured on the reviews that training sets aside by
film; no test set is read. Prints a row for each, with the standard error of its MAE's distance
from the recipe's. What was found stays in the output directory: rows that are trained later are
compared with it, and what is the same in most rows, the teacher and Word2Vec, is made once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from table import print_head, print_row

from movierate.config.jobs import TrainConfig
from movierate.inference.rater import Rater
from movierate.training import documents, salience, teacher, train, vectors
from movierate.training.metrics import metrics
from movierate.training.split import set_aside

RECIPE = "the recipe"

MORE_EPOCHS = 3.5
"""Times the epochs, for a row that learns from 20,000 labels alone: as many steps as of 70,000."""


class Row(NamedTuple):
    """A training."""

    settings: Mapping[str, Any] = {}
    """What it changes: as --set KEY=VALUE does for jobs/train.py."""
    has_unlabelled: bool = True

    def epochs(self, epochs: int) -> int:
        """How many of its own are worth that many of the recipe's."""
        by_label_alone = not self.has_unlabelled or self.settings.get("distillation_weight") == 0
        return round(MORE_EPOCHS * epochs) if by_label_alone else epochs


ROWS = {
    RECIPE: Row(),
    "no phrases, the same words": Row({"phrase_share": 0.0, "vocabulary_size": 24_750}),
    "a window of 50": Row({"window": 50}),
    "no teacher": Row({"distillation_weight": 0.0}),
    "the last tokens": Row({"token_selection": "last"}),
    "a window of 148": Row({"window": 148}),
    "no unlabelled reviews": Row(has_unlabelled=False),
    "no excerpts, none joined": Row({"excerpts": 0.0, "concat_ratio": 0.0}),
    "word vectors that move freely": Row({"embedding_lr_multiplier": 1.0}),
    "the squared error": Row({"loss": "mse"}),
}

CODE = b"".join(
    Path(module.__file__).read_bytes() for module in (teacher, documents, vectors, salience)
)
"""What is remembered is what this code has said."""


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
    train.word2vec = remembered(train.word2vec, arguments.output)

    config = TrainConfig()
    shares = config.validation_share, config.calibration_share
    held_out = pd.concat(set_aside(labelled, None, *shares, config.seed)[1:])
    true = held_out["rating"].to_numpy()
    print_head("row", "settings", "MAE", "RMSE", "accuracy", "MAE more than the recipe's")
    results = arguments.output / "ablation.json"
    found: dict[str, Any] = json.loads(results.read_text()) if results.exists() else {}
    for name in arguments.only:
        row = ROWS[name]
        settings = {**row.settings, "epochs": row.epochs(arguments.epochs)}
        changed = config.model_copy(update=settings)
        with tempfile.TemporaryDirectory() as folder:
            output, texts = Path(folder) / "model", unlabelled if row.has_unlabelled else None
            bundle = train.train(changed, labelled, output, None, texts, partial(said_of, name))
        predicted = Rater(bundle).rate(list(held_out["text"])).predicted_rating
        predicted = np.nan_to_num(predicted, nan=true.mean())
        error = np.abs(predicted - true)
        figures = metrics(true, predicted, config.target_scale)
        found[name] = {**figures, **settings, "errors": error.round(4).tolist()}
        results.write_text(json.dumps(found))
        said = [f"{figures[key]:.3f}" for key in ("mae", "rmse", "accuracy")]
        if RECIPE in found:
            more = error - found[RECIPE]["errors"]
            said.append(f"{more.mean():+.3f} ± {more.std() / math.sqrt(len(more)):.3f}")
        print_row(name, " ".join(f"{key}={value}" for key, value in settings.items()), *said)


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
