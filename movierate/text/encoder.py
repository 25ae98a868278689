"""Texts to the ids that the model reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from movierate.text.language import count_words, is_foreign
from movierate.text.tokens import tokenize
from movierate.text.vocabulary import PADDING, UNKNOWN, Vocabulary
from movierate.text.window import TOKEN_SELECTIONS, Floats, Ids, salient


@dataclass(frozen=True)
class Encoded:
    """A batch of n texts as the model reads them."""

    ids: NDArray[np.int32]
    """(n, window): the tokens read from the left, then padding."""

    words_read: NDArray[np.int32]
    """(n,): tokens read of each text, 0 for a text that has none; a phrase is one."""

    words_known: NDArray[np.int32]
    """(n,): how many of them are in the vocabulary."""

    not_english: NDArray[np.bool_]
    """(n,): whether the text is in another language than the vocabulary: see `language`. False
    where only the first and last words are looked at: no phrases, and not the salient ones."""


class Encoder:
    """Fills a window with a text's tokens: the plain Python reference."""

    def __init__(
        self, vocabulary: Vocabulary, salience: Floats, window: int, live: int, token_selection: str
    ) -> None:
        """Take what decides which tokens are read.

        Args:
            vocabulary: gives each token its id.
            salience: (ids,) float32, one number per id of the vocabulary.
            window: positions of the model's input.
            live: how many of them, from the left, can reach the model's output; no more tokens
                than these are read.
            token_selection: a name in `movierate.text.window.TOKEN_SELECTIONS`.
        """
        self._vocabulary = vocabulary
        self._salience = salience
        self._window = window
        self._live = live
        self._select = TOKEN_SELECTIONS[token_selection]
        self._looks_at_all = self._select is salient or bool(vocabulary.phrases)

    def encode(self, texts: Sequence[str | None]) -> Encoded:
        """Encode a batch; a text that is None has no tokens."""
        tokens = [tokenize(text or "") for text in texts]
        words = [self._vocabulary.word_ids(text) for text in tokens]
        encoded = self.fill([np.array(self._vocabulary.join(ids), np.int32) for ids in words])
        if not self._looks_at_all:
            return encoded
        counts = np.array([*map(count_words, tokens, words)]).reshape(-1, 3)
        return dataclasses.replace(encoded, not_english=is_foreign(*counts.T))

    def ids(self, text: str) -> Ids:
        """The ids of all tokens of a text (tokens,) int32, in reading order, phrases joined."""
        return np.array(self._vocabulary.ids(tokenize(text)), dtype=np.int32)

    def word_ids(self, text: str) -> Ids:
        """The ids of all words of a text (words,) int32, in reading order."""
        return np.array(self._vocabulary.word_ids(tokenize(text)), dtype=np.int32)

    def fill(self, reviews: Sequence[Ids]) -> Encoded:
        """Fill a window with each review, given as `ids` gives it; not_english is not told."""
        ids = np.full((len(reviews), self._window), PADDING, dtype=np.int32)
        words_read = np.zeros(len(reviews), dtype=np.int32)
        for row, review in enumerate(reviews):
            chosen = self._select(review, self._live, self._salience)
            ids[row, : len(chosen)] = chosen
            words_read[row] = len(chosen)
        words_known = (ids > UNKNOWN).sum(axis=1, dtype=np.int32)
        unasked = np.zeros(len(reviews), dtype=np.bool_)
        return Encoded(ids, words_read, words_known, not_english=unasked)
