"""What the network reads: the vocabulary of words and phrases, and all texts by it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from movierate.config.jobs import TrainConfig
from movierate.inference.encoder import join_phrases
from movierate.text.vocabulary import Vocabulary
from movierate.text.window import Floats, Ids
from movierate.training.corpus import Corpus, Words, phrase_count
from movierate.training.examples import Rated, concatenate
from movierate.training.phrases import find_phrases
from movierate.training.salience import learn_salience
from movierate.training.targets import ReviewTargets, ShortTexts
from movierate.training.vectors import add_phrases, add_topics, shorten


@dataclass(frozen=True)
class Material:
    """What the network reads and learns; texts are ids of words and phrases."""

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


def learn_material(
    config: TrainConfig,
    corpus: Corpus,
    words: Words,
    soft: ReviewTargets,
    spoken: ShortTexts | None,
    progress: Callable[[str], None],
) -> Material:
    """The vocabulary with its phrases, the salience and the vector of each id, and all texts.

    Args:
        config: the recipe.
        corpus: the texts.
        words: their words.
        soft: the targets of the reviews.
        spoken: the short texts, if there are any.
        progress: told what is going on, a line at a time.
    """
    single, count = words.vocabulary, phrase_count(config)
    targets = np.concatenate([soft.reviews, soft.unlabelled]).astype(np.float32)
    sets: list[tuple[Sequence[Ids], Floats]] = [(words.reviews[: len(targets)], targets)]
    if spoken and len(spoken.sentences):
        sets.append((spoken.sentences.texts, spoken.sentences.ratings))
    vocabulary = single.with_phrases(_find_phrases(sets, len(single), count))
    progress(f"vocabulary of {vocabulary.words:,} words and {len(vocabulary.phrases):,} phrases")

    reviews = join_phrases(vocabulary, words.reviews)
    labels = corpus.reviews.ratings
    salience = learn_salience(
        reviews[: len(labels)], labels, len(vocabulary), config.salience_shrinkage
    )
    vectors = add_phrases(words.vectors, vocabulary)
    if soft.documents is None:
        vectors = shorten(vectors, reviews)
    else:
        vectors = add_topics(vectors, reviews, soft.documents)
    weights = np.concatenate([corpus.reviews.weights, corpus.unlabelled_weights])
    held_out = join_phrases(vocabulary, words.held_out_reviews)
    short = [spoken.phrases, spoken.composed, spoken.sentences] if spoken else []
    return Material(
        vocabulary,
        vectors,
        salience,
        Rated(reviews[: len(targets)], targets, weights[: len(targets)]),
        _join_rated(vocabulary, short),
        Rated(held_out, soft.held_out, corpus.held_out_reviews.weights),
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
