"""Trains a model on labelled reviews, and writes its bundle."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from movierate.config.jobs import TrainConfig
from movierate.errors import UserError
from movierate.inference.rater import Rater
from movierate.model.baseline import Baseline
from movierate.model.bundle import Bundle, check_replaceable
from movierate.model.shapes import receptive_length
from movierate.text.tokens import tokenize
from movierate.text.vocabulary import Vocabulary
from movierate.text.window import Floats, Ids
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
    given = _read_given_vectors(config)
    shares = config.validation_share, config.calibration_share
    parts = set_aside(labelled, validation, *shares, config.seed)
    progress(
        f"{len(parts.training):,} reviews to train on, {len(parts.validation):,} to validate, "
        f"{len(parts.calibration):,} to calibrate the intervals"
    )
    words = _learn_words(config, parts.training, unlabelled, given, progress)
    soft = _distill(config, parts.training, words.reviews, progress)
    targets = _make_targets(config.distillation_weight, _get_ratings(parts.training), soft)
    material = _learn_vocabulary(config, words, _get_ratings(parts.training), targets, progress)
    vectors = material.vectors
    if soft is not None:
        vectors = add_topics(vectors, material.reviews, soft.documents)

    untrained = _build_untrained(config, output, material)
    encoder = untrained.encoder()
    made = config.excerpts, config.concat_ratio, config.word_dropout
    examples = Examples(material.reviews[: len(targets)], targets, encoder.fill, *made)
    windows = encoder.encode(list(parts.validation["text"])).ids
    fitted = fit(config, vectors, examples, (windows, _get_ratings(parts.validation)), progress)
    data = _describe_data(parts, unlabelled, digest)
    data["vocabulary_covered_by_word_vectors"] = round(words.covered, 4)
    data["seed"] = config.seed
    weights = _round(fitted.weights, config.weights_dtype)
    bundle = dataclasses.replace(untrained, weights=weights, training_data=data)
    return _write(config, bundle, output, parts, fitted.history)


@dataclass(frozen=True)
class _Words:
    """The single words of the reviews."""

    vocabulary: Vocabulary
    reviews: list[Ids]
    """The ids of each review's words: the labelled reviews first."""
    vectors: Floats
    """(ids, 100)"""
    covered: float
    """Share of the words that have a trained vector."""


def _learn_words(
    config: TrainConfig,
    labelled: pd.DataFrame,
    unlabelled: pd.Series | None,
    given: Any,
    progress: Callable[[str], None],
) -> _Words:
    """The vocabulary of single words, and their vectors."""
    texts = [*labelled["text"], *(unlabelled if unlabelled is not None else ())]
    size = config.vocabulary_size - _phrase_count(config)
    vocabulary = Vocabulary.from_texts(texts, size, config.min_count)
    reviews = [np.array(vocabulary.word_ids(tokenize(text)), dtype=np.int32) for text in texts]
    vectors, covered = _make_vectors(config, texts, vocabulary, given)
    source = {"train": "trained vectors", "random": "random vectors"}
    kind = source.get(config.word_vectors, f"vectors of {config.word_vectors}")
    progress(f"{kind} for {round(covered * vocabulary.words):,} of {vocabulary.words:,} words")
    return _Words(vocabulary, reviews, vectors, covered)


@dataclass(frozen=True)
class _Material:
    """What the network reads."""

    vocabulary: Vocabulary
    """Words and phrases."""
    reviews: list[Ids]
    vectors: Floats
    """(ids, 100)"""
    salience: Floats
    """(ids,)"""


def _learn_vocabulary(
    config: TrainConfig,
    words: _Words,
    ratings: Floats,
    targets: Floats,
    progress: Callable[[str], None],
) -> _Material:
    """The vocabulary with its phrases, and the salience of each id.

    Args:
        ratings: (labelled,) stars.
        targets: (reviews with a target,) stars: phrases are learned from them.
    """
    single, count = words.vocabulary, _phrase_count(config)
    phrases = find_phrases(words.reviews[: len(targets)], targets, len(single), count)
    vocabulary = single.with_phrases(phrases)
    reviews = [np.array(vocabulary.join(ids.tolist()), dtype=np.int32) for ids in words.reviews]
    labelled = reviews[: len(ratings)]
    salience = learn_salience(labelled, ratings, len(vocabulary), config.salience_shrinkage)
    progress(f"vocabulary of {vocabulary.words:,} words and {len(vocabulary.phrases):,} phrases")
    return _Material(vocabulary, reviews, add_phrases(words.vectors, vocabulary), salience)


