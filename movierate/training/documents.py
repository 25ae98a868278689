"""Document vectors: a place for each review, near those that hold the same words and phrases.

Every review and every n-gram has a vector. They are fitted so that the product of a review's with
an n-gram's tells whether the review holds it, against n-grams drawn at random (negative sampling:
Mikolov et al. 2013; of documents: Le & Mikolov 2014; by n-grams: Li et al. 2016, "Learning document
embeddings by predicting n-grams"). It needs no label, so reviews that have none teach it as much
as the others, and what reviews have in common shows where their words differ.

The work is cut into parts that share no vector, so that threads do not meet: a part of the reviews
with a part of the n-grams, and as many rounds as there are parts (Gemulla et al. 2011). The result
does not depend on the number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

from movierate.text.window import Floats

NUMBERS = 128
"""Of a vector."""

EPOCHS = 10
LEARNING_RATE = 0.05
"""At the start; it falls to 0 in a line."""

NEGATIVES = 5
"""N-grams drawn at random, for each that a review holds."""

FLATTENING = 0.75
"""Exponent of an n-gram's frequency among those that are drawn (Mikolov et al. 2013)."""

DRAWS = 1 << 18
"""Entries of a part's table to draw from."""

PARTS = 8
"""Of the reviews and of the n-grams: as many threads have work."""


def document_vectors(
    features: sparse.csr_matrix, seed: int, progress: Callable[[str], None] = lambda line: None
) -> Floats:
    """Vectors of reviews.

    Args:
        features: (reviews, n-grams), not 0 where a review holds an n-gram.
        seed: of the first vectors, and of all that is drawn.
        progress: told each epoch as a line.

    Returns:
        (reviews, NUMBERS) float32, each of length 1.
    """
    random = np.random.default_rng(seed)
    reviews, grams = features.shape
    starts, held = _group_by_part(features)
    draws = _sample_grams(features, random)
    documents = (random.random((reviews, NUMBERS), dtype=np.float32) - 0.5) / NUMBERS
    contexts = np.zeros((grams, NUMBERS), dtype=np.float32)
    with ThreadPoolExecutor(min(PARTS, os.cpu_count() or 1)) as threads:
        for epoch in range(EPOCHS):
            order = np.array_split(random.permutation(reviews), PARTS)
            rate = np.float32(LEARNING_RATE * (1 - epoch / EPOCHS))
            for shift in range(PARTS):
                parts = np.roll(np.arange(PARTS), shift)
                seeds = random.integers(1, 1 << 62, PARTS, dtype=np.uint64)
                fit = partial(_fit, starts, held, draws, documents, contexts, rate)
                list(threads.map(fit, order, parts, seeds))
            progress(f"teacher: document vectors, epoch {epoch + 1}/{EPOCHS}")
    lengths = np.linalg.norm(documents, axis=1, keepdims=True)
    vectors: Floats = documents / np.maximum(lengths, np.float32(1e-9))
    return vectors


def _group_by_part(features: sparse.csr_matrix) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The n-grams of each review, those of a part together.

    Returns:
        starts: (reviews * PARTS + 1,) where those of a review and a part begin; n-grams.
    """
    reviews = np.repeat(np.arange(features.shape[0]), np.diff(features.indptr))
    place = reviews * PARTS + features.indices % PARTS
    starts = np.zeros(features.shape[0] * PARTS + 1, dtype=np.int64)
    np.cumsum(np.bincount(place, minlength=len(starts) - 1), out=starts[1:])
    return starts, features.indices[np.argsort(place, kind="stable")].astype(np.int32)


def _sample_grams(features: sparse.csr_matrix, random: np.random.Generator) -> NDArray[np.int32]:
    """(PARTS, DRAWS) n-grams of each part, as often as they are to be drawn."""
    grams = features.shape[1]
    often = np.bincount(features.indices, minlength=grams) ** FLATTENING
    table = np.zeros((PARTS, DRAWS), dtype=np.int32)
    for part in range(min(PARTS, grams)):
        mine = np.arange(part, grams, PARTS)
        up_to = np.cumsum(often[mine])
        table[part] = mine[np.searchsorted(up_to, random.random(DRAWS) * up_to[-1])]
    return table


@njit(nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _fit(starts, held, draws, documents, contexts, rate, order, part, state):  # type: ignore[no-untyped-def]
    """One pass over some reviews and the n-grams of a part of them; changes both vectors.

    order: int64 (n,) reviews; held is shuffled within each. state: uint64, of the random numbers
    (Marsaglia's xorshift, 2003).
    """
    numbers = documents.shape[1]
    step = np.empty(numbers, np.float32)
    for review in order:
        document = documents[review]
        first, end = starts[review * PARTS + part], starts[review * PARTS + part + 1]
        for at in range(first, end):
            state = _next_random(state)
            other = at + np.int64(state % np.uint64(end - at))
            gram = held[other]
            held[other] = held[at]
            held[at] = gram
            step[:] = 0
            for draw in range(NEGATIVES + 1):
                context_of = gram
                if draw > 0:
                    state = _next_random(state)
                    context_of = draws[part, np.int64(state % np.uint64(DRAWS))]
                    if context_of == gram:
                        continue
                context = contexts[context_of]
                product = np.float32(0)
                for i in range(numbers):
                    product += document[i] * context[i]
                wanted = np.float32(1) if draw == 0 else np.float32(0)
                error = rate * (wanted - np.float32(1) / (np.float32(1) + np.exp(-product)))
                for i in range(numbers):
                    step[i] += error * context[i]
                    context[i] += error * document[i]
            for i in range(numbers):
                document[i] += step[i]


@njit(inline="always")  # type: ignore[untyped-decorator]
def _next_random(state):  # type: ignore[no-untyped-def]
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    return state
