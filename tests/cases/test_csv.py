"""CSV as programs and people write it."""

from __future__ import annotations

import pytest

from tests.support.inputs import BAD, GOOD, write
from tests.support.outcome import all_rated, refused


def test_headers_in_another_case(score, dump):
    write(dump / "a.csv", "id,movie,review\n1,m,A wonderful film\n2,m,An awful mess\n")
    write(dump / "b.csv", "Review,ID, Movie\nA wonderful film,3,n\nAn awful mess,4,n\n")
    outcome = score()
    all_rated(outcome, 4)
    assert outcome.column("movie_id") == ["m", "m", "n", "n"]


def test_a_space_after_the_comma(score, dump):
    write(
        dump / "r.csv",
        'id, movie, review\n1, m, "A wonderful film, moving"\n2, m, "An awful mess, dull"\n',
    )
    outcome = score("--keep", "review")
    all_rated(outcome, 2)
    assert outcome.column("movie_id") == ["m", "m"]
    assert outcome.column("review") == ["A wonderful film, moving", "An awful mess, dull"]


@pytest.mark.parametrize("header", ["id,movie,review", "id,movie,review,"])
def test_a_comma_at_the_end_of_records(score, dump, header):
    write(dump / "r.csv", f"{header}\n1,m,A wonderful film,\n2,m,An awful mess,\n")
    outcome = score()
    all_rated(outcome, 2)
    assert outcome.column("review_id") == ["1", "2"]


def test_a_header_in_the_middle(score, dump):
    header, rows = "id,movie,rating,review\n", ["1,m1,8,A wonderful film\n", "2,m1,2,A mess\n"]
    write(dump / "r.csv", f"{header}{''.join(rows)}{header}3,m2,8,A great film\n")
    outcome = score("--rating-scale", "1-10")
    all_rated(outcome, 3)
    assert outcome.column("rating") == [8, 2, 8]


def test_nulls_are_empty_texts(score, dump):
    nulls = ("nan", "NaN", r"\N", "None", "NULL", "null", "")
    rows = [f"{number},m,{null}\n" for number, null in enumerate(nulls)]
    write(dump / "r.csv", f"id,movie,review\nx,m,{GOOD}\n{''.join(rows)}")
    outcome = score()
    all_rated(outcome, 1, rejected=len(nulls))
    assert set(outcome.rejected["reason"]) == {"empty_text"}


def test_nulls_are_no_ids_and_no_movies(score, dump):
    write(dump / "r.csv", f"id,movie,review\nnan,\\N,{GOOD}\n\\N,nan,{BAD}\n")
    outcome = score()
    all_rated(outcome, 2)
    assert {len(digest) for digest in outcome.column("review_id")} == {32}
    assert outcome.column("movie_id") == [None, None]


@pytest.mark.parametrize("content", ["id,movie,review\n", "\n\n"])
def test_a_header_and_nothing_else_leaves_the_day_as_it_is(score, dump, content):
    write(dump / "r.csv", f"id,movie,review\n1,m,{BAD}\n")
    all_rated(score(), 1)
    write(dump / "r.csv", content)
    outcome = score()
    refused(outcome, "input")
    assert len(outcome.ratings) == 1
