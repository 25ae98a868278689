"""The teacher."""

import numpy as np
import pytest

from movierate.training.teacher import FOLDS, soft_ratings

GOOD, BAD, NOT = 5, 6, 7

pytestmark = pytest.mark.slow


def reviews(n: int, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Filler with one opinion; "not" before it makes it the contrary."""
    random = np.random.default_rng(seed)
    texts, ratings = [], []
    for _ in range(n):
        word = random.choice([GOOD, BAD])
        denied = random.random() < 0.5
        opinion = [NOT, word] if denied else [word]
        filler = random.integers(20, 60, 30).tolist()
        at = random.integers(30)
        texts.append(np.array(filler[:at] + opinion + filler[at:], dtype=np.int32))
        ratings.append(9.0 if (word == GOOD) != denied else 2.0)
    return texts, np.array(ratings, dtype=np.float32)


@pytest.fixture(scope="module")
def soft():
    labelled, ratings = reviews(600, 1)
    unlabelled, truth = reviews(200, 2)
    return (
        soft_ratings(labelled, ratings, np.arange(600) % FOLDS, unlabelled, seed=1),
        ratings,
        truth,
    )


def test_it_rates_reviews_that_have_no_label_by_their_phrases(soft):
    rated, _, truth = soft
    assert np.abs(rated.unlabelled - truth).mean() < 1
    assert rated.unlabelled.dtype == np.float32


def test_it_has_not_seen_the_label_of_a_review_that_it_rates(soft):
    labelled, ratings = reviews(600, 1)
    changed = ratings.copy()
    mine = np.arange(600) % FOLDS == 0
    changed[mine] = 11 - changed[mine]
    again = soft_ratings(labelled, changed, np.arange(600) % FOLDS, [], seed=1)
    before, _, _ = soft
    # What the others say of them is the same, but for the weights that are common to all.
    assert np.corrcoef(again.labelled[mine], before.labelled[mine])[0, 1] > 0.95


def test_its_ratings_stay_within_those_it_learned_from(soft):
    rated, ratings, _ = soft
    both = np.concatenate([rated.labelled, rated.unlabelled])
    assert both.min() >= ratings.min()
    assert both.max() <= ratings.max()


def test_without_unlabelled_reviews_there_is_nothing_to_rate():
    labelled, ratings = reviews(100, 3)
    assert soft_ratings(labelled, ratings, np.arange(100) % FOLDS, [], seed=1).unlabelled.shape == (
        0,
    )


OKAY = 8


def firm_and_lukewarm(n: int, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Filler with praise or blame; "okay" beside it says that it is not meant too seriously."""
    random = np.random.default_rng(seed)
    texts, ratings = [], []
    for _ in range(n):
        is_good, is_okay = (random.random(2) < 0.5).tolist()
        said = [GOOD if is_good else BAD] + [OKAY] * is_okay
        texts.append(random.permutation([*said, *random.integers(30, 99, 30)]).astype(np.int32))
        ratings.append({True: (10, 7), False: (1, 4)}[is_good][is_okay])
    return texts, np.array(ratings, dtype=np.float32)


def test_a_word_that_goes_neither_way_brings_a_rating_to_the_middle():
    labelled, ratings = firm_and_lukewarm(1_000, 4)
    unlabelled, truth = firm_and_lukewarm(400, 5)
    rated = soft_ratings(labelled, ratings, np.arange(1_000) % FOLDS, unlabelled, seed=1).unlabelled
    assert np.abs(rated - truth).mean() < 0.5
