import numpy as np
import pytest

from movierate.text.vocabulary import Vocabulary
from movierate.training.salience import learn_salience

TEXTS = ["good the", "good good the", "bad the", "bad the", "splendid the", "the unheard", ""]
RATINGS = np.array([9, 8, 1, 2, 10, 6, 6], dtype=np.float32)  # 6 in the mean
VOCABULARY = Vocabulary(["<pad>", "<unk>", "the", "good", "bad", "splendid"])
REVIEWS = [np.array(VOCABULARY.ids(text.split()), dtype=np.int32) for text in TEXTS]


def test_salience_is_the_shrunken_mean_deviation():
    salience = learn_salience(REVIEWS, RATINGS, len(VOCABULARY), shrinkage=2)
    the, good, bad, splendid = salience[2:]
    assert the == pytest.approx(0)
    assert good == pytest.approx((3 + 2) / (2 + 2))  # a word counts once in a review
    assert bad == pytest.approx((5 + 4) / (2 + 2))
    assert splendid == pytest.approx(4 / (1 + 2))


def test_padding_and_unknown_have_none():
    salience = learn_salience(REVIEWS, RATINGS, len(VOCABULARY), shrinkage=2)
    assert salience[:2].tolist() == [0, 0]
    assert salience.dtype == np.float32