def _phrase_count(config: TrainConfig) -> int:
    return int(config.phrase_share * config.vocabulary_size)


def _get_ratings(reviews: pd.DataFrame) -> Floats:
    return reviews["rating"].to_numpy(np.float32)


def _build_untrained(config: TrainConfig, output: Path, material: _Material) -> Bundle:
    return Bundle(
        name=config.name or output.name,
        window=config.window,
        token_selection=config.token_selection,
        vocabulary=material.vocabulary,
        salience=material.salience,
        weights={},
        rating_scale=config.target_scale,
    )


def _distill(
    config: TrainConfig,
    labelled: pd.DataFrame,
    reviews: list[Ids],
    progress: Callable[[str], None],
) -> SoftRatings | None:
    """The teacher's ratings of the reviews; None if the recipe has no teacher.

    Args:
        reviews: word ids, the labelled reviews first.
    """
    if not config.distillation_weight:
        return None
    ratings = _get_ratings(labelled)
    known, unknown = reviews[: len(ratings)], reviews[len(ratings) :]
    folds = folds_by_movie(labelled, FOLDS)
    return soft_ratings(known, ratings, folds, unknown, config.seed, progress)


def _make_targets(weight: float, ratings: Floats, soft: SoftRatings | None) -> Floats:
    """The stars to learn: of the labelled reviews, then (with a teacher) of the others."""
    if soft is None:
        return ratings
    mixed = (1 - weight) * ratings + weight * soft.labelled
    return np.concatenate([mixed, soft.unlabelled]).astype(np.float32)


def _check(config: TrainConfig, labelled: pd.DataFrame) -> None:
    if len(labelled) < FEWEST_REVIEWS:
        raise UserError(
            f"reviews: only {len(labelled)} have a text and a rating, "
            f"training needs at least {FEWEST_REVIEWS}"
        )
    low, high = config.target_scale
    outside = ~labelled["rating"].between(low, high)
    if outside.any():
        raise UserError(
            f"reviews: {outside.sum():,} ratings are outside the scale of {low:g} to {high:g} "
            f"(one is {labelled['rating'][outside].iloc[0]:g}): set target_scale in the config"
        )


def _read_given_vectors(config: TrainConfig) -> Any:
    """The vectors of a file, if one was named."""
    is_file = config.word_vectors not in ("train", "random")
    return read_vectors(Path(config.word_vectors)) if is_file else None


def _make_vectors(
    config: TrainConfig, texts: list[str], words: Vocabulary, given: Any
) -> tuple[Floats, float]:
    """Vectors of the words, and the share of the words that have one."""
    if config.word_vectors == "random":
        return random_vectors(words, config.seed), 0.0
    found = word2vec(texts, config.word_vector_epochs, config.seed) if given is None else given
    return place_vectors(found, words, config.seed)


def _describe_data(parts: Parts, unlabelled: pd.Series | None, digest: str) -> dict[str, Any]:
    return {
        "sha256": digest,
        "labelled_reviews": len(parts.training),
        "validation_reviews": len(parts.validation),
        "calibration_reviews": len(parts.calibration),
        "unlabelled_reviews": 0 if unlabelled is None else len(unlabelled),
    }


def _round(weights: Mapping[str, Floats], dtype: str) -> dict[str, Floats]:
    """The weights as the bundle will store them."""
    return {name: array.astype(dtype).astype(np.float32) for name, array in weights.items()}


def _write(
    config: TrainConfig,
    bundle: Bundle,
    output: Path,
    parts: Parts,
    history: list[dict[str, float]],
) -> Bundle:
    """Calibrate and evaluate the model, and write the bundle with its report."""
    from movierate.training.plots import draw_loss

    scale, receptive = config.target_scale, receptive_length(config.window)
    held_out = pd.concat([parts.validation, parts.calibration], ignore_index=True)
    if len(parts.calibration):
        intervals = learn_intervals(Rater(bundle), held_out, receptive, scale)
        bundle = dataclasses.replace(bundle, intervals=intervals)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder)
        rater = Rater(bundle)
        figures = {"validation": headline(evaluate(rater, scale, parts.validation, report))}
        if len(parts.calibration):
            figures["calibration"] = headline(evaluate(rater, scale, parts.calibration))
        baseline = Baseline.of(rater.rate(list(held_out["text"])), scale, receptive)
        bundle = dataclasses.replace(bundle, metrics=figures, baseline=baseline)
        card = write_card(config, bundle, parts.training)
        (report / "card.md").write_text(card, encoding="utf-8")
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
