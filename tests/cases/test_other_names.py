"""Files and rows that name the movie, the id or the rating each in their own way."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cases.conftest import all_rated, refused
from tests.cases.inputs import GOOD, review, write, write_lines, write_parquet, write_rows

SUFFIXES = (".jsonl", ".csv", ".parquet")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_with_other_names(score, dump, suffix):
    write_rows(dump / f"a{suffix}", {"id": "1", "stars": 4, "asin": "m1", "text": GOOD})
    write_rows(dump / f"b{suffix}", {"review_id": "2", "rating": 5, "movie": "m2", "text": GOOD})
    outcome = score("--rating-scale", "1-5")
    all_rated(outcome, 2)
    assert outcome.column("review_id") == ["1", "2"]
    assert outcome.column("movie_id") == ["m1", "m2"]
    assert outcome.column("rating") == [7.75, 10]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_id_that_is_null_does_not_become_another_column_of_the_file(score, dump, suffix):
    write_rows(
        dump / f"a{suffix}",
        {"review_id": "r1", "id": "movie 1", "text": GOOD},
        {"review_id": None, "id": "movie 1", "text": GOOD},
    )
    write_rows(dump / f"b{suffix}", {"id": "r3", "text": GOOD})
    outcome = score()
    all_rated(outcome, 3)
    ids = set(outcome.column("review_id"))
    assert {"r1", "r3"} < ids
    assert "movie 1" not in ids


def test_a_name_that_one_row_has(score, dump):
    rows = [review(str(number)) for number in range(20)]
    other = {"id": "8", "asin": "B01", "movie": "m", "text": GOOD}
    write_lines(dump / "r.jsonl", *rows, other, {"id": "9", "asin": "B01", "text": GOOD})
    outcome = score()
    all_rated(outcome, 22)
    assert outcome.column("movie_id") == ["m"] * 21 + ["B01"]


def test_ratings_on_two_scales(score, dump):
    rows = [{"text": GOOD, "stars": stars} for stars in (1, 2, 3, 4, 5)]
    write_lines(dump / "a.jsonl", *rows)
    write_lines(dump / "b.jsonl", *({"text": GOOD, "rating": 10 * r["stars"]} for r in rows))
    refused(score(), "rating", "stars", "1 to 5", "--rating")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_directory_beside_a_column(score, dump, suffix):
    write_rows(dump / f"flat{suffix}", {"id": "1", "movie": "in the file", "text": GOOD})
    write_rows(dump / "movie=x" / f"p{suffix}", {"id": "2", "text": GOOD})
    write_rows(dump / "Movie=y" / "data" / f"p{suffix}", {"id": "3", "text": GOOD})
    write_rows(dump / "movie=a" / "movie=z" / f"p{suffix}", {"id": "4", "text": GOOD})
    outcome = score("--keep", "movie")
    all_rated(outcome, 4)
    assert outcome.column("movie_id") == ["in the file", "x", "y", "z"]
    assert outcome.column("movie") == ["in the file", "x", "y", "z"]


def test_a_directory_above_a_tree_of_good_and_bad_reviews(score, dump):
    for movie in ("tt1", "tt2"):
        write(dump / f"movie={movie}" / "pos" / "1.txt", GOOD)
        write(dump / f"movie={movie}" / "neg" / "1.txt", GOOD)
    outcome = score()
    all_rated(outcome, 4)
    assert len(set(outcome.column("review_id"))) == 4
    assert outcome.column("movie_id") == ["tt1", "tt1", "tt2", "tt2"]


def test_a_directory_named_as_the_text(score, dump):
    write_lines(dump / "text=long" / "r.jsonl", review("1"))
    outcome = score()
    all_rated(outcome, 1)


def test_escapes_that_are_no_utf8_stay_as_they_are(score, dump):
    for number, name in enumerate(["caf%E9", "caf%E8"]):
        write_lines(dump / f"movie={name}" / "r.jsonl", {"id": str(number), "text": GOOD})
    outcome = score()
    all_rated(outcome, 2)
    assert outcome.column("movie_id") == ["caf%E9", "caf%E8"]


def test_two_columns_of_one_name(score, dump):
    table = pa.table([[GOOD], ["another"], ["1"]], names=["text", "text", "id"])
    pq.write_table(table, dump / "r.parquet")
    refused(score(), "two columns", "text")


def test_a_list_is_no_text(score, dump):
    write_parquet(dump / "r.parquet", id=["1"], text=[[GOOD, "and more"]])
    refused(score(), "r.parquet", "text", "lists")
