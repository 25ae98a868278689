"""Document vectors."""

import numpy as np
import pytest
from scipy import sparse

from movierate.training.documents import NUMBERS, document_vectors

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def two_topics():
    """600 reviews of 20 n-grams each; every other one draws them from the other half of 400."""
    random = np.random.default_rng(0)
    features = np.zeros((600, 400), dtype=np.float32)
    for review in range(len(features)):
        topic = review % 2 * 200
        features[review, topic + random.choice(200, 20, replace=False)] = 1
    return sparse.csr_matrix(features)


@pytest.fixture(scope="module")
def vectors(two_topics):
    return document_vectors(two_topics, seed=1)


def test_reviews_lie_near_those_that_share_their_words(vectors):
    assert vectors.shape == (600, NUMBERS)
    assert vectors.dtype == np.float32
    apart = vectors - vectors.mean(axis=0)
    likeness = np.corrcoef(apart)
    assert likeness[::2, ::2].mean() > likeness[::2, 1::2].mean() + 0.3


def test_they_are_the_same_whatever_the_threads(two_topics, vectors, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert np.array_equal(document_vectors(two_topics, seed=1), vectors)


def test_a_review_without_any_n_gram_harms_nobody(two_topics):
    empty = sparse.csr_matrix((1, two_topics.shape[1]), dtype=np.float32)
    assert np.isfinite(document_vectors(sparse.vstack([two_topics, empty]).tocsr(), seed=1)).all()
