"""Which phrases are found."""

import numpy as np

from movierate.training.phrases import FEWEST_REVIEWS, find_phrases

NOT, BAD, GOOD = 2, 3, 4


def reviews_of(opinions: list[tuple[list[int], float]], times: int):
    random = np.random.default_rng(0)
    reviews, ratings = [], []
    for words, rating in opinions * times:
        filler = random.integers(5, 60, 8).tolist()
        reviews.append(np.array([*filler, *words, *filler[::-1]], dtype=np.int32))
        ratings.append(rating)
    return reviews, np.array(ratings, dtype=np.float32)


OPINIONS = [([NOT, BAD], 8.0), ([BAD], 2.0), ([NOT, GOOD], 3.0), ([GOOD], 9.0)]


def test_words_that_together_say_something_else_are_phrases():
    reviews, ratings = reviews_of(OPINIONS, 100)
    assert set(find_phrases(reviews, ratings, words=60, count=2)) == {(NOT, BAD), (NOT, GOOD)}


def test_no_more_are_found_than_asked_for():
    reviews, ratings = reviews_of(OPINIONS, 100)
    assert len(find_phrases(reviews, ratings, words=60, count=1)) == 1
    assert find_phrases(reviews, ratings, words=60, count=0) == []


def test_a_rare_pair_is_none():
    reviews, ratings = reviews_of(OPINIONS, FEWEST_REVIEWS - 1)
    assert find_phrases(reviews, ratings, words=60, count=10) == []


def test_padding_and_unknown_words_are_in_none():
    reviews, ratings = reviews_of([([1, BAD], 8.0), ([BAD], 2.0)], 100)
    assert all(min(pair) > 1 for pair in find_phrases(reviews, ratings, words=60, count=100))


def test_no_phrase_goes_from_one_review_to_the_next():
    reviews = [np.array([5, NOT], np.int32), np.array([BAD, 6], np.int32)] * 50
    ratings = np.tile(np.float32([9, 1]), 50)
    assert (NOT, BAD) not in find_phrases(reviews, ratings, words=60, count=100)
