"""Labelled reviews in, a model bundle out."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from movierate.config.jobs import TrainConfig
from movierate.errors import UserError
from movierate.inference.rater import Rater
from movierate.model.baseline import Baseline
from movierate.model.bundle import Bundle, check_replaceable
from movierate.model.shapes import live_positions
from movierate.text.tokens import tokenize
from movierate.text.vocabulary import Vocabulary
from movierate.text.window import Floats
from movierate.training.card import write_card
from movierate.training.evaluate import evaluate, headline
from movierate.training.examples import Examples
from movierate.training.intervals import learn_intervals
from movierate.training.phrases import find_phrases
from movierate.training.salience import learn_salience
from movierate.training.split import Parts, folds_by_movie, set_aside
from movierate.training.teacher import FOLDS, SoftRatings, soft_ratings
from movierate.training.vectors import (
    add_phrases,
    add_topics,
    place_vectors,
    random_vectors,
    read_vectors,
    word2vec,
)

FEWEST_REVIEWS = 100
"""Labelled reviews below which training is refused: nothing could be learned from fewer."""


def train(
    config: TrainConfig,
    labelled: pd.DataFrame,
    output: Path,
    validation: pd.DataFrame | None = None,
    unlabelled: pd.Series | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Bundle:
    """Train the model and write its bundle, with its report.

    Args:
        config: the recipe.
        labelled: reviews with the columns movie_id (string), rating (stars) and text (string).
        output: the bundle's directory. It appears there whole at the end, or not at all.
        validation: the same of other movies, to choose the epoch and to evaluate with; without
            it, config.validation_share of the labelled reviews is set aside, by movie. So is
            config.calibration_share, for the intervals.
        unlabelled: further texts: for the vocabulary, for the word vectors, and to learn from
            what the teacher says of them.
        progress: told what is going on, a line at a time.

    Returns:
        The bundle as it was written.

    Raises:
        UserError: there are too few reviews, or a rating is outside the scale, or the output
            is in use, or the word vectors can't be read.
    """
    from movierate.training.fit import fit  # TensorFlow takes seconds: after the first checks

    check_replaceable(output)
    _check(config, labelled)
    digest = _digest([labelled, validation, unlabelled])
    given = _given_vectors(config)
    parts = set_aside(
        labelled, validation, config.validation_share, config.calibration_share, config.seed
    )
    labelled, validation, calibration = parts
    progress(
        f"{len(labelled):,} reviews to train on, {len(validation):,} to validate, "
        f"{len(calibration):,} to calibrate the intervals"
    )

    texts = [*labelled["text"], *(unlabelled if unlabelled is not None else ())]
    phrases = int(config.phrases * config.vocabulary_size)
    words = Vocabulary.from_texts(texts, config.vocabulary_size - phrases, config.min_count)
    reviews = [np.array(words.word_ids(tokenize(text)), dtype=np.int32) for text in texts]
    vectors, covered = _vectors(config, texts, words, given)
    progress(f"word vectors for {covered:.1%} of {words.words:,} words: {config.word_vectors}")
    ratings = labelled["rating"].to_numpy(np.float32)
    taught = _teach(config, labelled, reviews, progress)
    targets = ratings if taught is None else _targets(config.teacher, ratings, taught)

    told = reviews[: len(targets)]
    vocabulary = words.with_phrases(find_phrases(told, targets, len(words), phrases))
    reviews = [np.array(vocabulary.join(review.tolist()), dtype=np.int32) for review in reviews]
    salience = learn_salience(
        reviews[: len(ratings)], ratings, len(vocabulary), config.salience_shrinkage
    )
    progress(f"vocabulary of {vocabulary.words:,} words and {len(vocabulary.phrases):,} phrases")
    vectors = add_phrases(vectors, vocabulary)
    if taught is not None:
        vectors = add_topics(vectors, reviews, taught.documents)

    untrained = Bundle(
        name=config.name or output.name,
        window=config.window,
        choose=config.choose,
        vocabulary=vocabulary,
        salience=salience,
        weights={},
        rating_scale=config.stars,
    )
    encoder = untrained.encoder()
    examples = Examples(
        reviews[: len(targets)],
        targets,
        encoder.fill,
        config.excerpts,
        config.joined,
        config.word_dropout,
    )
    true = validation["rating"].to_numpy(np.float32)
    windows = encoder.encode(list(validation["text"])).ids
    fitted = fit(config, vectors, examples, (windows, true), progress)
    return _write(
        config,
        dataclasses.replace(untrained, weights=fitted.weights),
        output,
        parts,
        fitted.history,
        training_data={
            "sha256": digest,
            "labelled_reviews": len(labelled),
            "validation_reviews": len(validation),
            "calibration_reviews": len(calibration),
            "unlabelled_reviews": 0 if unlabelled is None else len(unlabelled),
            "vocabulary_covered_by_word_vectors": round(covered, 4),
            "seed": config.seed,
        },
    )


def _teach(
    config: TrainConfig,
    labelled: pd.DataFrame,
    reviews: list[Any],
    progress: Callable[[str], None],
) -> SoftRatings | None:
    """What the teacher says of the reviews, the labelled ones first; None if there is none."""
    if not config.teacher:
        return None
    ratings = labelled["rating"].to_numpy(np.float32)
    known, unknown = reviews[: len(ratings)], reviews[len(ratings) :]
    folds = folds_by_movie(labelled, FOLDS)
    return soft_ratings(known, ratings, folds, unknown, config.seed, progress)


def _targets(weight: float, ratings: Floats, taught: SoftRatings) -> Floats:
    """The stars to learn: of the labelled reviews, and of the others."""
    mixed = (1 - weight) * ratings + weight * taught.labelled
    return np.concatenate([mixed, taught.unlabelled]).astype(np.float32)


def _check(config: TrainConfig, labelled: pd.DataFrame) -> None:
    if len(labelled) < FEWEST_REVIEWS:
        raise UserError(
            f"reviews: only {len(labelled)} have a text and a rating, "
            f"training needs at least {FEWEST_REVIEWS}"
        )
    low, high = config.stars
    outside = ~labelled["rating"].between(low, high)
    if outside.any():
        raise UserError(
            f"reviews: {outside.sum():,} ratings are outside the scale of {low:g} to {high:g} "
            f"(one is {labelled['rating'][outside].iloc[0]:g}): set stars in the config"
        )


def _given_vectors(config: TrainConfig) -> Any:
    """The vectors of a file, if one was named."""
    is_file = config.word_vectors not in ("train", "random")
    return read_vectors(Path(config.word_vectors)) if is_file else None


def _vectors(
    config: TrainConfig, texts: list[str], words: Vocabulary, given: Any
) -> tuple[Floats, float]:
    """Vectors of the words, and the share of the words that have one."""
    if config.word_vectors == "random":
        return random_vectors(words, config.seed), 0.0
    found = word2vec(texts, config.word_vector_epochs, config.seed) if given is None else given
    return place_vectors(found, words, config.seed)


def _write(
    config: TrainConfig,
    bundle: Bundle,
    output: Path,
    parts: Parts,
    history: list[dict[str, float]],
    training_data: dict[str, Any],
) -> Bundle:
    """Calibrate and evaluate with the weights as they will be stored, write bundle and report."""
    from movierate.training.plots import draw_loss

    rounded = {
        name: array.astype(config.weights_dtype).astype(np.float32)
        for name, array in bundle.weights.items()
    }
    bundle = dataclasses.replace(bundle, weights=rounded, training_data=training_data)
    held_out = pd.concat([parts.validation, parts.calibration], ignore_index=True)
    live = live_positions(config.window)
    if len(parts.calibration):
        intervals = learn_intervals(Rater(bundle), held_out, live, config.stars)
        bundle = dataclasses.replace(bundle, intervals=intervals)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder)
        rater = Rater(bundle)
        figures = {"validation": headline(evaluate(rater, config.stars, parts.validation, report))}
        if len(parts.calibration):
            figures["calibration"] = headline(evaluate(rater, config.stars, parts.calibration))
        baseline = Baseline.of(rater.rate(list(held_out["text"])), config.stars, live)
        bundle = dataclasses.replace(bundle, metrics=figures, baseline=baseline)
        (report / "card.md").write_text(
            write_card(config, bundle, parts.training), encoding="utf-8"
        )
        draw_loss(history, config.loss, report / "loss.png")
        (report / "epochs.json").write_text(json.dumps(history, indent=2) + "\n")
        return bundle.save(output, dtype=config.weights_dtype, report=report)


def _digest(parts: list[Any]) -> str:
    """SHA-256 of the training data, whatever it was read from."""
    digest = hashlib.sha256()
    for part in parts:
        if part is not None:
            digest.update(pd.util.hash_pandas_object(part, index=False).to_numpy().tobytes())
        digest.update(b"|")
    return digest.hexdigest()
