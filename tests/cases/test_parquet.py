"""Parquet files whose schemas differ, and columns of types that Spark has not."""

from __future__ import annotations

import datetime

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.corpus import broken_page
from tests.support.inputs import GOOD, TEXTS, cut_off, write, write_parquet
from tests.support.outcome import all_rated, refused
from tests.support.process import SPARK


def write_pair(path, ids, **columns):
    """Two reviews."""
    return write_parquet(
        path, **{"review_id": ids, "movie_id": ["m1", "m2"], "text": TEXTS} | columns
    )


def test_ratings_that_are_whole_in_one_file_alone(score, dump):
    write_pair(dump / "a.parquet", ["1", "2"], rating=[8, 2])
    write_pair(dump / "b.parquet", ["3", "4"], rating=[7.5, 2.5])
    outcome = score("--rating-scale", "1-10", "--max-rejected", "0.4")
    all_rated(outcome, 4)
    assert outcome.column("rating") == [8, 2, 7.5, 2.5]


def test_no_rating_scale_is_guessed_from_the_first_file_alone(score, dump):
    write_pair(dump / "a.parquet", ["1", "2"], rating=[4, 2])
    write_pair(dump / "b.parquet", ["3", "4"], rating=["9", "x"])
    outcome = score()
    all_rated(outcome, 4)
    assert outcome.record["rating_scale"]["scale"] == [1, 10]
    assert outcome.column("rating") == [4, 2, 9, None]


@pytest.mark.parametrize(
    ("first", "second", "ids"),
    [
        (pa.array([1, 2]), pa.array(["x3", "x4"]), ["1", "2", "x3", "x4"]),
        (pa.array(["x3", "x4"]), pa.array([1, 2]), ["1", "2", "x3", "x4"]),
        (pa.array([1, 2], pa.int32()), pa.array([3, 2**40]), ["1", str(2**40), "2", "3"]),
        (pa.array([1, 2]), pa.array([3, 4], pa.uint8()), ["1", "2", "3", "4"]),
        (pa.array([1, 2]), pa.array([3.0, 4.0]), ["1", "2", "3", "4"]),
        (pa.array(["1", "2"], pa.large_string()), pa.array([b"3", b"4"]), ["1", "2", "3", "4"]),
    ],
    ids=["int-string", "string-int", "int32-int64", "int64-uint8", "int-double", "string-binary"],
)
def test_ids_of_two_types(score, dump, first, second, ids):
    write_pair(dump / "a.parquet", first)
    write_pair(dump / "b.parquet", second)
    outcome = score()
    all_rated(outcome, 4)
    assert outcome.column("review_id") == ids


def test_many_rows_of_another_type_than_the_first_file(score, dump):
    for name, first, count, rating in (("a", 0, 100, 8), ("b", 100, 2_000, 8.5)):
        ids = [str(number) for number in range(first, first + count)]
        columns = {"id": ids, "movie": ["m"] * count, "text": ["A wonderful film"] * count}
        write_parquet(dump / f"{name}.parquet", **columns, rating=[rating] * count)
    all_rated(score("--max-rejected", "0.05"), 2_100)


def test_columns_that_only_a_later_file_has(score, dump):
    write_parquet(dump / "a.parquet", review_id=["1", "2"], text=TEXTS)
    write_pair(dump / "b.parquet", ["3", "4"], rating=[8.0, 2.0])
    outcome = score("--rating-scale", "1-10")
    all_rated(outcome, 4)
    assert outcome.column("movie_id") == [None, None, "m1", "m2"]
    assert outcome.column("rating") == [None, None, 8, 2]


def test_columns_that_are_all_null_in_the_first_file(score, dump):
    nothing = pa.nulls(2)
    write_pair(dump / "a.parquet", ["1", "2"], movie_id=nothing, rating=nothing)
    write_pair(dump / "b.parquet", ["3", "4"], rating=[8, 2])
    outcome = score("--rating-scale", "1-10")
    all_rated(outcome, 4)
    assert outcome.column("movie_id") == [None, None, "m1", "m2"]
    assert outcome.column("rating") == [None, None, 8, 2]


def test_texts_that_are_all_null_in_the_first_file(score, dump):
    write_pair(dump / "a.parquet", ["1", "2"], text=pa.nulls(2))
    write_pair(dump / "b.parquet", ["3", "4"])
    outcome = score()
    all_rated(outcome, 2, rejected=2)
    assert set(outcome.rejected["reason"]) == {"empty_text"}


@pytest.mark.parametrize("content", ["no rows", "no columns", "no bytes"])
def test_a_first_file_that_is_empty(score, dump, content):
    columns = {"review_id": pa.nulls(0), "text": pa.nulls(0)} if content == "no rows" else {}
    path = write_parquet(dump / "a.parquet", **columns)
    if content == "no bytes":
        path.write_bytes(b"")
    write_pair(dump / "b.parquet", ["1", "2"])
    all_rated(score(), 2)


def test_kept_columns_get_the_type_that_holds_all(score, dump):
    write_pair(dump / "a.parquet", ["1", "2"], n=pa.array([1, 2], pa.int32()), x=[1, 2], s=[1, 2])
    write_pair(dump / "b.parquet", ["3", "4"], n=[2**40, 4], x=[0.5, 4.0], s=["x", "y"])
    outcome = score("--keep", "n,x,s")
    all_rated(outcome, 4)
    assert outcome.column("n") == [1, 2, 2**40, 4]
    assert outcome.column("x") == [1, 2, 0.5, 4]
    assert outcome.column("s") == ["1", "2", "x", "y"]
    assert [outcome.ratings[name].dtype for name in "nx"] == ["int64", "float64"]


