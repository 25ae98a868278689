"""Sentences composed of rated words."""

from functools import cache

import numpy as np
import pytest

from movierate.training.composed import (
    SHARES,
    Adjectives,
    compose,
    find_adjectives,
    rated_lines,
    templates,
)

WORDS = Adjectives({"good": 2.0, "superb": 3.6}, {"bad": -2.0, "awful": -3.6})


@cache
def composed(count: int = 4_000) -> dict[str, float]:
    return dict(zip(*compose(WORDS, count, np.random.default_rng(1)), strict=True))


def test_a_word_is_an_adjective_if_the_reviews_use_it_as_one():
    phrases = ["good", "awful", "table", "fine", "hardly ever", "so-so"]
    ratings = [7.5, 1.9, 9.0, 5.5, 1.0, 9.0]
    reviews = [["a", "very", "good", "and", "rather", "awful", "film"]] * 10 + [["table"]] * 10
    found = find_adjectives(phrases, ratings, reviews, np.full(20, 5.0))
    assert found.good == {"good": 2.0}
    assert found.bad == pytest.approx({"awful": -3.6})


def test_a_word_that_follows_an_adverb_by_chance_is_none():
    reviews = [["so", "table"]] * 6 + [["table"]] * 1_000
    assert find_adjectives(["table"], [9.0], reviews, np.full(1_006, 5.0)).good == {}


def test_a_word_that_follows_a_verb_is_one_if_the_reviews_agree():
    reviews = [["it", "is", "excellent"], ["it", "is", "based"]] * 30
    stars = np.array([9.0, 4.0] * 30)
    found = find_adjectives(["excellent", "based"], [9.0, 9.0], reviews, stars)
    assert found.good == {"excellent": 3.5}


def test_negation_turns_a_word_around_and_the_second_clause_counts_more():
    stars = composed(200_000)
    assert stars["it is not good"] < 5
    assert 6 < stars["it is not bad"] < stars["it is good"]
    assert stars["good but bad"] < 5.5 < stars["bad but good"]
    assert stars["it could have been superb"] < 4
    assert stars["not superb"] < stars["not good"]


def test_ratings_in_the_text_are_what_they_say():
    stars = composed(200_000)
    assert stars["10/10"] == 10
    assert stars["0/10"] == stars["1/10"] == 1
    assert stars["three out of ten"] == 3
    assert stars["5/5"] == 10
    assert stars["five stars"] == 10
    assert stars["★★★☆☆"] == pytest.approx(6.4)
    assert stars["👎"] < 3
    assert stars["😍😍😍"] > 8


def test_all_stars_are_on_the_scale_and_alltemplates_are_filled():
    stars = composed()
    assert all(1 <= rating <= 10 for rating in stars.values())
    assert not [text for text in stars if "{" in text or "}" in text]


def test_the_same_seed_gives_the_same_sentences():
    assert compose(WORDS, 50, np.random.default_rng(3)) == compose(
        WORDS, 50, np.random.default_rng(3)
    )


def test_without_words_of_both_sides_there_are_no_sentences():
    assert compose(Adjectives({"good": 2.0}, {}), 10, np.random.default_rng(1)) == ([], [])


def test_the_file_oftemplates_has_a_line_for_each_kind_and_names_known_places():
    names = {"it": "", "noun": "", "part": "", "word": "", "same": "", "other": ""}
    names |= {"grade": "", "n": "", "m": "", "symbol": "", "full": "", "empty": ""}
    for lines in templates().values():
        for line in lines:
            line.format(**names)
    assert sum(SHARES.values()) == pytest.approx(1)
    assert all(1 <= stars <= 10 for _, stars in rated_lines("idioms"))
