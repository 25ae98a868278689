"""Trains a model on labelled texts, and writes its bundle."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from movierate.config.jobs import TrainConfig
from movierate.errors import UserError
from movierate.inference.encoder import join_phrases
from movierate.inference.rater import Rater
from movierate.model.baseline import Baseline
from movierate.model.bundle import Bundle, check_replaceable
from movierate.model.shapes import receptive_length
from movierate.text.encoder import Encoder
from movierate.text.tokens import tokenize
from movierate.text.vocabulary import Vocabulary
from movierate.text.window import Floats, Ids
from movierate.training.card import write_card
from movierate.training.composed import compose, find_adjectives
from movierate.training.corpus import (
    Corpus,
    Words,
    gather,
    learn_words,
    phrase_count,
    read_given_vectors,
)
from movierate.training.evaluate import evaluate, headline
from movierate.training.examples import Examples, Rated, concatenate
from movierate.training.intervals import learn_intervals
from movierate.training.phrases import find_phrases
from movierate.training.salience import learn_salience
from movierate.training.sources import Source, Split, split_sources
from movierate.training.split import folds_by_movie
from movierate.training.teacher import FOLDS, soft_ratings
from movierate.training.vectors import add_phrases, add_topics, shorten

WHOLE = 4.0
"""Weight of a whole sentence in what the sentence teacher learns, beside a part of one."""

COMPOSED = 0.5
"""Weight of a composed sentence."""

TEACHING_SENTENCES = 200_000
"""Sentences with their review's rating, for the sentence teacher."""


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
    words = learn_words(config, corpus, given, progress)
    soft = _rate_reviews(config, corpus, words, progress)
    spoken = _rate_sentences(config, corpus, words, soft, progress)
    material = _learn_vocabulary(config, corpus, words, soft, spoken, progress)

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


@dataclass(frozen=True)
class _Soft:
    """The teacher's ratings of reviews."""

    reviews: Floats
    """(labelled reviews,) stars, mixed with their labels"""
    unlabelled: Floats
    held_out: Floats
    documents: Floats | None
    """(labelled + unlabelled, any) document vectors; None if there is no teacher."""


def _rate_reviews(
    config: TrainConfig, corpus: Corpus, words: Words, progress: Callable[[str], None]
) -> _Soft:
    """What the teacher says of the reviews; without one, what the labels say."""
    reviews, held_out = corpus.reviews, corpus.held_out_reviews
    if not config.distillation_weight:
        return _Soft(reviews.ratings, np.zeros(0, np.float32), held_out.ratings, None)
    soft = soft_ratings(
        words.ids(reviews.texts),
        reviews.ratings,
        folds_by_movie(reviews.frame, FOLDS),
        words.ids([*corpus.unlabelled, *held_out.texts]),
        config.seed,
        progress,
    )
    unlabelled, of_held_out = np.split(soft.unlabelled, [len(corpus.unlabelled)])
    return _Soft(
        _mix(config, reviews.ratings, soft.labelled),
        unlabelled,
        _mix(config, held_out.ratings, of_held_out),
        soft.documents[: len(reviews.texts) + len(unlabelled)],
    )


def _mix(config: TrainConfig, labels: Floats, soft: Floats) -> Floats:
    """The stars to learn."""
    weight = config.distillation_weight
    return np.asarray((1 - weight) * labels + weight * soft, np.float32)


@dataclass(frozen=True)
class _Spoken:
    """Short texts, as words."""

    sentences: Rated
    """Of reviews, with the sentence teacher's ratings."""
    phrases: Rated
    """What people rated, mixed with the teacher's ratings."""
    composed: Rated
    held_out: Rated
    """As phrases, of sentences that are held out."""


