"""Word vectors: what the embedding starts from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movierate.errors import UserError
from movierate.model.geometry import EMBEDDING
from movierate.text.tokens import tokenize
from movierate.text.vocabulary import PADDING, RESERVED, Vocabulary

Vectors = NDArray[np.float32]


def train_vectors(
    texts: Sequence[str], vocabulary: Vocabulary, epochs: int, seed: int
) -> tuple[Vectors, float]:
    """Word2Vec (continuous bag of words, gensim) over the texts.

    One thread: more would make the result depend on their timing.

    Returns:
        As `place_vectors`.
    """
    from gensim.models import Word2Vec

    model = Word2Vec(
        [tokenize(text) for text in texts],
        vector_size=EMBEDDING,
        window=5,
        min_count=2,
        sample=1e-4,
        negative=5,
        epochs=epochs,
        seed=seed,
        workers=1,
    )
    return place_vectors(model.wv, vocabulary, seed)


def read_vectors(path: Path, vocabulary: Vocabulary, seed: int) -> tuple[Vectors, float]:
    """Vectors from a text file of GloVe's or word2vec's format, plain or .gz.

    The two differ in one line: word2vec's begins with a count and a length.

    Raises:
        UserError: the file is missing, is no such file, or its vectors are not 100 long.
    """
    from gensim.models import KeyedVectors
    from gensim.utils import open as open_text

    try:
        with open_text(str(path), "rb") as lines:
            fields = lines.readline().split()
        vectors = KeyedVectors.load_word2vec_format(str(path), no_header=len(fields) != 2)
    except FileNotFoundError:
        raise UserError(f"word vectors: there is no file {path}") from None
    except (ValueError, UnicodeDecodeError, EOFError, OSError) as error:
        raise UserError(
            f"word vectors: {path} is not a text file of GloVe's or word2vec's format ({error})"
        ) from None
    if vectors.vector_size != EMBEDDING:
        raise UserError(
            f"word vectors: those in {path} have {vectors.vector_size} numbers, "
            f"the model's have {EMBEDDING}: give a file of that length"
        )
    return place_vectors(vectors, vocabulary, seed)


def random_vectors(vocabulary: Vocabulary, seed: int) -> Vectors:
    """(ids, 100) float32: small random numbers, zero for padding."""
    table = np.random.default_rng(seed).normal(0, 0.02, (len(vocabulary), EMBEDDING))
    table[PADDING] = 0
    return table.astype(np.float32)


def place_vectors(vectors: Any, vocabulary: Vocabulary, seed: int) -> tuple[Vectors, float]:
    """Vectors in the order of the vocabulary, scaled to what a network likes to start from.

    Args:
        vectors: gensim's KeyedVectors.
        vocabulary: a token with no vector gets a small random one, padding gets zero.
        seed: of the random ones.

    Returns:
        (ids, 100) float32 with a root mean square of 0.1 a number, and the share of the words
        of the vocabulary that had a vector.
    """
    table = random_vectors(vocabulary, seed)
    found = [id for id, token in enumerate(vocabulary.tokens) if token in vectors.key_to_index]
    rows = vectors.vectors[[vectors.key_to_index[vocabulary.tokens[id]] for id in found]]
    table[found] = 0.1 * rows / np.sqrt(np.mean(rows**2))
    return table, len(found) / max(1, len(vocabulary) - len(RESERVED))
