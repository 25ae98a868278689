"""ORC files, alone and with others whose schemas differ."""

from __future__ import annotations

import datetime

import duckdb
import pyarrow as pa
import pytest
from pyarrow import orc

from tests.support.inputs import BAD, GOOD, TEXTS, cut_off, write
from tests.support.outcome import all_rated, refused
from tests.support.process import SPARK

INSTANT = pa.timestamp("us", "UTC" if SPARK >= (4, 2) else None)
"""Spark before 4.2 reads no ORC file with a time zone in it."""


def write_orc(path, **columns):
    """An ORC file, with columns of the types that pyarrow gives these values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    orc.write_table(pa.table(columns), path)
    return path


def write_pair(path, ids, **columns):
    """Two reviews."""
    return write_orc(path, **{"review_id": ids, "movie_id": ["m1", "m2"], "text": TEXTS} | columns)


def test_each_file_has_its_own_schema(score, dump):
    write_pair(dump / "a.orc", [1, 2], rating=[8, 2])
    write_pair(dump / "b.orc", ["x3", "x4"], rating=[7.5, 2.5], text=[BAD, GOOD])
    write_orc(dump / "c.orc", text=[GOOD], movie_id=["m3"], review_id=["x5"])
    outcome = score("--rating-scale", "1-10")
    all_rated(outcome, 5)
    assert outcome.column("review_id") == ["1", "2", "x3", "x4", "x5"]
    assert outcome.column("rating") == [8, 2, 7.5, 2.5, None]
    assert outcome.record["format"] == "orc"


def test_ratings_are_those_of_the_same_reviews_as_csv(score, dump, tmp_path):
    write_pair(dump / "a.orc", ["1", "2"])
    (tmp_path / "csv").mkdir()
    write(tmp_path / "csv" / "a.csv", f"review_id,movie_id,text\n1,m1,{GOOD}\n2,m2,{BAD}\n")
    from_orc = score()
    from_csv = score(input=tmp_path / "csv", output=tmp_path / "other")
    for name in ("review_id", "predicted_rating", "text_hash"):
        assert from_orc.column(name) == from_csv.column(name)


def test_fields_of_structs_and_kept_types(score, dump):
    day = datetime.datetime(2024, 1, 31, 23, 59, tzinfo=datetime.timezone.utc)
    reviews = [{"text": text, "stars": stars} for text, stars in zip(TEXTS, (9, 1), strict=True)]
    write_orc(
        dump / "a.orc",
        id=["1", "2"],
        review=reviews,
        votes=pa.array([3, None], pa.int16()),
        at=pa.array([day, None], INSTANT),
        tags=[["a"], []],
    )
    columns = ("--text", "review.text", "--rating", "review.stars", "--rating-scale", "1-10")
    outcome = score(*columns, "--keep", "votes,at,tags,review.stars")
    all_rated(outcome, 2)
    assert outcome.column("rating") == [9, 1]
    kept = duckdb.read_parquet(f"{outcome.output}/ratings/*/*.parquet")
    rows = kept.order("review_id").project('votes, epoch_us("at"), tags, "review.stars"')
    micros = int(day.timestamp()) * 1_000_000
    assert rows.fetchall() == [(3, micros, ["a"], 9), (None, None, [], 1)]


@pytest.mark.skipif(SPARK >= (4, 2), reason="Spark 4.2 reads them")
def test_an_instant_that_spark_can_not_read_is_one_line_that_says_so(score, dump):
    write_pair(dump / "a.orc", ["1", "2"], at=pa.array([None, None], pa.timestamp("us", "UTC")))
    refused(score(), "Spark before 4.2 reads no ORC file with an instant")


def test_directories_are_columns(score, dump):
    write_orc(dump / "movie=tt1" / "a.orc", text=[GOOD])
    write_orc(dump / "movie=tt2" / "a.orc", text=[BAD])
    outcome = score()
    all_rated(outcome, 2)
    assert sorted(outcome.column("movie_id")) == ["tt1", "tt2"]


def test_a_file_that_is_cut_off_is_rejected_and_counted(score, dump):
    write_pair(dump / "a.orc", ["1", "2"])
    cut_off(write_pair(dump / "b.orc", ["3", "4"]))
    outcome = score()
    all_rated(outcome, 2, rejected=1)
    assert outcome.record["broken_files"][0]["source"].endswith("/b.orc")


def test_a_file_that_is_cut_off_alone_is_one_line(score, dump):
    cut_off(write_pair(dump / "b.orc", ["3", "4"]))
    refused(score(), "b.orc")


@pytest.mark.parametrize("name", ["part-00000", "a.orc"])
def test_it_is_known_by_its_first_bytes_or_its_name(score, dump, name):
    write_pair(dump / name, ["1", "2"])
    assert score().record["format"] == "orc"


def test_a_text_that_begins_with_the_same_letters_is_none(score, dump):
    write(dump / "part-00000", f"ORCA_ID,movie,text\n1,m1,{GOOD}\n2,m2,{BAD}\n")
    outcome = score("--id", "ORCA_ID")
    all_rated(outcome, 2)
    assert outcome.record["format"] == "csv"
