"""The training examples of an epoch: reviews, excerpts, and two reviews joined.

Whole reviews alone would teach it that reviews are long and firm. Excerpts show it texts of a few
words, where it can't be sure; joined reviews show it mixed feelings, whose ratings lie between the
extremes that most reviewers choose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from movierate.text.encoder import Encoded
from movierate.text.vocabulary import PADDING, UNKNOWN
from movierate.text.window import Floats, Ids

SHORTEST_EXCERPT = 12
"""Tokens."""

JOINED_SHARES = 0.25, 0.75
"""How much of each of two joined reviews is taken."""


class Examples:
    """Reviews to train on; every epoch sees them, and other parts of them."""

    def __init__(
        self,
        reviews: Sequence[Ids],
        ratings: Floats,
        fill: Callable[[Sequence[Ids]], Encoded],
        excerpts: float = 0.0,
        joined: float = 0.0,
        word_dropout: float = 0.0,
    ) -> None:
        """Take the reviews.

        Args:
            reviews: the ids of all tokens of each.
            ratings: (reviews,) stars that the network is to learn.
            fill: makes windows of them.
            excerpts: an epoch's excerpts, as a share of the reviews.
            joined: an epoch's joined pairs, as a share of the reviews.
            word_dropout: share of the tokens made unknown.
        """
        self._reviews = reviews
        self.ratings = ratings
        self._fill = fill
        self._whole = fill(reviews).ids
        self._excerpts = round(excerpts * len(reviews))
        self._joined = round(joined * len(reviews))
        self._word_dropout = word_dropout

    def __len__(self) -> int:
        """Examples of an epoch."""
        return len(self._reviews) + self._excerpts + self._joined

    def epoch(self, random: np.random.Generator) -> tuple[Ids, Floats]:
        """Ids (examples, window) int32 and ratings (examples,) float32."""
        parts = [self._excerpt(random) for _ in range(self._excerpts)]
        parts += [self._join(random) for _ in range(self._joined)]
        ids = np.concatenate([self._whole, self._fill([part for part, _ in parts]).ids])
        ratings = np.concatenate([self.ratings, [rating for _, rating in parts]])
        hidden = (random.random(ids.shape) < self._word_dropout) & (ids != PADDING)
        return np.where(hidden, UNKNOWN, ids).astype(np.int32), ratings.astype(np.float32)

    def _excerpt(self, random: np.random.Generator) -> tuple[Ids, np.float32]:
        """A few words of a review, or many: any order of magnitude is as likely."""
        row = int(random.integers(len(self._reviews)))
        review = self._reviews[row]
        longest = max(len(review), SHORTEST_EXCERPT)
        length = int(np.exp(random.uniform(np.log(SHORTEST_EXCERPT), np.log(longest))))
        start = int(random.integers(max(1, len(review) - length + 1)))
        return review[start : start + length], self.ratings[row]

    def _join(self, random: np.random.Generator) -> tuple[Ids, np.float32]:
        """The beginning of one review and the end of another; their mean rating by length."""
        first, second = random.integers(len(self._reviews), size=2).tolist()
        share = random.uniform(*JOINED_SHARES)
        begin, end = self._reviews[first], self._reviews[second]
        begin = begin[: int(len(begin) * share)]
        end = end[len(end) - int(len(end) * (1 - share)) :]
        weight = len(begin) / max(1, len(begin) + len(end))
        rating = weight * self.ratings[first] + (1 - weight) * self.ratings[second]
        return np.concatenate([begin, end]), rating
