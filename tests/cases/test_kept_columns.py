"""`--keep`: the dump's own values, of their own type, whatever the column is called."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from movierate.cli.main import main
from tests.support.inputs import GOOD, TEXTS, review, write_lines, write_parquet, write_rows
from tests.support.outcome import all_rated, refused


def kept_types(outcome, *names: str) -> list[str]:
    schema = ds.dataset(outcome.output / "ratings").schema
    return [str(schema.field(name).type) for name in names]


def test_the_text(score, dump):
    write_lines(dump / "r.jsonl", review("1"), review("2"))
    outcome = score("--keep", "text")
    all_rated(outcome, 2)
    assert outcome.column("text") == [GOOD, GOOD]


def test_a_column_named_r(score, dump):
    write_lines(dump / "r.jsonl", review("1", r="x"))
    outcome = score("--keep", "r")
    all_rated(outcome, 1)
    assert outcome.column("r") == ["x"]


def test_a_column_that_latest_uses(score, dump, capsys):
    write_lines(dump / "r.jsonl", review("1", place="Paris", Place_="Oslo"))
    outcome = score("--keep", "place,Place_")
    all_rated(outcome, 1)
    assert main(["latest", str(outcome.output)]) == 0
    (latest,) = pd.read_parquet(outcome.output / "latest").to_dict("records")
    assert (latest["place"], latest["Place_"]) == ("Paris", "Oslo")


OURS = ("r", "source", "reason", "raw", "line", "c0", "rating_unread", "place", "__source_file")
"""Names that the job's own columns have, or had."""


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_columns_named_as_our_own(score, dump, suffix):
    write_rows(
        dump / f"r{suffix}",
        review("1", **{name: f"{name} 1" for name in OURS}),
        review("2", **{name: f"{name} 2" for name in OURS} | {"text": " "}),
    )
    outcome = score("--keep", ",".join(["text", *OURS]))
    all_rated(outcome, 1, rejected=1)
    assert [outcome.column(name) for name in OURS] == [[f"{name} 1"] for name in OURS]
    assert outcome.column("text") == [GOOD]
    assert outcome.rejected["reason"].tolist() == ["empty_text"]
    assert outcome.rejected["source"].iloc[0].endswith(f"r{suffix}")


@pytest.mark.parametrize("name", ["rating", "Rating", "SCORED_AT", "movie_id"])
def test_a_column_of_the_output(score, dump, name):
    write_lines(dump / "r.jsonl", review("1", **{name: 8}))
    refused(score("--keep", name), name, "already a column of the output")


def test_a_column_given_twice(score, dump):
    write_lines(dump / "r.jsonl", review("1", user="u"))
    outcome = score("--keep", "user,user")
    if outcome.code:
        refused(outcome, "user", "twice")
    else:
        all_rated(outcome, 1)
        assert outcome.column("user") == ["u"]


def test_two_columns_whose_names_differ_in_case_alone(score, dump):
    write_lines(dump / "r.jsonl", review("1", User="U", user="u"))
    refused(score("--keep", "User,user"), "User", "user")


def test_a_binary_column(score, dump):
    images = [b"\x89PNG\xff", b"abc"]
    write_parquet(dump / "r.parquet", id=["1", "2"], text=TEXTS, b=images)
    outcome = score("--keep", "b")
    all_rated(outcome, 2)
    assert outcome.column("b") == images
    assert kept_types(outcome, "b") == ["binary"]


def test_numbers_and_booleans_of_json_keep_their_type(score, dump):
    write_lines(
        dump / "r.jsonl",
        review("1", votes=3, price=9.5, verified=True, mixed=1),
        review("2", votes=2**40, price=10, verified=False, mixed="x"),
        review("3", votes=None, price=None),
    )
    names = ("votes", "price", "verified", "mixed")
    outcome = score("--keep", ",".join(names))
    all_rated(outcome, 3)
    assert kept_types(outcome, *names) == ["int64", "double", "bool", "string"]
    assert outcome.column("votes") == [3, 2**40, None]
    assert outcome.column("price") == [9.5, 10, None]
    assert outcome.column("verified") == [True, False, None]
    assert outcome.column("mixed") == ["1", "x", None]


def test_types_of_json_that_only_a_late_row_tells(score, dump):
    rows = [review(str(n), n=n, s=n) for n in range(3_000)]
    write_lines(dump / "a.jsonl", *rows)
    write_lines(dump / "b.jsonl", review("x", n=0.5, s="late"))
    outcome = score("--keep", "n,s")
    all_rated(outcome, 3_001)
    assert kept_types(outcome, "n", "s") == ["double", "string"]
    assert (outcome.column("n")[-1], outcome.column("s")[-1]) == (0.5, "late")


@pytest.mark.parametrize("number", [2**63, 1e400])
def test_a_number_of_json_that_no_type_holds_is_not_changed(score, dump, number):
    written = "1e400" if number == float("inf") else repr(number)
    line = '{"id": "1", "text": "A wonderful film", "n": %s}\n'
    (dump / "r.jsonl").write_text(line % written)
    outcome = score("--keep", "n")
    all_rated(outcome, 1)
    (kept,) = outcome.column("n")
    assert str(kept) == written