def _rate_sentences(
    config: TrainConfig,
    corpus: Corpus,
    words: Words,
    soft: _Soft,
    progress: Callable[[str], None],
) -> _Spoken | None:
    """What the sentence teacher says of short texts; None if no source has phrases."""
    phrases, held_out = corpus.phrases, corpus.held_out_sentences
    if not phrases.texts:
        return None
    from movierate.training.sentences import rate_sentences, split_sentences

    random = np.random.default_rng(config.seed)
    adjectives = find_adjectives(
        phrases.texts, phrases.ratings, (tokenize(text) for text in corpus.reviews.texts)
    )
    texts, stars = compose(adjectives, config.composed_sentences, random)
    composed = Rated.of(words.ids(texts), np.array(stars, np.float32), COMPOSED)
    progress(
        f"{len(texts):,} sentences composed with {len(adjectives.good)} good "
        f"and {len(adjectives.bad)} bad adjectives"
    )

    reviews = [*corpus.reviews.texts, *corpus.unlabelled[: len(soft.unlabelled)]]
    cut = [split_sentences(text) for text in reviews]
    ratings = np.repeat([*soft.reviews, *soft.unlabelled], [len(parts) for parts in cut])
    flat = [part for parts in cut for part in parts]
    chosen = random.permutation(len(flat))[: max(config.sentences, TEACHING_SENTENCES)]
    sentences = words.ids([flat[row] for row in chosen])
    teaching = Rated.of(
        sentences[:TEACHING_SENTENCES], ratings[chosen][:TEACHING_SENTENCES].astype(np.float32)
    )

    known, unseen = words.ids(phrases.texts), words.ids(held_out.texts)
    is_whole = np.isin(phrases.frame["text"], corpus.whole)
    rated = Rated(known, phrases.ratings, phrases.weights * np.where(is_whole, WHOLE, 1))
    asked = [*known, *unseen, *sentences[: config.sentences]]
    said = rate_sentences(
        concatenate([rated, composed]),
        teaching,
        asked,
        words.vectors,
        config.sentence_epochs,
        config.seed,
        progress,
    )
    said = np.clip(said, *config.target_scale).astype(np.float32)
    of_phrases, of_unseen, of_sentences = np.split(said, np.cumsum([len(known), len(unseen)]))
    return _Spoken(
        sentences=Rated.of(sentences[: config.sentences], of_sentences),
        phrases=Rated(known, _mix(config, phrases.ratings, of_phrases), phrases.weights),
        composed=composed,
        held_out=Rated(unseen, _mix(config, held_out.ratings, of_unseen), held_out.weights),
    )


@dataclass(frozen=True)
class _Material:
    """What the network reads and learns."""

    vocabulary: Vocabulary
    """Words and phrases."""
    vectors: Floats
    """(ids, 100)"""
    salience: Floats
    """(ids,)"""
    reviews: Rated
    short: Rated
    """Phrases and sentences."""
    held_out_reviews: Rated
    held_out_sentences: Rated


def _learn_vocabulary(
    config: TrainConfig,
    corpus: Corpus,
    words: Words,
    soft: _Soft,
    spoken: _Spoken | None,
    progress: Callable[[str], None],
) -> _Material:
    """The vocabulary with its phrases, the salience and the vector of each id, and all texts."""
    single, count = words.vocabulary, phrase_count(config)
    targets = np.concatenate([soft.reviews, soft.unlabelled]).astype(np.float32)
    unlabelled = corpus.unlabelled if len(soft.unlabelled) else []
    reviews = words.ids([*corpus.reviews.texts, *corpus.unlabelled])
    rated = reviews[: len(targets)]
    sets: list[tuple[Sequence[Ids], Floats]] = [(rated, targets)]
    if spoken and len(spoken.sentences):
        sets.append((spoken.sentences.texts, spoken.sentences.ratings))
    vocabulary = single.with_phrases(_find_phrases(sets, len(single), count))
    progress(f"vocabulary of {vocabulary.words:,} words and {len(vocabulary.phrases):,} phrases")

    reviews = join_phrases(vocabulary, reviews)
    labels = corpus.reviews.ratings
    salience = learn_salience(
        reviews[: len(labels)], labels, len(vocabulary), config.salience_shrinkage
    )
    vectors = add_phrases(words.vectors, vocabulary)
    if soft.documents is None:
        vectors = shorten(vectors, reviews)
    else:
        vectors = add_topics(vectors, reviews, soft.documents)
    weights = corpus.reviews.weights
    if unlabelled:
        weights = np.concatenate([weights, corpus.unlabelled_weights])
    held_out = corpus.held_out_reviews
    short = [spoken.phrases, spoken.composed, spoken.sentences] if spoken else []
    return _Material(
        vocabulary,
        vectors,
        salience,
        Rated(reviews[: len(targets)], targets, weights),
        _join_rated(vocabulary, short),
        Rated(join_phrases(vocabulary, words.ids(held_out.texts)), soft.held_out, held_out.weights),
        _join_rated(vocabulary, [spoken.held_out] if spoken else []),
    )


def _find_phrases(
    sets: Sequence[tuple[Sequence[Ids], Floats]], words: int, count: int
) -> list[tuple[int, int]]:
    """The most telling phrases of each set of texts, as many of each."""
    share = -(-count // len(sets))
    found = [find_phrases(texts, ratings, words, share) for texts, ratings in sets]
    return list(dict.fromkeys(pair for pairs in found for pair in pairs))[:count]


def _join_rated(vocabulary: Vocabulary, parts: Sequence[Rated]) -> Rated:
    whole = concatenate(parts)
    return dataclasses.replace(whole, texts=join_phrases(vocabulary, whole.texts))


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
    reviews = splits[0].held_out
    baseline = Baseline.of(rater.rate(list(reviews["text"])), scale, receptive)
    return dataclasses.replace(bundle, metrics=figures, baseline=baseline)


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
        evaluate(Rater(measured), config.target_scale, splits[0].validation, report)
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
