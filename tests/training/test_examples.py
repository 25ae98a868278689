"""What the network is shown in an epoch."""

import numpy as np

from movierate.text.encoder import Encoder
from movierate.text.vocabulary import RESERVED, UNKNOWN, Vocabulary
from movierate.training.examples import SHORTEST_EXCERPT, Examples, Rated

WINDOW = 100
VOCABULARY = Vocabulary([*RESERVED, *(f"w{number}" for number in range(200))])
ENCODER = Encoder(VOCABULARY, np.zeros(len(VOCABULARY), np.float32), WINDOW, WINDOW, "salient")
LOW, HIGH = np.arange(2, 92, dtype=np.int32), np.arange(102, 192, dtype=np.int32)


def epoch(**shares):
    reviews = Rated.of([LOW, HIGH] * 20, np.array([2, 9] * 20, np.float32))
    examples = Examples(reviews, ENCODER.fill, **shares)
    ids, ratings, weights = examples.epoch(np.random.default_rng(1))
    assert len(ids) == len(ratings) == len(weights) == len(examples)
    return ids, ratings


def words(row: np.ndarray) -> np.ndarray:
    return row[row > 0]


def test_every_review_is_shown_whole():
    ids, ratings = epoch(excerpts=0.5, joined=0.5)
    np.testing.assert_array_equal(words(ids[0]), LOW)
    np.testing.assert_array_equal(words(ids[1]), HIGH)
    assert ratings[:2].tolist() == [2, 9]


def test_an_excerpt_is_a_part_of_a_review_with_its_rating():
    ids, ratings = epoch(excerpts=1.0)
    lengths = set()
    for row, rating in zip(ids[40:], ratings[40:], strict=True):
        part = words(row)
        lengths.add(len(part))
        assert len(part) >= SHORTEST_EXCERPT
        assert np.isin(part, LOW if rating == 2 else HIGH).all()
        assert (np.diff(part) == 1).all()
    assert min(lengths) < 20
    assert max(lengths) > 60


def test_two_reviews_joined_have_their_mean_rating_by_length():
    ids, ratings = epoch(joined=1.0)
    mixed = 0
    for row, rating in zip(ids[40:], ratings[40:], strict=True):
        share = np.isin(words(row), HIGH).mean()
        assert abs(rating - (2 + 7 * share)) < 1e-4
        mixed += 0 < share < 1
    assert mixed > 10


def test_some_words_are_hidden_and_others_each_time():
    reviews = Rated.of([LOW] * 40, np.full(40, 5, np.float32))
    examples = Examples(reviews, ENCODER.fill, word_dropout=0.2)
    random = np.random.default_rng(1)
    first, second = examples.epoch(random)[0], examples.epoch(random)[0]
    assert 0.1 < (first[first > 0] == UNKNOWN).mean() < 0.3
    assert (first != second).any()


def test_reviews_shorter_than_an_excerpt_are_shown_as_they_are():
    reviews = Rated.of([LOW[:3], LOW[:0]], np.array([4, 5], np.float32))
    examples = Examples(reviews, ENCODER.fill, excerpts=4.0, joined=4.0)
    ids, ratings, _ = examples.epoch(np.random.default_rng(1))
    assert ids.shape == (18, WINDOW)
    assert ((ratings >= 4) & (ratings <= 5)).all()


def test_short_texts_are_shown_as_they_are_with_their_weight():
    reviews = Rated.of([LOW], np.array([2], np.float32), weight=2.0)
    short = Rated.of([HIGH[:5], HIGH[5:9]], np.array([8, 9], np.float32), weight=0.5)
    examples = Examples(reviews, ENCODER.fill, excerpts=3.0, short=short)
    ids, ratings, weights = examples.epoch(np.random.default_rng(1))
    np.testing.assert_array_equal(words(ids[1]), HIGH[:5])
    np.testing.assert_array_equal(words(ids[2]), HIGH[5:9])
    assert ratings[:3].tolist() == [2, 8, 9]
    assert weights.tolist() == [2, 0.5, 0.5, 2, 2, 2]
    assert np.isin(ids[3:], [0, *LOW]).all()
