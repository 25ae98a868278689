"""Files and rows that name the movie, the id or the rating each in their own way."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.inputs import GOOD, review, write, write_lines, write_parquet, write_rows
from tests.support.outcome import all_rated, refused

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


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("others", [1, 6])
def test_texts_with_other_names(score, dump, suffix, others):
    for number in range(others):
        write_rows(dump / f"a{number}{suffix}", review(f"a{number}"))
    write_rows(dump / f"b{suffix}", {"id": "b", "movie": "m", "review": GOOD})
    all_rated(score(), others + 1)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_name_that_one_file_of_many_has(score, dump, suffix):
    for number in range(40):
        movie = {"asin": "other"} if number == 17 else {"movie": "m"}
        row = {"id": f"{number:02}", "text": GOOD} | movie
        write_rows(dump / f"p{number:02}{suffix}", row)
    outcome = score()
    all_rated(outcome, 40)
    assert outcome.column("movie_id") == ["m"] * 17 + ["other"] + ["m"] * 22


def test_a_name_that_only_late_rows_have(score, dump):
    long = GOOD * 90
    rows = [{"id": f"a{n:03}", "asin": "one", "text": long} for n in range(500)]
    rows += [{"id": f"b{n:03}", "movie_id": "two", "text": long} for n in range(500)]
    write_lines(dump / "r.jsonl", *rows)
    outcome = score()
    all_rated(outcome, 1_000)
    assert outcome.column("movie_id") == ["one"] * 500 + ["two"] * 500


def test_two_texts_in_one_file(score, dump):
    write_lines(dump / "r.jsonl", review("1", review=GOOD))
    refused(score(), "text and review", "--text")


def test_critics_of_rotten_tomatoes(score, dump):
    write(dump / "r.csv", f"id,review,fresh\nm1,{GOOD},fresh\nm2,{GOOD},rotten\n")
    outcome = score()
    all_rated(outcome, 2)
    assert sorted(outcome.column("movie_id")) == ["m1", "m2"]


def test_a_dump_that_is_like_rotten_tomatoes_and_names_the_movie(score, dump):
    write(dump / "r.csv", f"id,movie,review,fresh\nr1,m1,{GOOD},fresh\nr2,m1,{GOOD},rotten\n")
    outcome = score()
    all_rated(outcome, 2)
    assert outcome.column("review_id") == ["r1", "r2"]
    assert outcome.column("movie_id") == ["m1", "m1"]


def test_directories_around_the_input(score, dump):
    write_lines(dump / "movie=old" / "backup" / "r.jsonl", review("1"))
    outcome = score(input=dump / "movie=old" / "backup")
    all_rated(outcome, 1)
    assert outcome.column("movie_id") == ["m"]


def test_the_text_is_named_as_something_else(score, dump):
    write_lines(dump / "r.jsonl", review("1"))
    refused(score("--id", "text"), "text", "--id")
