"""Word vectors: the initial embedding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movierate.errors import UserError
from movierate.model.shapes import EMBEDDING
from movierate.text.tokens import tokenize
from movierate.text.vocabulary import PADDING, RESERVED, Vocabulary
from movierate.text.window import Ids
from movierate.training.salience import flatten_reviews, presence

Vectors = NDArray[np.float32]

LEARNED = 200
"""Numbers of a vector that is learned here; the network's are made of them."""

SIZE = 0.1
"""Root mean square of a vector's numbers."""

SHRINKAGE = 20.0
"""Reviews of the mean kind that each token is given beforehand."""


def word2vec(texts: Sequence[str], epochs: int, seed: int) -> Any:
    """Word2Vec (skip-gram) over the texts, as gensim's KeyedVectors.

    One thread: more would make the result depend on their timing.
    """
    from gensim.models import Word2Vec

    model = Word2Vec(
        [tokenize(text) for text in texts],
        vector_size=LEARNED,
        sg=1,
        window=5,
        min_count=2,
        sample=1e-4,
        negative=5,
        epochs=epochs,
        seed=seed,
        workers=1,
    )
    return model.wv


def read_vectors(path: Path) -> Any:
    """gensim's KeyedVectors of a text file of GloVe's or word2vec's format, plain or .gz.

    The two differ in one line: word2vec's begins with a count and a length.

    Raises:
        UserError: the file is missing, is no such file, or its vectors are not 100 long.
    """
    from gensim.models import KeyedVectors
    from gensim.utils import open as open_text

    try:
        with open_text(str(path), "rb") as lines:
            fields = lines.readline().split()
        if not fields:
            raise ValueError
        vectors = KeyedVectors.load_word2vec_format(str(path), no_header=len(fields) != 2)
    except FileNotFoundError:
        raise UserError(f"word vectors: there is no file {path}") from None
    except (IsADirectoryError, PermissionError) as error:
        raise UserError(f"word vectors: {path} can't be read ({error.strerror})") from None
    except (ValueError, EOFError, OSError):
        raise UserError(
            f"word vectors: {path} is not a text file of GloVe's or word2vec's format: "
            "each line needs a word and its numbers"
        ) from None
    if vectors.vector_size != EMBEDDING:
        raise UserError(
            f"word vectors: those in {path} have {vectors.vector_size} numbers, "
            f"the model's have {EMBEDDING}: give a file of that length"
        )
    return vectors


def random_vectors(vocabulary: Vocabulary, seed: int, numbers: int = EMBEDDING) -> Vectors:
    """(ids, numbers) float32: small random numbers, zero for padding."""
    table = np.random.default_rng(seed).normal(0, 0.02, (len(vocabulary), numbers))
    table[PADDING] = 0
    return table.astype(np.float32)


def place_vectors(vectors: Any, vocabulary: Vocabulary, seed: int) -> tuple[Vectors, float]:
    """Vectors in the order of the vocabulary, scaled to what a network likes to start from.

    Args:
        vectors: gensim's KeyedVectors.
        vocabulary: a token with no vector gets a small random one, padding gets zero.
        seed: of the random ones.

    Returns:
        (ids, any) float32 with a root mean square of `SIZE` a number, and the share of the words
        of the vocabulary that had a vector.

    Raises:
        UserError: none had.
    """
    table = random_vectors(vocabulary, seed, vectors.vector_size)
    words = vocabulary.words - len(RESERVED)
    found = [id for id, token in enumerate(vocabulary.tokens) if token in vectors.key_to_index]
    if not found:
        raise UserError(f"word vectors: they have none of the {words:,} words of the reviews")
    rows = vectors.vectors[[vectors.key_to_index[vocabulary.tokens[id]] for id in found]]
    table[found] = SIZE * rows / np.sqrt(np.mean(rows**2))
    return table, len(found) / words


def add_phrases(vectors: Vectors, vocabulary: Vocabulary) -> Vectors:
    """The vectors of the words, and after them those of the phrases: the mean of their words'."""
    pairs = np.array(list(vocabulary.phrases), dtype=np.intp).reshape(-1, 2)
    return np.concatenate([vectors, vectors[pairs].mean(axis=1)])


def shorten(vectors: Vectors, reviews: Sequence[Ids]) -> Vectors:
    """Vectors of as many numbers as the network's: the directions in which words differ most.

    Args:
        vectors: (ids, at least 100).
        reviews: the ids of the tokens of each.

    Returns:
        (ids, 100) float32.
    """
    if vectors.shape[1] == EMBEDDING:
        return vectors
    tokens, rows = flatten_reviews(reviews)
    often = np.diff(presence(tokens, rows, (len(vectors), len(reviews))).indptr)
    table = np.asarray(_principal(vectors, _weigh(often), EMBEDDING), np.float32)
    table[: len(RESERVED)] = vectors[: len(RESERVED), :EMBEDDING]
    return table


def add_topics(vectors: Vectors, reviews: Sequence[Ids], documents: Vectors) -> Vectors:
    """Word vectors of two halves: what they were, and what kind of review the word stands in.

    Of each, the directions in which words differ most (principal components, a word weighted by
    the root of the number of reviews that hold it).

    Args:
        vectors: (ids, at least 50).
        reviews: the ids of the tokens of each.
        documents: (reviews, any) document vectors.

    Returns:
        (ids, 100) float32 with a root mean square of `SIZE` a number.
    """
    tokens, rows = flatten_reviews(reviews)
    holds = presence(tokens, rows, (len(vectors), len(reviews)))
    often = np.diff(holds.indptr)
    topics = holds @ (documents - documents.mean(axis=0)) / (often[:, None] + SHRINKAGE)
    weights = _weigh(often)
    halves = [_principal(part, weights, EMBEDDING // 2) for part in (vectors, topics)]
    table = np.concatenate(halves, axis=1).astype(np.float32)
    table[: len(RESERVED)] = vectors[: len(RESERVED), :EMBEDDING]
    return table


def _weigh(often: NDArray[Any]) -> NDArray[Any]:
    """The weight of each id, by the reviews that hold it."""
    weights: NDArray[Any] = np.sqrt(often)
    weights[: len(RESERVED)] = 0
    return weights


def _principal(vectors: Vectors, weights: NDArray[Any], numbers: int) -> Vectors:
    """The coordinates along the first principal components, scaled."""
    apart = vectors - np.average(vectors, axis=0, weights=weights)
    _, directions = np.linalg.eigh((apart * weights[:, None]).T @ apart)
    found: Vectors = apart @ directions[:, ::-1][:, :numbers]
    found *= SIZE / np.sqrt(np.mean(found[len(RESERVED) :] ** 2))
    return found
