"""Cumulative dumps: what is rated already is skipped, and what counts is the latest rating."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import duckdb
import pytest

from movierate.config.jobs import ScoreConfig
from movierate.errors import UserError
from movierate.scoring.job import score
from movierate.scoring.latest import write_latest
from tests.support.guides import BLOCKS

DAYS = [datetime.date(2026, 1, day) for day in range(1, 8)]


def write(path: Path, texts: dict[str, str], *more: dict[str, str]) -> str:
    rows = [{"id": key, "movie": "m", "text": text} for key, text in texts.items()]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, *more]))
    return str(path)


def night(spark, tmp_path, day: int, texts: dict[str, str], *more, **settings) -> dict[str, int]:
    dump = write(tmp_path / settings.pop("name", "dump.jsonl"), texts, *more)
    config = ScoreConfig(date=DAYS[day], skip_rated=True, **settings)
    return score(spark, [dump], str(tmp_path / "out"), config).record.rows


def rows(read: int, rated: int, rejected: int, skipped: int) -> dict[str, int]:
    return {"read": read, "rated": rated, "rejected": rejected, "skipped": skipped}


def ratings(output: Path) -> list[tuple[str, int]]:
    query = f"SELECT review_id, day(scored_date) FROM '{output}/ratings/**/*.parquet' ORDER BY ALL"
    return duckdb.sql(query).fetchall()


TEXTS = {"a": "a good film", "b": "a bad film", "c": "a great plot", "empty": ""}


@pytest.fixture(scope="module")
def nights(spark, tmp_path_factory, request):
    """Five nights; the model of the last is another."""
    tmp_path = tmp_path_factory.mktemp("nights")
    edited = {**TEXTS, "b": "an awful film"}
    told = [
        night(spark, tmp_path, 0, TEXTS),
        night(spark, tmp_path, 1, {**TEXTS, "d": "not bad"}),
        night(spark, tmp_path, 2, edited),
        night(spark, tmp_path, 3, TEXTS),  # edited back
    ]
    return tmp_path, told


def test_only_what_is_new_or_edited_is_rated(nights):
    tmp_path, told = nights
    assert told == [rows(4, 3, 1, 0), rows(5, 1, 1, 3), rows(4, 1, 1, 2), rows(4, 1, 1, 2)]
    assert ratings(tmp_path / "out") == [
        *(("a", 1), ("b", 1), ("b", 3), ("b", 4), ("c", 1), ("d", 2))
    ]


def test_the_latest_rating_of_each_review_is_written_as_one_table(nights, spark, monkeypatch):
    tmp_path, _ = nights
    target = tmp_path / "view"
    for _ in range(2):  # the second replaces the first
        assert write_latest(spark, str(tmp_path / "out"), str(target)) == 4
    query = f"SELECT review_id, day(scored_date) FROM '{target}/*.parquet' ORDER BY ALL"
    assert duckdb.sql(query).fetchall() == [("a", 1), ("b", 4), ("c", 1), ("d", 2)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dump.jsonl", "out", "view"]
    (documented,) = [code for _, _, code in BLOCKS if "QUALIFY" in code]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rated").symlink_to("out")
    found = duckdb.sql(documented).project("review_id, day(scored_date)").order("ALL")
    assert found.fetchall() == duckdb.sql(query).fetchall()


def test_a_view_replaces_nothing_but_a_view(nights, spark):
    tmp_path, _ = nights
    output = str(tmp_path / "out")
    for target in (output, f"{output}/ratings"):
        with pytest.raises(UserError, match="not written by `latest`"):
            write_latest(spark, output, target)
    with pytest.raises(UserError, match="has no ratings"):
        write_latest(spark, str(tmp_path / "none"), str(tmp_path / "none" / "latest"))
    assert not (tmp_path / "none").exists()


def test_the_same_night_again_adds_and_loses_nothing(spark, tmp_path):
    night(spark, tmp_path, 0, TEXTS)
    assert night(spark, tmp_path, 0, {"a": "a good film", "e": ""}, name="other.jsonl") == rows(
        *(2, 0, 1, 1)
    )
    more = {**TEXTS, "d": "not bad"}
    for told in (rows(5, 1, 1, 3), rows(5, 0, 1, 4)):
        assert night(spark, tmp_path, 0, more) == told
    assert [key for key, _ in ratings(tmp_path / "out")] == ["a", "b", "c", "d"]
    rejected = duckdb.sql(f"SELECT review_id FROM '{tmp_path}/out/rejected/**/*.parquet'")
    assert sorted(rejected.fetchall()) == [("e",), ("empty",)]


def test_a_new_model_rates_everything_again(spark, tmp_path, small_bundle):
    small_bundle.save(tmp_path / "small")
    night(spark, tmp_path, 0, TEXTS)
    model = str(tmp_path / "small")
    assert night(spark, tmp_path, 1, TEXTS, model=model) == rows(4, 3, 1, 0)
    assert night(spark, tmp_path, 2, TEXTS, model=model) == rows(4, 0, 1, 3)


def test_a_review_that_a_dump_has_twice_is_rated_once(spark, tmp_path):
    again = {"id": "a", "movie": "m", "text": "a good film"}
    assert night(spark, tmp_path, 0, TEXTS, again, again) == rows(6, 3, 1, 2)
