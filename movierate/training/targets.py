"""What the network is to learn: labels, mixed with what the teachers say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from movierate.config.jobs import TrainConfig
from movierate.text.tokens import tokenize
from movierate.text.window import Floats
from movierate.training.composed import compose, find_adjectives
from movierate.training.corpus import Corpus, Words
from movierate.training.examples import Rated, concatenate
from movierate.training.split import folds_by_movie
from movierate.training.teacher import FOLDS, soft_ratings

WHOLE = 4.0
"""Weight of a whole sentence in what the sentence teacher learns, beside a part of one."""

COMPOSED = 0.5
"""Weight of a composed sentence."""

TEACHING_SENTENCES = 200_000
"""Sentences with their review's rating, for the sentence teacher."""


@dataclass(frozen=True)
class ReviewTargets:
    """The stars to learn of reviews: their labels, mixed with what the teacher says."""

    reviews: Floats
    """(labelled reviews,)"""
    unlabelled: Floats
    """(unlabelled reviews,) what the teacher says; none without a teacher"""
    held_out: Floats
    """(held-out reviews,) by a teacher that has not seen their labels"""
    documents: Floats | None
    """(labelled + unlabelled, any) document vectors; None if there is no teacher."""


def rate_reviews(
    config: TrainConfig, corpus: Corpus, words: Words, progress: Callable[[str], None]
) -> ReviewTargets:
    """The targets of all reviews; without a teacher, the labels.

    Args:
        config: the recipe.
        corpus: the texts.
        words: their words.
        progress: told what is going on, a line at a time.
    """
    reviews, held_out = corpus.reviews, corpus.held_out_reviews
    if not config.distillation_weight:
        return ReviewTargets(reviews.ratings, np.zeros(0, np.float32), held_out.ratings, None)
    count = len(reviews.ratings)
    soft = soft_ratings(
        words.reviews[:count],
        reviews.ratings,
        folds_by_movie(reviews.frame, FOLDS),
        [*words.reviews[count:], *words.held_out_reviews],
        config.seed,
        progress,
    )
    unlabelled, of_held_out = np.split(soft.unlabelled, [len(corpus.unlabelled)])
    return ReviewTargets(
        _mix(config, reviews.ratings, soft.labelled),
        unlabelled,
        _mix(config, held_out.ratings, of_held_out),
        soft.documents[: len(words.reviews)],
    )


def _mix(config: TrainConfig, labels: Floats, soft: Floats) -> Floats:
    """The stars to learn."""
    weight = config.distillation_weight
    return np.asarray((1 - weight) * labels + weight * soft, np.float32)


@dataclass(frozen=True)
class ShortTexts:
    """Short texts as ids of words, with the stars to learn."""

    sentences: Rated
    """Of reviews, with the sentence teacher's ratings."""
    phrases: Rated
    """What people rated, mixed with the teacher's ratings."""
    composed: Rated
    held_out: Rated
    """As phrases, of sentences that are held out."""


class Composed(NamedTuple):
    """Composed sentences."""

    texts: list[str]
    stars: list[float]


def compose_sentences(
    config: TrainConfig, corpus: Corpus, progress: Callable[[str], None]
) -> Composed:
    """Sentences composed of the words of the phrases; none if no source has phrases.

    Args:
        config: the recipe.
        corpus: the texts.
        progress: told how many there are.
    """
    phrases, reviews = corpus.phrases, corpus.reviews
    if not phrases.texts:
        return Composed([], [])
    adjectives = find_adjectives(
        *(phrases.texts, phrases.ratings),
        *((tokenize(text) for text in reviews.texts), reviews.ratings),
    )
    random = np.random.default_rng(config.seed)
    composed = Composed(*compose(adjectives, config.composed_sentences, random))
    progress(
        f"{len(composed.texts):,} sentences composed with {len(adjectives.good)} good "
        f"and {len(adjectives.bad)} bad adjectives"
    )
    return composed


def rate_short_texts(
    config: TrainConfig,
    corpus: Corpus,
    words: Words,
    soft: ReviewTargets,
    composed: Composed,
    progress: Callable[[str], None],
) -> ShortTexts | None:
    """Short texts, and what the sentence teacher says of them; None if no source has phrases.

    Args:
        config: the recipe.
        corpus: the texts.
        words: their words.
        soft: the targets of the reviews.
        composed: further sentences.
        progress: told what is going on, a line at a time.
    """
    phrases, held_out = corpus.phrases, corpus.held_out_sentences
    if not phrases.texts:
        return None
    from movierate.training.sentences import rate_sentences, split_sentences

    random = np.random.default_rng(config.seed)
    made = Rated.of(words.ids(composed.texts), np.array(composed.stars, np.float32), COMPOSED)
    cut = [
        split_sentences(text)
        for text in (*corpus.reviews.texts, *corpus.unlabelled[: len(soft.unlabelled)])
    ]
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
        concatenate([rated, made]),
        teaching,
        asked,
        words.vectors,
        config.sentence_epochs,
        config.seed,
        progress,
    )
    said = np.clip(said, *config.target_scale).astype(np.float32)
    of_phrases, of_unseen, of_sentences = np.split(said, np.cumsum([len(known), len(unseen)]))
    return ShortTexts(
        sentences=Rated.of(sentences[: config.sentences], of_sentences),
        phrases=Rated(known, _mix(config, phrases.ratings, of_phrases), phrases.weights),
        composed=made,
        held_out=Rated(unseen, _mix(config, held_out.ratings, of_unseen), held_out.weights),
    )
