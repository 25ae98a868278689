"""What a model is trained on: labelled texts from one or more sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from movierate.errors import UserError
from movierate.text.tokens import tokenize
from movierate.training.split import set_aside

REVIEWS, PHRASES = "reviews", "phrases"
"""Kinds of sources. `PHRASES`: sentences and parts of them, each with a rating of its own."""

_REST_OF_A_WORD = re.compile(r"^\W*['\u2019]\w+\s")

FEWEST_REVIEWS = 100
"""Labelled reviews below which training is refused: nothing could be learned from fewer."""


@dataclass(frozen=True)
class Source:
    """Labelled texts from one place."""

    name: str
    labelled: pd.DataFrame
    """The columns movie_id (string), rating (stars on the model's scale) and text (string)."""
    unlabelled: pd.Series | None = None
    """Further texts (string): for the vocabulary and the word vectors, and the teacher rates them
    for the network."""
    validation: pd.DataFrame | None = None
    """As labelled, of other movies: chooses the epoch. None: a part of labelled does."""
    kind: str = REVIEWS
    weight: float = 1.0
    """Of each of its texts in the loss."""
    citation: str | None = None


@dataclass(frozen=True)
class Split:
    """A source's texts by what they are used for."""

    source: Source
    training: pd.DataFrame
    validation: pd.DataFrame
    calibration: pd.DataFrame
    """May be empty."""
    is_whole: NDArray[np.bool_]
    """(training texts,) False: it is part of another one."""

    @property
    def whole(self) -> list[str]:
        """The training texts that are no part of another one."""
        return list(self.training["text"][self.is_whole])

    @property
    def held_out(self) -> pd.DataFrame:
        """The texts that are not trained on."""
        return pd.concat([self.validation, self.calibration], ignore_index=True)


def split_sources(
    sources: Sequence[Source], validation_share: float, calibration_share: float, seed: int
) -> list[Split]:
    """Set a part of each source aside, for validation and calibration.

    Of phrases, only whole sentences are set aside. Their parts are not trained on, unless they are
    parts of other sentences, too.

    Args:
        sources: at least one is of reviews; the names differ.
        validation_share: of the labelled texts, where the source has no validation set.
        calibration_share: of the labelled texts.
        seed: decides which movies.

    Raises:
        UserError: there are too few reviews, or fewer than two movies are left to train on.
    """
    reviews = sum(len(source.labelled) for source in sources if source.kind == REVIEWS)
    if reviews < FEWEST_REVIEWS:
        raise UserError(
            f"reviews: only {reviews} have a text and a rating, "
            f"training needs at least {FEWEST_REVIEWS}"
        )
    shares = validation_share, calibration_share
    return [
        _split_phrases(source, *shares, seed)
        if source.kind == PHRASES
        else _split_reviews(source, *shares, seed)
        for source in sources
    ]


def _split_reviews(
    source: Source, validation_share: float, calibration_share: float, seed: int
) -> Split:
    shares = validation_share, calibration_share
    parts = set_aside(source.labelled, source.validation, *shares, seed)
    return Split(source, *parts, is_whole=np.ones(len(parts.training), bool))


def _split_phrases(
    source: Source, validation_share: float, calibration_share: float, seed: int
) -> Split:
    labelled = source.labelled.reset_index(drop=True)
    words = [_words_of(text) for text in labelled["text"]]
    is_whole = find_whole(words)
    shares = validation_share, calibration_share
    parts = set_aside(labelled[is_whole], source.validation, *shares, seed)
    held_out = pd.concat([parts.validation["text"], parts.calibration["text"]])
    of_held_out = _all_parts(map(_words_of, held_out))
    of_others = _all_parts(map(_words_of, parts.training["text"]))
    names = (" ".join(text) for text in words)
    is_kept = [
        not whole and (name in of_others or name not in of_held_out)
        for name, whole in zip(names, is_whole, strict=True)
    ]
    training = pd.concat([parts.training, labelled[is_kept]], ignore_index=True)
    trained_whole = np.arange(len(training)) < len(parts.training)
    return Split(source, training, parts.validation, parts.calibration, trained_whole)


def find_whole(texts: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
    """Which texts are no part of a longer one, nor the same as an earlier one.

    A sentence and the phrase that is all of it but the full stop have the same tokens: either may
    stand for both.

    Args:
        texts: the tokens of each.

    Returns:
        (n,)
    """
    parts: set[str] = set()
    is_whole = np.zeros(len(texts), bool)
    for row in sorted(range(len(texts)), key=lambda row: -len(texts[row])):
        if texts[row] and " ".join(texts[row]) not in parts:
            is_whole[row] = True
            parts |= _all_parts([texts[row]])
    return is_whole


def _words_of(text: str) -> list[str]:
    """Tokens, less what is left of a word at the start, like that of "'s" in "'s very good"."""
    return tokenize(_REST_OF_A_WORD.sub("", text))


def _all_parts(texts: Iterable[Sequence[str]]) -> set[str]:
    """The runs of words that the texts hold, the texts themselves included."""
    return {
        " ".join(text[start:end])
        for text in texts
        for start in range(len(text))
        for end in range(start + 1, len(text) + 1)
    }
