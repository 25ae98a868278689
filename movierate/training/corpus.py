"""The texts of all sources together, split, and their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from movierate.config.jobs import TrainConfig
from movierate.text.tokens import tokenize
from movierate.text.vocabulary import Vocabulary
from movierate.text.window import Floats, Ids
from movierate.training.sources import REVIEWS, Split
from movierate.training.vectors import (
    place_vectors,
    random_vectors,
    read_vectors,
    word2vec,
)


@dataclass(frozen=True)
class Labelled:
    """Labelled texts of several sources."""

    frame: pd.DataFrame
    """The columns movie_id (string; no two sources share a movie), rating (stars), text."""
    weights: Floats
    """(n,) of each in the loss."""

    @property
    def ratings(self) -> Floats:
        """(n,) stars."""
        return self.frame["rating"].to_numpy(np.float32)

    @property
    def texts(self) -> list[str]:
        """(n,)"""
        return list(self.frame["text"])


@dataclass(frozen=True)
class Corpus:
    """The texts of all sources, by what they are used for."""

    reviews: Labelled
    phrases: Labelled
    whole: list[str]
    """The phrases that are no part of another one: whole sentences."""
    unlabelled: list[str]
    """Reviews."""
    unlabelled_weights: Floats
    held_out_reviews: Labelled
    """For validation and calibration."""
    held_out_sentences: Labelled


def gather(splits: Sequence[Split]) -> Corpus:
    """The texts of some sources.

    Args:
        splits: a source each.
    """
    reviews = [split for split in splits if split.source.kind == REVIEWS]
    phrases = [split for split in splits if split.source.kind != REVIEWS]
    unlabelled = [
        (list(split.source.unlabelled), split.source.weight)
        for split in reviews
        if split.source.unlabelled is not None
    ]
    return Corpus(
        reviews=_label(reviews, lambda split: split.training),
        phrases=_label(phrases, lambda split: split.training),
        whole=[text for split in phrases for text in split.whole],
        unlabelled=[text for texts, _ in unlabelled for text in texts],
        unlabelled_weights=np.repeat(
            np.array([weight for _, weight in unlabelled], np.float32),
            [len(texts) for texts, _ in unlabelled],
        ),
        held_out_reviews=_label(reviews, lambda split: split.held_out),
        held_out_sentences=_label(phrases, lambda split: split.held_out),
    )


def _label(splits: Sequence[Split], part: Callable[[Split], pd.DataFrame]) -> Labelled:
    if not splits:
        empty = pd.DataFrame({"movie_id": [], "rating": [], "text": []})
        return Labelled(empty, np.zeros(0, np.float32))
    frames, weights = [], []
    for split in splits:
        frame = part(split)[["movie_id", "rating", "text"]]
        frames.append(frame.assign(movie_id=f"{split.source.name} " + frame["movie_id"]))
        weights.append(np.full(len(frame), split.source.weight, np.float32))
    return Labelled(pd.concat(frames, ignore_index=True), np.concatenate(weights))


@dataclass(frozen=True)
class Words:
    """The single words of a corpus."""

    vocabulary: Vocabulary
    vectors: Floats
    """(ids, any)"""
    covered: float
    """Share of the words that have a trained vector."""
    reviews: list[Ids]
    """The ids of each review's words: the labelled reviews, then the unlabelled ones."""
    held_out_reviews: list[Ids]

    def ids(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text's words."""
        return _look_up(self.vocabulary, texts)


def _look_up(vocabulary: Vocabulary, texts: Sequence[str]) -> list[Ids]:
    return [np.array(vocabulary.word_ids(tokenize(text)), dtype=np.int32) for text in texts]


def learn_words(
    config: TrainConfig,
    corpus: Corpus,
    composed: Sequence[str],
    given: Any,
    progress: Callable[[str], None],
) -> Words:
    """The vocabulary of single words, and their vectors.

    Args:
        config: the recipe.
        corpus: what was not held out is read.
        composed: sentences that may have words of their own, like emoji; they need ids, too.
        given: the vectors of `read_given_vectors`.
        progress: told how many words have a vector.
    """
    reviews = [*corpus.reviews.texts, *corpus.unlabelled]
    texts = [*reviews, *corpus.whole]
    size = config.vocabulary_size - phrase_count(config)
    vocabulary = Vocabulary.from_texts([*texts, *composed], size, config.min_count)
    if config.word_vectors == "random":
        vectors, covered = random_vectors(vocabulary, config.seed), 0.0
    else:
        found = word2vec(texts, config.word_vector_epochs, config.seed) if given is None else given
        vectors, covered = place_vectors(found, vocabulary, config.seed)
    source = {"train": "trained vectors", "random": "random vectors"}
    kind = source.get(config.word_vectors, f"vectors of {config.word_vectors}")
    progress(f"{kind} for {round(covered * vocabulary.words):,} of {vocabulary.words:,} words")
    held_out = corpus.held_out_reviews.texts
    looked_up = (_look_up(vocabulary, part) for part in (reviews, held_out))
    return Words(vocabulary, vectors, covered, *looked_up)


def read_given_vectors(config: TrainConfig) -> Any:
    """The vectors of a file, if one was named.

    Raises:
        UserError: it can't be read.
    """
    is_file = config.word_vectors not in ("train", "random")
    return read_vectors(Path(config.word_vectors)) if is_file else None


def phrase_count(config: TrainConfig) -> int:
    """How many ids are for phrases at most."""
    return int(config.phrase_share * config.vocabulary_size)