def test_nested_values_are_their_json(score, dump):
    write_lines(dump / "r.jsonl", review("1", helpful=[2, 3], user={"name": "Zoë"}))
    outcome = score("--keep", "helpful,user.name")
    all_rated(outcome, 1)
    assert outcome.column("helpful") == ["[2, 3]"]
    assert outcome.column("user.name") == ["Zoë"]


def test_nested_values_of_parquet(score, dump):
    write_parquet(dump / "r.parquet", id=["1"], text=[GOOD], tags=pa.array([["a", "b"]]))
    outcome = score("--keep", "tags")
    all_rated(outcome, 1)
    assert list(outcome.column("tags")[0]) == ["a", "b"]


def test_an_object_of_json(score, dump):
    write_lines(dump / "r.jsonl", review("1", user={"name": "Zoë", "age": 7}))
    outcome = score("--keep", "user")
    all_rated(outcome, 1)
    assert json.loads(outcome.column("user")[0]) == {"name": "Zoë", "age": 7}


def test_a_struct_of_parquet(score, dump):
    write_parquet(dump / "r.parquet", id=["1"], text=[GOOD], user=[{"name": "Zoë", "age": 7}])
    refused(score("--keep", "user"), "user.name", "struct")
    outcome = score("--keep", "user.name")
    all_rated(outcome, 1)
    assert outcome.column("user.name") == ["Zoë"]


def test_numbers_that_a_double_would_round(score, dump):
    write_parquet(dump / "a.parquet", id=["1"], text=[GOOD], user=[2**53 + 1], votes=[3])
    write_parquet(dump / "b.parquet", id=["2"], text=[GOOD], user=[0.5], votes=[0.5])
    write_lines(dump / "c.jsonl", review("1", user=2**63 - 1))
    outcome = score("--keep", "user,votes", input=f"{dump}/*.parquet")
    all_rated(outcome, 2)
    assert outcome.column("user") == [str(2**53 + 1), "0.5"]
    assert outcome.column("votes") == [3, 0.5]
    outcome = score("--keep", "user", input=dump / "c.jsonl", date="2026-02-01")
    all_rated(outcome, 3)


def test_the_largest_whole_number_of_json(score, dump):
    write_lines(dump / "c.jsonl", review("1", user=2**63 - 1))
    outcome = score("--keep", "user")
    all_rated(outcome, 1)
    assert outcome.column("user") == [2**63 - 1]


def test_types_are_those_of_the_days_before(score, dump):
    keep = ("--keep", "n,flag,none")
    path = write_lines(dump / "a.jsonl", review("1", n=0.5, flag=True, none=None))
    all_rated(score(*keep, date="2026-01-01"), 1)
    path.unlink()
    write_lines(dump / "b.jsonl", review("2", n=3, flag=None, none=None))
    outcome = score(*keep, date="2026-01-02")
    all_rated(outcome, 2)
    assert outcome.column("n") == [0.5, 3]
    assert [kept_types(outcome, name) for name in ("n", "flag")] == [["double"], ["bool"]]


def test_types_stay_where_a_day_is_rated_again(score, dump):
    write_lines(dump / "a.jsonl", review("1", n=0.5, flag=True))
    keep = ("--keep", "n,flag", "--skip-rated")
    all_rated(score(*keep), 1)
    outcome = score(*keep)
    all_rated(outcome, 1)
    assert outcome.record["rows"] == {"read": 1, "rated": 0, "rejected": 0, "skipped": 1}
    assert (outcome.column("n"), outcome.column("flag")) == ([0.5], [True])
    assert [kept_types(outcome, name) for name in ("n", "flag")] == [["double"], ["bool"]]


def test_types_are_the_same_in_all_batches(score, dump):
    for number, value in enumerate([1, 0.5, None]):
        values = pa.array([value], pa.float64() if value == 0.5 else pa.int64())
        write_parquet(dump / f"{number}.parquet", id=[str(number)], text=[GOOD], n=values)
    outcome = score("--keep", "n", "--incremental", "--set", "files_per_batch=1")
    all_rated(outcome, 3)
    assert outcome.column("n") == [1, 0.5, None]
    assert kept_types(outcome, "n") == ["double"]


def test_a_column_that_a_batch_lacks(score, dump):
    write_parquet(dump / "a.parquet", id=["1"], text=[GOOD], user=["u"], film=["f"])
    arguments = ("--incremental", "--keep", "user,year", "--movie", "film")
    write_parquet(dump / "year=2020" / "c.parquet", id=["3"], text=[GOOD])
    all_rated(score(*arguments), 2)
    write_parquet(dump / "b.parquet", id=["2"], text=[GOOD])
    outcome = score(*arguments)
    all_rated(outcome, 3)
    assert outcome.column("user") == ["u", None, None]
    assert outcome.column("year") == [None, None, 2020]
