"""Trains a model on labelled texts, and writes its bundle."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
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
from movierate.text.encoder import Encoder
from movierate.text.vocabulary import Vocabulary
from movierate.text.window import Floats
from movierate.training.card import write_card
from movierate.training.corpus import (
    Words,
    gather,
    learn_words,
    read_given_vectors,
)
from movierate.training.evaluate import evaluate, headline
from movierate.training.examples import Examples, Rated, concatenate
from movierate.training.intervals import learn_intervals
from movierate.training.material import learn_material
from movierate.training.sources import REVIEWS, Source, Split, split_sources
from movierate.training.targets import compose_sentences, rate_reviews, rate_short_texts


def train(
    config: TrainConfig,
    sources: Sequence[Source],
    output: Path,
    progress: Callable[[str], None] = lambda line: None,
) -> Bundle:
    """Train the model and write its bundle, with its report.

    Args:
        config: the recipe.
        sources: what to learn from; at least one is of whole reviews.
        output: the bundle's directory. It appears there whole at the end, or not at all.
        progress: told what is going on, a line at a time.

    Returns:
        The bundle as it was written.

    Raises:
        UserError: there are too few reviews, or a rating is outside the scale, or the output
            is in use, or the word vectors can't be read.
    """
    from movierate.training.fit import Validation, fit  # TensorFlow takes seconds: after the checks

    check_replaceable(output)
    for source in sources:
        _check_scale(config, source)
    shares = config.validation_share, config.calibration_share
    splits = split_sources(sources, *shares, config.seed)
    given = read_given_vectors(config)
    for split in splits:
        progress(_describe(split))
    corpus = gather(splits)
    composed = compose_sentences(config, corpus, progress)
    words = learn_words(config, corpus, composed.texts, given, progress)
    soft = rate_reviews(config, corpus, words, progress)
    spoken = rate_short_texts(config, corpus, words, soft, composed, progress)
    material = learn_material(config, corpus, words, soft, spoken, progress)

    untrained = _build_untrained(config, output, material.vocabulary, material.salience)
    encoder = untrained.encoder()
    validation = [
        Validation(
            encoder.encode(list(split.validation["text"])).ids,
            split.validation["rating"].to_numpy(np.float32),
            split.source.weight,
        )
        for split in splits
    ]
    examples = _make_examples(config, material.reviews, material.short, encoder)
    fitted = fit(config, material.vectors, examples, validation, progress)
    bundle = dataclasses.replace(
        untrained,
        weights=_round(fitted.weights, config.weights_dtype),
        training_data=_describe_data(config, splits, words),
    )
    measured = _measure(config, bundle, splits)
    weights = dict(measured.weights)
    if config.refit:
        progress("the same again, with the texts that were held out")
        examples = _make_examples(
            config,
            concatenate([material.reviews, material.held_out_reviews]),
            concatenate([material.short, material.held_out_sentences]),
            encoder,
        )
        epochs = config.model_copy(update={"epochs": fitted.best_epoch})
        again = fit(epochs, material.vectors, examples, (), progress)
        weights = _round(again.weights, config.weights_dtype)
    return _write(config, measured, weights, output, splits, fitted.history)


def _make_examples(config: TrainConfig, reviews: Rated, short: Rated, encoder: Encoder) -> Examples:
    made = config.excerpts, config.concat_ratio, config.word_dropout
    return Examples(reviews, encoder.fill, *made, short)


def _build_untrained(
    config: TrainConfig, output: Path, vocabulary: Vocabulary, salience: Floats
) -> Bundle:
    return Bundle(
        name=config.name or output.name,
        window=config.window,
        token_selection=config.token_selection,
        vocabulary=vocabulary,
        salience=salience,
        weights={},
        rating_scale=config.target_scale,
    )


def _check_scale(config: TrainConfig, source: Source) -> None:
    low, high = config.target_scale
    outside = ~source.labelled["rating"].between(low, high)
    if outside.any():
        raise UserError(
            f"{source.name}: {outside.sum():,} ratings are outside the scale of {low:g} to "
            f"{high:g} (one is {source.labelled['rating'][outside].iloc[0]:g}): "
            "set target_scale in the config"
        )


def _describe(split: Split) -> str:
    return (
        f"{split.source.name}: {len(split.training):,} {split.source.kind} to train on, "
        f"{len(split.validation):,} to validate, "
        f"{len(split.calibration):,} to calibrate the intervals"
    )


def _describe_data(config: TrainConfig, splits: Sequence[Split], words: Words) -> dict[str, Any]:
    described = [_describe_source(split) for split in splits]
    counts = [key for key in described[0] if key.endswith("_reviews")]
    data: dict[str, Any] = {"sha256": _digest([split.source for split in splits])}
    data |= {key: sum(source[key] for source in described) for key in counts}
    if len(splits) > 1:
        data["sources"] = described
    data["vocabulary_covered_by_word_vectors"] = round(words.covered, 4)
    data["refitted"] = config.refit
    data["seed"] = config.seed
    return data


def _describe_source(split: Split) -> dict[str, Any]:
    source = split.source
    return {
        "name": source.name,
        "kind": source.kind,
        "weight": source.weight,
        "citation": source.citation,
        "labelled_reviews": len(split.training),
        "validation_reviews": len(split.validation),
        "calibration_reviews": len(split.calibration),
        "unlabelled_reviews": 0 if source.unlabelled is None else len(source.unlabelled),
    }


def _round(weights: Mapping[str, Floats], dtype: str) -> dict[str, Floats]:
    """The weights as the bundle will store them."""
    return {name: array.astype(dtype).astype(np.float32) for name, array in weights.items()}


def _measure(config: TrainConfig, bundle: Bundle, splits: Sequence[Split]) -> Bundle:
    """The bundle with intervals, figures and baseline, all by the texts that were held out."""
    scale, receptive = config.target_scale, receptive_length(config.window)
    held_out = pd.concat([split.held_out for split in splits], ignore_index=True)
    if config.calibration_share:
        intervals = learn_intervals(Rater(bundle), held_out, receptive, scale)
        bundle = dataclasses.replace(bundle, intervals=intervals)
    rater = Rater(bundle)
    figures = {
        name: headline(evaluate(rater, scale, part))
        for split in splits
        for name, part in _name_parts(split, len(splits)).items()
        if len(part)
    }
    reviews = list(_main(splits).held_out["text"])
    baseline = Baseline.of(rater.rate(reviews), scale, receptive)
    return dataclasses.replace(bundle, metrics=figures, baseline=baseline)


def _main(splits: Sequence[Split]) -> Split:
    """The first source of reviews: what is drawn is of it."""
    return next(split for split in splits if split.source.kind == REVIEWS)


def _name_parts(split: Split, sources: int) -> dict[str, pd.DataFrame]:
    """The parts that figures are given for."""
    before = f"{split.source.name}, " if sources > 1 else ""
    parts = {"validation": split.validation, "calibration": split.calibration}
    return {before + name: part for name, part in parts.items()}


def _write(
    config: TrainConfig,
    measured: Bundle,
    weights: dict[str, Floats],
    output: Path,
    splits: Sequence[Split],
    history: list[dict[str, float]],
) -> Bundle:
    """Write the bundle with its report."""
    from movierate.training.plots import draw_loss

    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder)
        evaluate(Rater(measured), config.target_scale, _main(splits).validation, report)
        training = pd.concat([split.training for split in splits], ignore_index=True)
        (report / "card.md").write_text(write_card(config, measured, training), encoding="utf-8")
        draw_loss(history, config.loss, report / "loss.png")
        (report / "epochs.json").write_text(json.dumps(history, indent=2) + "\n")
        bundle = dataclasses.replace(measured, weights=weights)
        return bundle.save(output, dtype=config.weights_dtype, report=report)


def _digest(sources: Sequence[Source]) -> str:
    """SHA-256 of the training data, whatever it was read from."""
    digest = hashlib.sha256()
    for source in sources:
        for part in (source.labelled, source.validation, source.unlabelled):
            if part is not None:
                hashed = pd.util.hash_pandas_object(part, index=False)
                digest.update(hashed.to_numpy().tobytes())
            digest.update(b"|")
    return digest.hexdigest()
