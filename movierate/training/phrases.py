"""Phrases: pairs of words whose meaning differs from that of the words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from movierate.text.vocabulary import UNKNOWN
from movierate.text.window import Floats, Ids
from movierate.training.salience import deviations, flatten_reviews

FEWEST_REVIEWS = 20
"""That must hold a phrase."""

SHRINKAGE = 50.0
"""Reviews of the mean rating that each word and pair is given beforehand."""


def find_phrases(
    reviews: Sequence[Ids], ratings: Floats, words: int, count: int
) -> list[tuple[int, int]]:
    """Pairs of adjacent words whose reviews have other ratings than the words suggest.

    A pair is worth as many standard errors as its mean deviations lie from those of the more
    telling of its words: as many stars, times the root of the number of reviews that hold it.

    Args:
        reviews: the ids of the words of each.
        ratings: (reviews,) stars.
        words: ids of the vocabulary.
        count: pairs at most.

    Returns:
        The ids of two words each, the most telling pair first.
    """
    tokens, rows = flatten_reviews(reviews)
    by_word = deviations(tokens, rows, ratings, words, SHRINKAGE).stars
    known = tokens > UNKNOWN
    together = (rows[1:] == rows[:-1]) & known[1:] & known[:-1]
    pairs = (tokens[:-1] * words + tokens[1:])[together]
    names, pairs = np.unique(pairs, return_inverse=True)
    by_pair = deviations(pairs, rows[:-1][together], ratings, len(names), SHRINKAGE)
    first, second = np.divmod(names, words)
    one, two = by_word[first], by_word[second]
    expected = np.where((_length(one) > _length(two))[:, None], one, two)
    worth = _length(by_pair.stars - expected) * np.sqrt(by_pair.reviews)
    worth[by_pair.reviews < FEWEST_REVIEWS] = 0
    best = np.argsort(-worth, kind="stable")[:count]
    best = best[worth[best] > 0]
    best = best[np.argsort(-_length(by_pair.stars[best]), kind="stable")]
    return list(zip(first[best].tolist(), second[best].tolist(), strict=True))


def _length(deviations: Floats) -> Floats:
    """(n, 2) to (n,)."""
    return np.asarray(np.linalg.norm(deviations, axis=1), np.float32)
