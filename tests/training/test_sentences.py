"""The sentence teacher."""

import numpy as np
import pytest

from movierate.training.examples import Rated
from movierate.training.sentences import LONGEST, rate_sentences, split_sentences

pytestmark = pytest.mark.slow

NOT, GOOD, BAD, FIRST_OTHER = 2, 3, 4, 5


def phrases(count: int, random: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """Texts with one word that tells, which "not" before it turns around."""
    texts, stars = [], []
    for _ in range(count):
        words = random.integers(FIRST_OTHER, 30, random.integers(0, 8))
        good, negated = random.random(2) < 0.5
        telling = [NOT] * int(negated) + [GOOD if good else BAD]
        texts.append(np.concatenate([words, telling]).astype(np.int32))
        stars.append(8.0 if good != negated else 3.0)
    return texts, np.array(stars, np.float32)


def test_it_learns_what_a_negation_does():
    random = np.random.default_rng(1)
    texts, stars = phrases(4_000, random)
    unseen, expected = phrases(200, random)
    vectors = random.normal(0, 0.1, (30, 20)).astype(np.float32)
    nothing = Rated.of([], np.zeros(0, np.float32))
    said = rate_sentences(Rated.of(texts, stars), nothing, unseen, vectors, 12, seed=1)
    assert ((said > 5.5) == (expected > 5.5)).mean() > 0.95


def test_it_reads_sentences_of_reviews_too_and_rates_any_text():
    random = np.random.default_rng(1)
    texts, stars = phrases(600, random)
    vectors = random.normal(0, 0.1, (30, 20)).astype(np.float32)
    lines: list[str] = []
    asked = [np.zeros(0, np.int32), np.full(3 * LONGEST, GOOD, np.int32)]
    rated = Rated.of(texts, stars)
    said = rate_sentences(rated, rated, asked, vectors, 2, seed=1, progress=lines.append)
    assert said.shape == (2,)
    assert np.isfinite(said).all()
    assert [line.startswith("sentence teacher: epoch") for line in lines] == [True] * 2


def test_a_review_is_cut_at_full_stops_and_line_breaks():
    text = 'It is "good." Is it?! Yes...<br /><br />See Mr. Fox\nagain.  '
    assert split_sentences(text) == [
        'It is "good.',
        "Is it?!",
        "Yes...",
        "See Mr.",
        "Fox",
        "again.",
    ]
    assert split_sentences("") == []
