import numpy as np
import pytest

from movierate.text.vocabulary import Vocabulary
from movierate.training.salience import FIRMNESS, learn_salience

TEXTS = ["good the", "good good the", "bad the", "bad the", "splendid the", "the unheard", ""]
RATINGS = np.array([9, 8, 1, 2, 10, 6, 6], dtype=np.float32)  # 6 in the mean
VOCABULARY = Vocabulary(["<pad>", "<unk>", "the", "good", "bad", "splendid"])
REVIEWS = [np.array(VOCABULARY.ids(text.split()), dtype=np.int32) for text in TEXTS]


def test_salience_is_the_length_of_the_shrunken_mean_deviations():
    salience = learn_salience(REVIEWS, RATINGS, len(VOCABULARY), shrinkage=2)
    far = np.abs(RATINGS - 5.5)
    far = FIRMNESS * (far - far.mean())
    the, good, bad, splendid = salience[2:]
    assert the == pytest.approx(abs(far[:6].sum()) / (6 + 2))
    # A word counts once in a review.
    assert good == pytest.approx(np.hypot(3 + 2, far[0] + far[1]) / (2 + 2))
    assert bad == pytest.approx(np.hypot(5 + 4, far[2] + far[3]) / (2 + 2))
    assert splendid == pytest.approx(np.hypot(4, far[4]) / (1 + 2))


def test_a_word_of_lukewarm_reviews_is_salient_though_it_goes_neither_way():
    okay, the = VOCABULARY.ids(["good", "the"])
    reviews = [np.array([the], np.int32)] * 20 + [np.array([the, okay], np.int32)] * 20
    ratings = np.tile(np.float32([1, 10]), 10).tolist() + np.tile(np.float32([5, 6]), 10).tolist()
    salience = learn_salience(reviews, np.float32(ratings), len(VOCABULARY), shrinkage=2)
    assert salience[okay] > 1
    assert salience[the] == pytest.approx(0)


def test_padding_and_unknown_have_none():
    salience = learn_salience(REVIEWS, RATINGS, len(VOCABULARY), shrinkage=2)
    assert salience[:2].tolist() == [0, 0]
    assert salience.dtype == np.float32
