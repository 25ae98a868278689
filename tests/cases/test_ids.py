"""Ids are as in the dump, and different reviews have different ones."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from movierate.cli.main import main
from tests.support.inputs import BAD, GOOD, TEXTS, review, write, write_lines, write_parquet
from tests.support.outcome import all_rated


def test_ids_that_are_floats(score, dump):
    columns = {"review_id": [12345678.0, 1234567890123.0], "movie_id": [12345678.0, None]}
    write_parquet(dump / "r.parquet", **columns, rating=[8.0, 2.0], text=TEXTS)
    outcome = score()
    all_rated(outcome, 2)
    assert outcome.column("review_id") == ["12345678", "1234567890123"]
    assert outcome.column("movie_id") == ["12345678", None]


def test_ids_that_are_numbers_of_json_are_as_written(score, dump):
    write(
        dump / "r.jsonl",
        '{"id": 12345678901234567890, "movie": 7, "text": "A great film"}\n'
        '{"id": 1.50, "movie": "007", "text": "A great film"}\n',
    )
    outcome = score()
    all_rated(outcome, 2)
    assert outcome.column("review_id") == ["1.50", "12345678901234567890"]
    assert outcome.column("movie_id") == ["007", "7"]


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_blank_ids_are_digests(score, dump, capsys, blank):
    rows = [review(blank), review(blank, text=BAD), review("1")]
    write_lines(dump / "r.jsonl", *rows)
    outcome = score()
    all_rated(outcome, 3)
    _, *digests = sorted(outcome.column("review_id"), key=len)
    assert all(len(digest) == 32 for digest in digests)
    assert len(set(digests)) == 2
    assert main(["latest", str(outcome.output)]) == 0
    assert "latest                 3 reviews" in capsys.readouterr().out


def test_blank_ids_of_csv_are_digests(score, dump):
    write(dump / "r.csv", f"id,movie,review\n,m,{GOOD}\n,m,{BAD}\n")
    outcome = score()
    all_rated(outcome, 2)
    assert {len(digest) for digest in outcome.column("review_id")} == {32}


def test_ids_that_are_bytes(score, dump):
    ids = [bytes(range(200, 216)), b"tt0111161"]
    write_parquet(dump / "r.parquet", review_id=ids, movie_id=ids, text=TEXTS)
    outcome = score()
    all_rated(outcome, 2)
    assert outcome.column("review_id") == [ids[0].hex(), "tt0111161"]
    assert outcome.column("movie_id") == [ids[0].hex(), "tt0111161"]


def test_ids_that_are_decimals_or_large_floats(score, dump):
    write_parquet(
        dump / "r.parquet",
        review_id=pa.array([Decimal(5), Decimal("6.5")], pa.decimal128(38, 10)),
        movie_id=[76561198000000000.0, 1e17],
        text=TEXTS,
    )
    outcome = score()
    all_rated(outcome, 2)
    assert outcome.column("review_id") == ["5", "6.5000000000"]
    assert outcome.column("movie_id") == ["76561198000000000", "100000000000000000"]


def test_ids_that_are_arrays_or_objects(score, dump):
    write_lines(dump / "r.jsonl", review([1], movie=[7, 1.5]))
    outcome = score()
    all_rated(outcome, 1)
    assert outcome.column("review_id") == ["[1]"]
    assert outcome.column("movie_id") == ["[7, 1.5]"]