def test_a_lost_file_weighs_as_many_rows_as_its_footer_says(score, dump):
    for name, count in (("a", 100), ("b", 2_000)):
        write_parquet(dump / f"{name}.parquet", text=[GOOD] * count)
    damaged = dump / "b.parquet"
    damaged.write_bytes(broken_page(damaged.read_bytes()))
    outcome = score("--max-rejected", "0.05")
    assert outcome.code == 3, outcome.stderr
    assert len(outcome.ratings) == 100
    assert "b.parquet" in outcome.rejected["source"].iloc[0]


@pytest.mark.parametrize("other", ["", "b.parquet"])
def test_a_dump_without_a_readable_file_leaves_the_day_as_it_is(score, dump, other):
    write_pair(dump / "r.parquet", ["1", "2"])
    all_rated(score(), 2)
    (dump / "r.parquet").write_bytes(broken_page((dump / "r.parquet").read_bytes()))
    if other:
        cut_off(write_pair(dump / other, ["3", "4"]))
    outcome = score()
    refused(outcome, "r.parquet")
    assert len(outcome.ratings) == 2


def test_columns_that_nobody_asked_for(score, dump):
    noon = [datetime.time(12), None]
    write_pair(
        dump / "r.parquet",
        ["1", "2"],
        datetime=pd.to_datetime(["2024-01-01", "2024-01-02"]),
        time_of_microseconds=pa.array(noon, pa.time64("us")),
        time_of_nanoseconds=pa.array(noon, pa.time64("ns")),
        time_of_milliseconds=pa.array(noon, pa.time32("ms")),
        duration=pa.array([1, 2], pa.duration("ns")),
        binary=pa.array([b"ab", b"cd"], pa.binary(2)),
        unsigned=pa.array([1, 2], pa.uint64()),
        half=pa.array([1.5, 2.5], pa.float16() if SPARK >= (4, 0) else pa.float32()),
        nothing=pa.nulls(2),
        map=pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
    )
    all_rated(score(), 2)


@pytest.mark.skipif(SPARK >= (4, 0), reason="Spark 4 reads them")
def test_halves_that_spark_can_not_read_are_one_line_that_says_so(score, dump):
    write_pair(dump / "r.parquet", ["1", "2"], half=pa.array([1.5, 2.5], pa.float16()))
    refused(score(), "Spark 3.5 reads no Parquet file with a half-precision float")


def test_a_datetime_that_nobody_asked_for(score, dump):
    write_pair(dump / "r.parquet", ["1", "2"], when=pd.to_datetime(["2024-01-01", "2024-01-02"]))
    all_rated(score(), 2)


def test_an_interval_that_nobody_asked_for(score, dump):
    duckdb.sql(f"SELECT '1' review_id, '{GOOD}' AS text, INTERVAL 1 DAY iv").write_parquet(
        str(dump / "r.parquet")
    )
    all_rated(score(), 1)


def test_two_columns_whose_names_differ_in_case_alone(score, dump):
    write_pair(dump / "a.parquet", ["1", "2"], Title=["x", "y"], title=["x", "y"])
    all_rated(score(), 2)


UUIDS = ["aa301fd3-23be-4855-b259-c9ce0e0ff1a8", "c9bd603e-adae-4665-b4f1-1353324d5882"]


def test_uuids_are_their_text(score, dump):
    rows = " UNION ALL ".join(f"SELECT '{u}'::UUID review_id, '{GOOD}' AS text" for u in UUIDS)
    duckdb.sql(f"SELECT *, review_id AS copy FROM ({rows})").write_parquet(str(dump / "r.parquet"))
    outcome = score("--keep", "copy")
    all_rated(outcome, 2)
    assert outcome.column("review_id") == UUIDS
    assert outcome.column("copy") == UUIDS


def test_nanoseconds_are_kept_as_microseconds(score, dump):
    when = pd.to_datetime(["2024-01-01 10:11:12.123456789", None])
    write_pair(dump / "r.parquet", ["1", "2"], when=when)
    outcome = score("--keep", "when")
    all_rated(outcome, 2)
    (first, second) = outcome.column("when")
    assert first.isoformat().startswith("2024-01-01T10:11:12.123456")
    assert second is None


def test_nothing_is_read_of_an_empty_directory_of_parquet(score, dump):
    write(dump / "_SUCCESS", "")
    write_parquet(dump / "part-0.parquet", review_id=pa.nulls(0), text=pa.nulls(0))
    refused(score(), "input")


def test_columns_of_types_that_only_some_writers_have(score, dump):
    periods = pd.interval_range(0, 2)
    pd.DataFrame({"period": periods, "id": ["1", "2"], "text": TEXTS}).to_parquet(
        dump / "a.parquet"
    )
    pl.DataFrame(
        {"n": pl.Series([1, 2], dtype=pl.Int128), "id": ["3", "4"], "text": TEXTS}
    ).write_parquet(dump / "b.parquet")
    outcome = score()
    all_rated(outcome, 4)
    assert outcome.column("review_id") == ["1", "2", "3", "4"]


def test_a_compression_that_spark_does_not_have(score, dump):
    pq.write_table(
        pa.table({"id": ["1"], "text": [GOOD]}), dump / "r.parquet", compression="brotli"
    )
    refused(score(), "r.parquet", "Brotli", "compression")
