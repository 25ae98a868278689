"""Ratings as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movierate.reviews.ratings import guess_scale, parse_rating

STARS = (1.0, 10.0)


@pytest.mark.parametrize(
    ("written", "numbers", "stars"),
    [
        ("8", (1, 10), 8),
        (" 8.0 ", (1, 10), 8),
        ("7,5", (1, 10), 7.5),
        ("8/10", None, 8),
        ("7.5/10", None, 7.5),
        ("3/5", None, 6),
        ("3 / 4", None, 7.5),
        ("8 out of 10", None, 8),
        ("4/5 stars", None, 8),
        ("0/10", None, 1),
        ("3.5 stars", None, 7),
        ("1 star", None, 2),
        ("8 stars", None, 8),
        ("★★★½", None, 7),
        ("★★★☆☆", None, 6),
        ("★★★★★★★★☆☆", None, 8),
        ("½", None, 1),
        ("⭐️⭐️⭐️", None, 6),
        ("A+", None, 10),
        ("B+", None, 7.75),
        ("b +", None, 7.75),
        ("C−", None, 4),
        ("F", None, 1),
        ("85%", None, 8.5),
        ("85 %", None, 8.5),
        ("0%", None, 1),
        ("0.8", (0, 1), 8.2),
        ("1", (1, 5), 1),
        ("3", (1, 5), 5.5),
        ("5.0", (1, 5), 10),
        ("3.5", (0.5, 5), 7),
        ("positive", None, 7.75),
        ("Negative", None, 3.25),
        ("fresh", None, 7.75),
        ("ROTTEN", None, 3.25),
    ],
)
def test_a_rating_in_stars(written, numbers, stars):
    assert parse_rating(written, numbers, STARS) == pytest.approx(stars)


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("", (1, 10)),
        ("8", None),
        ("11", (1, 10)),
        ("0", (1, 5)),
        ("-1", (1, 10)),
        ("11/10", None),
        ("1/0", None),
        ("101%", None),
        ("nan", (1, 10)),
        ("inf", (1, 10)),
        ("1e1", (1, 10)),
        ("E", None),
        ("A++", None),
        ("12 stars", None),
        ("8 apples", (1, 10)),
        ("8; DROP TABLE", (1, 10)),
        ("8/10/2019", None),
        ("★" * 11, None),
    ],
)
def test_what_is_no_rating_is_none(written, numbers):
    assert parse_rating(written, numbers, STARS) is None


def test_another_scale_of_the_model():
    assert parse_rating("3/5", None, (1, 5)) == pytest.approx(3)
    assert parse_rating("A+", None, (0, 100)) == 100
    assert parse_rating("fresh", None, (0, 1)) == 0.75


@pytest.mark.parametrize(
    ("low", "high", "scale"),
    [
        (0.2, 1, (0, 1)),
        (1, 5, (1, 5)),
        (0, 5, (0, 5)),
        (0.5, 4.5, (0.5, 5)),
        (1, 10, (1, 10)),
        (0, 10, (0, 10)),
        (40, 95, (0, 100)),
        (3, 2019, None),
    ],
)
def test_the_scale_of_numbers_is_guessed_from_their_range(low, high, scale):
    assert guess_scale(low, high) == scale


@given(st.text(max_size=12) | st.from_regex(r"[0-9./%★½ABC+-]{1,8}", fullmatch=True))
def test_whatever_is_written_gives_a_rating_on_the_scale_or_none(written):
    stars = parse_rating(written, (1, 5), STARS)
    assert stars is None or 1 <= stars <= 10
