"""The batches of an epoch."""

import numpy as np

from movierate.model.network import build
from movierate.model.shapes import SHORTEST_WINDOW, sufficient_window
from movierate.training.batches import make_batches, most_batches, needed_windows

WINDOW, IDS = 100, 50


def texts(lengths: list[int]) -> np.ndarray:
    random = np.random.default_rng(2)
    ids = np.zeros((len(lengths), WINDOW), np.int32)
    for row, length in enumerate(lengths):
        ids[row, :length] = random.integers(1, IDS, length)
    return ids


def test_a_sufficient_window_gives_what_the_whole_one_gives():
    lengths = [*range(1, 60), 70, 99, 100]
    ids, whole = texts(lengths), build(WINDOW, IDS)
    expected = whole.predict(ids, verbose=0)[:, 0]
    needed = needed_windows(ids)
    for window in np.unique(needed):
        shorter = build(int(window), IDS)
        shorter.set_weights(whole.get_weights())
        rows = needed == window
        stars = shorter.predict(ids[rows, :window], verbose=0)[:, 0]
        np.testing.assert_allclose(stars, expected[rows], atol=1e-5)
    assert needed[0] == SHORTEST_WINDOW
    assert needed[-1] == WINDOW


def test_a_word_more_than_a_step_needs_a_longer_window():
    assert sufficient_window(0) == sufficient_window(16) == SHORTEST_WINDOW
    assert sufficient_window(17) == sufficient_window(32) == SHORTEST_WINDOW + 16


def test_every_text_is_in_one_batch_with_its_rating_and_weight():
    random = np.random.default_rng(1)
    lengths = random.integers(1, WINDOW + 1, 203).tolist()
    ids, numbers = texts(lengths), np.arange(203, dtype=np.float32)
    batches = list(make_batches(ids, numbers, 2 * numbers, 20, random))
    assert len(batches) <= most_batches(203, 20, WINDOW)
    seen = []
    for some, ratings, weights in batches:
        assert len(some) <= 20
        np.testing.assert_array_equal(2 * ratings, weights)
        for row, number in zip(some, ratings.astype(int), strict=True):
            words = ids[number][ids[number] > 0]
            np.testing.assert_array_equal(row[row > 0], words)
        seen += ratings.tolist()
    assert sorted(seen) == numbers.tolist()
