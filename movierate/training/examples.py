"""The training examples of an epoch: reviews, excerpts, two reviews joined, and short texts.

Whole reviews alone would teach it that reviews are long and firm. Excerpts show it texts of a few
words, where it can't be sure; joined reviews show it mixed feelings, whose ratings lie between the
extremes that most reviewers choose. Phrases and sentences are shown as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from movierate.text.encoder import Encoded
from movierate.text.vocabulary import PADDING, UNKNOWN
from movierate.text.window import Floats, Ids

SHORTEST_EXCERPT = 12
"""Tokens."""

JOINED_SHARES = 0.25, 0.75
"""How much of each of two joined reviews is taken."""


@dataclass(frozen=True)
class Rated:
    """Texts, and the ratings to learn."""

    texts: Sequence[Ids]
    """The ids of all tokens of each."""
    ratings: Floats
    """(n,) stars."""
    weights: Floats
    """(n,) of each in the loss."""

    @classmethod
    def of(cls, texts: Sequence[Ids], ratings: Floats, weight: float = 1.0) -> Rated:
        """Texts of the same weight."""
        return cls(texts, ratings, np.full(len(texts), weight, np.float32))

    def __len__(self) -> int:
        return len(self.texts)


def concatenate(parts: Sequence[Rated]) -> Rated:
    """All of some texts."""
    none = np.zeros(0, np.float32)
    return Rated(
        [text for part in parts for text in part.texts],
        np.concatenate([none, *(part.ratings for part in parts)]),
        np.concatenate([none, *(part.weights for part in parts)]),
    )


class Examples:
    """Texts to train on; every epoch sees them, and other parts of the reviews."""

    def __init__(
        self,
        reviews: Rated,
        fill: Callable[[Sequence[Ids]], Encoded],
        excerpts: float = 0.0,
        joined: float = 0.0,
        word_dropout: float = 0.0,
        short: Rated | None = None,
    ) -> None:
        """Take the texts.

        Args:
            reviews: whole reviews.
            fill: makes windows of them.
            excerpts: an epoch's excerpts, as a share of the reviews.
            joined: an epoch's joined pairs, as a share of the reviews.
            word_dropout: share of the tokens made unknown.
            short: texts to show as they are.
        """
        self._reviews = reviews
        whole = concatenate([reviews, *([short] if short else [])])
        self.ratings = whole.ratings
        self._weights = whole.weights
        self._fill = fill
        self._whole = fill(whole.texts).ids
        self._excerpts = round(excerpts * len(reviews))
        self._joined = round(joined * len(reviews))
        self._word_dropout = word_dropout

    def __len__(self) -> int:
        """Examples of an epoch."""
        return len(self._whole) + self._excerpts + self._joined

    def epoch(self, random: np.random.Generator) -> tuple[Ids, Floats, Floats]:
        """Ids (examples, window) int32, ratings and weights (examples,) float32."""
        parts = [self._excerpt(random) for _ in range(self._excerpts)]
        parts += [self._join(random) for _ in range(self._joined)]
        ids = np.concatenate([self._whole, self._fill([part for part, _, _ in parts]).ids])
        ratings = np.concatenate([self.ratings, [rating for _, rating, _ in parts]])
        weights = np.concatenate([self._weights, [weight for _, _, weight in parts]])
        hidden = (random.random(ids.shape, np.float32) < self._word_dropout) & (ids != PADDING)
        ids[hidden] = UNKNOWN
        return ids, ratings.astype(np.float32), weights.astype(np.float32)

    def _excerpt(self, random: np.random.Generator) -> tuple[Ids, np.float32, np.float32]:
        """A few words of a review, or many: any order of magnitude is as likely."""
        row = int(random.integers(len(self._reviews)))
        review = self._reviews.texts[row]
        longest = max(len(review), SHORTEST_EXCERPT)
        length = int(np.exp(random.uniform(np.log(SHORTEST_EXCERPT), np.log(longest))))
        start = int(random.integers(max(1, len(review) - length + 1)))
        part = review[start : start + length]
        return part, self._reviews.ratings[row], self._reviews.weights[row]

    def _join(self, random: np.random.Generator) -> tuple[Ids, np.float32, np.float32]:
        """The beginning of one review and the end of another; their mean rating by length."""
        first, second = random.integers(len(self._reviews), size=2).tolist()
        share = random.uniform(*JOINED_SHARES)
        begin, end = self._reviews.texts[first], self._reviews.texts[second]
        begin = begin[: int(len(begin) * share)]
        end = end[len(end) - int(len(end) * (1 - share)) :]
        ratings, weights = self._reviews.ratings, self._reviews.weights
        of_first = len(begin) / max(1, len(begin) + len(end))
        rating = of_first * ratings[first] + (1 - of_first) * ratings[second]
        return np.concatenate([begin, end]), rating, (weights[first] + weights[second]) / 2
