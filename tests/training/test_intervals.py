"""Intervals learned from held-out reviews cover new ones, whatever the errors are like."""

import numpy as np
import pandas as pd
import pytest

from movierate.model.intervals import Intervals
from movierate.model.ratings import Ratings
from movierate.training.intervals import FOLDS, HeldOut, ends, learn_intervals
from movierate.training.split import folds_by_movie

SCALE = (1.0, 10.0)


def reviews(n: int, seed: int, whole_stars: bool = True) -> HeldOut:
    """Predictions that are sure at both ends of the scale and vague in the middle."""
    random = np.random.default_rng(seed)
    predicted = random.uniform(1, 10, n)
    spread = 0.4 + 0.5 * np.minimum(predicted - 1, 10 - predicted)
    true = np.clip(predicted + random.normal(0, spread), *SCALE)
    true = np.round(true) if whole_stars else true
    words = np.full(n, 36, dtype=np.int32)
    fold = random.integers(0, FOLDS, n)
    return HeldOut(true.astype(np.float32), predicted.astype(np.float32), words, fold)


def learned(held_out: HeldOut) -> Intervals:
    low, high = ends(held_out, SCALE)
    return Intervals(SCALE, 0.9, (0,), (low,), (high,))


@pytest.mark.parametrize("whole_stars", [True, False])
def test_nine_of_ten_new_ratings_lie_within_wherever_the_prediction_is(whole_stars):
    intervals = learned(reviews(4000, 1, whole_stars))
    new = reviews(20_000, 2, whole_stars)
    low, high = intervals.of(new.predicted, new.words_read)
    within = (low <= new.true) & (new.true <= high)
    assert 0.88 <= within.mean() <= 0.93
    for star in range(1, 11):
        assert within[np.round(new.predicted) == star].mean() >= 0.85


def test_intervals_are_narrow_where_errors_are_small_and_end_with_the_scale():
    low, high = learned(reviews(4000, 1)).of(
        np.array([1.2, 5.5, 9.8], np.float32), np.full(3, 36, np.int32)
    )
    sure_bad, vague, sure_good = high - low
    assert sure_bad < vague / 2
    assert sure_good < vague / 2
    assert low[0] == 1
    assert high[2] == 10


def test_with_too_few_reviews_the_interval_is_the_scale():
    low, high = ends(reviews(8, 1), SCALE)
    assert set(low) == {1}
    assert set(high) == {10}


def test_with_all_of_one_movie_the_interval_is_the_scale():
    held_out = reviews(100, 1)
    held_out.fold[:] = 0
    low, high = ends(held_out, SCALE)
    assert set(low) == {1}
    assert set(high) == {10}


class Counter:
    """A rater that looks at the share of good words: the more words, the surer."""

    def rate(self, texts: list[str | None]) -> Ratings:
        words = [(text or "").split()[-36:] for text in texts]
        read = np.array([len(text) for text in words], dtype=np.int32)
        share = np.array([text.count("good") for text in words]) / np.maximum(1, read)
        stars = np.where(read > 0, 1 + 9 * share, np.nan).astype(np.float32)
        known = np.ones(len(words), np.float32)
        return Ratings(stars, stars, stars, read, known, np.zeros(len(words), bool))


def test_short_texts_have_wider_intervals_learned_from_the_ends_of_long_ones():
    random = np.random.default_rng(1)
    ratings = random.uniform(1, 10, 1000)
    texts = [
        " ".join(random.choice(["good", "bad"], 60, p=[share, 1 - share]))
        for share in (ratings - 1) / 9
    ]
    movies = [f"m{row % 50}" for row in range(1000)]
    held_out = pd.DataFrame({"movie_id": movies, "rating": ratings, "text": texts})
    intervals = learn_intervals(Counter(), held_out, 36, SCALE)
    assert intervals.words == (0, 3, 6, 13, 26)
    stars = np.arange(3, 8, 0.1, dtype=np.float32)
    widths = []
    for words in (4, 9, 18, 36):
        low, high = intervals.of(stars, np.full(len(stars), words, np.int32))
        widths.append((high - low).mean())
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 1.5 * widths[3]


def test_reviews_of_a_movie_are_in_one_fold():
    frame = pd.DataFrame({"movie_id": [f"m{row % 30}" for row in range(300)] + [None] * 50})
    fold = folds_by_movie(frame, 5)
    assert set(fold) == set(range(5))
    assert pd.Series(fold).groupby(frame["movie_id"]).nunique().eq(1).all()
    assert np.bincount(fold[300:]).max() < 25  # without a movie, each for itself
