"""The vocabulary: the words and phrases that have ids.

A phrase is two words that stand together, read as one: "not worth" says what neither "not" nor
"worth" does. Tokens become ids from left to right: two neighbours that are a phrase become it,
unless the second of them and its next neighbour are one, too, that the vocabulary names earlier.

A word that has no id, but a letter three times in a row, is read with that letter twice, or else
once: "goooood" is "good", and "sooo" is "so".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from movierate.text.tokens import tokenize

PADDING = 0
UNKNOWN = 1
LONGEST_SQUEEZED = 32
"""Characters of a word whose letters may be squeezed."""

_ELONGATED = re.compile(r"([a-z])\1{2,}")

RESERVED = ("<pad>", "<unk>")
"""Names of the ids that no token has; the definition of a token can't produce them."""


class Vocabulary:
    """Tokens in id order: padding, unknown, words by frequency, phrases by what they tell."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """Take all tokens in id order, the reserved ones first.

        Args:
            tokens: a phrase is written as its two words with a space between; phrases are last.

        Raises:
            ValueError: the reserved tokens are not first, a token is there twice, a word follows
                a phrase, or a phrase is not of two words of the vocabulary.
        """
        if tuple(tokens[: len(RESERVED)]) != RESERVED:
            raise ValueError(f"a vocabulary begins with {' and '.join(RESERVED)}")
        self.tokens = tuple(tokens)
        self._ids = {token: id for id, token in enumerate(self.tokens)}
        if len(self._ids) != len(self.tokens):
            raise ValueError("a vocabulary holds each token once")
        self.words = sum(" " not in token for token in self.tokens)
        """Ids that are of no phrase: those from 0 on."""
        self.phrases = {self._pair(id): id for id in range(self.words, len(self.tokens))}
        """The id of each phrase, by the ids of its two words."""

    @classmethod
    def from_texts(cls, texts: Iterable[str], size: int, min_count: int = 1) -> Vocabulary:
        """The most frequent tokens of the texts.

        Args:
            texts: training text, and no other: what is counted here, the model knows.
            size: ids at most, the two reserved ones included.
            min_count: a token that stands in the texts less often is left out.
        """
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(tokenize(text))
        frequent = sorted((-count, token) for token, count in counts.items() if count >= min_count)
        return cls([*RESERVED, *(token for _, token in frequent[: size - len(RESERVED)])])

    def __len__(self) -> int:
        return len(self.tokens)

    def with_phrases(self, pairs: Iterable[tuple[int, int]]) -> Vocabulary:
        """The same words, and phrases, each given by the ids of its words."""
        words = self.tokens[: self.words]
        return Vocabulary([*words, *(f"{words[one]} {words[two]}" for one, two in pairs)])

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """The ids of a text's tokens, phrases joined."""
        return self.join(self.word_ids(tokens))

    def word_ids(self, tokens: Iterable[str]) -> list[int]:
        """The id of each token; `UNKNOWN` for one that is not in the vocabulary."""
        get = self._ids.get
        return [get(token) or self._squeezed_id(token) for token in tokens]

    def join(self, words: Sequence[int]) -> list[int]:
        """Ids of words with those of phrases in their place."""
        if not self.phrases:
            return list(words)
        none = len(self)
        found = [self.phrases.get(pair, none) for pair in pairwise(words)]
        found += [none, none]
        joined, at = [], 0
        while at < len(words):
            is_phrase = found[at] < none and found[at] <= found[at + 1]
            joined.append(found[at] if is_phrase else words[at])
            at += 2 if is_phrase else 1
        return joined

    def _squeezed_id(self, token: str) -> int:
        """The id of a token that has none itself."""
        if len(token) <= LONGEST_SQUEEZED and token.isascii():
            for kept in (r"\1\1", r"\1"):
                shorter = _ELONGATED.sub(kept, token)
                if shorter != token and shorter in self._ids:
                    return self._ids[shorter]
        return UNKNOWN

    def _pair(self, id: int) -> tuple[int, int]:
        one, _, two = self.tokens[id].partition(" ")
        pair = self._ids.get(one, 0), self._ids.get(two, 0)
        if min(pair) <= UNKNOWN or max(pair) >= self.words:
            raise ValueError(f"{self.tokens[id]!r} is no phrase of two words of the vocabulary")
        return pair
