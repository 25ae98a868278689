"""The vocabulary: which tokens have an id of their own, and which id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from movierate.text.tokens import tokenize

PADDING = 0
UNKNOWN = 1
RESERVED = ("<pad>", "<unk>")
"""Names of the ids that no token has; the definition of a token can't produce them."""


class Vocabulary:
    """Tokens in id order: padding, unknown, then words from the most to the least frequent."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """Take all tokens in id order, the reserved ones first.

        Raises:
            ValueError: the reserved tokens are not first, or a token is there twice.
        """
        if tuple(tokens[: len(RESERVED)]) != RESERVED:
            raise ValueError(f"a vocabulary begins with {' and '.join(RESERVED)}")
        self.tokens = tuple(tokens)
        self._ids = {token: id for id, token in enumerate(self.tokens)}
        if len(self._ids) != len(self.tokens):
            raise ValueError("a vocabulary holds each token once")

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

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """The id of each token; `UNKNOWN` for one that is not in the vocabulary."""
        get = self._ids.get
        return [get(token, UNKNOWN) for token in tokens]
