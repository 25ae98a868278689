"""How much each token of the vocabulary says about a rating, learned from training labels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from movierate.text.tokens import tokenize
from movierate.text.vocabulary import UNKNOWN, Vocabulary


def learn_salience(
    texts: Iterable[str], ratings: NDArray[np.float32], vocabulary: Vocabulary, shrinkage: float
) -> NDArray[np.float32]:
    """The shrunken mean deviation of the ratings of the reviews that hold a token.

    For a token that stands in d reviews, it is ``|sum of (rating - mean rating)| / (d +
    shrinkage)`` stars: rare tokens are pulled towards 0, where padding and unknown are.

    Args:
        texts: training reviews.
        ratings: (texts,) stars.
        vocabulary: of which each id gets a number.
        shrinkage: reviews of the mean rating that each token is given beforehand.

    Returns:
        (ids,) float32, at least 0.
    """
    deviations = ratings - ratings.mean()
    total = np.zeros(len(vocabulary))
    reviews = np.zeros(len(vocabulary))
    for text, deviation in zip(texts, deviations, strict=True):
        present = sorted(set(vocabulary.ids(tokenize(text))))
        total[present] += deviation
        reviews[present] += 1
    salience = np.abs(total) / (reviews + shrinkage)
    salience[: UNKNOWN + 1] = 0
    return salience.astype(np.float32)
