"""Settings and outputs that can't work are told of at once."""

from __future__ import annotations

import os
import time

import duckdb
import pytest

from movierate.cli.main import main
from tests.support.guides import BLOCKS
from tests.support.inputs import GOOD, review, write, write_lines, write_parquet
from tests.support.outcome import all_rated, one_line, process_refused, refused
from tests.support.process import run


@pytest.mark.parametrize("name", ["rated[1]", "rated{1}", "rated?", "rated*"])
def test_an_output_that_looks_like_a_pattern(score, dump, tmp_path, name):
    write_lines(dump / "r.jsonl", review("1"))
    refused(score(output=tmp_path / "outputs" / name), name)
    assert not (tmp_path / "outputs").exists()


def test_an_empty_output(score, dump, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_lines(dump / "r.jsonl", review("1"))
    outcome = score(output="")
    one_line(outcome.code, outcome.stderr, "output")
    assert os.listdir(tmp_path) == ["in"]


@pytest.mark.parametrize("pattern", ["*", "r*", "{r.jsonl,out}"])
def test_an_output_within_the_pattern_of_the_input(score, dump, pattern):
    write_lines(dump / "r.jsonl", review("1"))
    outcome = score(input=f"{dump}/{pattern}", output=dump / "out")
    if pattern == "r*":
        all_rated(outcome, 1)
    else:
        refused(outcome, "output", "within the input")


def test_the_latest_ratings_after_a_kept_column_changed_its_type(score, dump, tmp_path, capsys):
    for day, user in (("2026-01-30", 7), ("2026-01-31", "u7")):
        write_parquet(dump / "a.parquet", id=["1"], text=[GOOD], movie=["m"], user=[user])
        assert score("--keep", "user", date=day).code == 0
    capsys.readouterr()
    code = main(["latest", str(tmp_path / "out")])
    said = capsys.readouterr()
    if code:
        one_line(code, said.err, "user")
    else:
        assert "latest                 1 reviews" in said.out
        latest = duckdb.sql(f"SELECT \"user\" FROM '{tmp_path}/out/latest/*.parquet'").fetchall()
        assert latest == [("u7",)]


def test_the_query_for_polars_after_a_night_with_another_kept_column(
    score, dump, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    write_lines(dump / "r.jsonl", review("1", user="u"))
    for day, keep in (("2026-01-30", ()), ("2026-01-31", ("--keep", "user"))):
        assert score(*keep, output=tmp_path / "rated", date=day).code == 0
    (query,) = [code for _, language, code in BLOCKS if language == "python" and "polars" in code]
    exec(query)


def test_rate_without_stdin():
    result = run("bash", "-c", "movierate rate <&-")
    assert result.returncode in (0, 2)
    assert "a bug" not in result.stderr
    assert len(result.stderr.splitlines()) <= 1


def test_a_model_that_is_no_bundle_is_not_read(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(8 << 30)  # it takes no space on the disk
    start = time.monotonic()
    command = f"ulimit -v 6000000; movierate rate --model '{tmp_path}' x"
    process_refused(run("bash", "-c", command), str(tmp_path))
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("limit", ["99999999999", str(2**31)])
def test_a_huge_limit(score, dump, limit):
    write_lines(dump / "r.jsonl", review("1"))
    outcome = score("--limit", limit)
    if outcome.code:
        refused(outcome, "limit", limit)
    else:
        all_rated(outcome, 1)


def test_a_date_with_a_time(score, dump):
    write_lines(dump / "r.jsonl", review("1"))
    refused(score("--set", "date=2026-01-05T10:00:00", date=None), "date", "YYYY-MM-DD")


def test_a_home_of_spark_that_is_gone(dump, tmp_path):
    write_lines(dump / "r.jsonl", review("1"))
    command = ("movierate", "score", "--input", dump, "--output", tmp_path / "out")
    process_refused(run(*command, env={"SPARK_HOME": "/opt/gone"}), "SPARK_HOME", "/opt/gone")
    assert not (tmp_path / "out").exists()


def test_latest_does_not_replace_another_table(spark, score, dump, tmp_path, capsys):
    write_lines(dump / "a.jsonl", review("1"))
    outcome = score()
    all_rated(outcome, 1)
    precious = tmp_path / "precious"
    spark.range(5).write.parquet(str(precious))
    capsys.readouterr()
    code = main(["latest", str(outcome.output), "--output", str(precious)])
    one_line(code, capsys.readouterr().err, "precious", "another directory")
    assert spark.read.parquet(str(precious)).count() == 5


def test_a_day_without_files_does_not_stop_skip_rated(score, dump, tmp_path):
    write_lines(dump / "a.jsonl", review("1"))
    (tmp_path / "out" / "ratings" / "scored_date=2026-01-30").mkdir(parents=True)
    all_rated(score("--skip-rated"), 1)


def test_a_foreign_file_among_the_ratings_is_told_of(score, dump, tmp_path):
    write_lines(dump / "a.jsonl", review("1"))
    write(tmp_path / "out" / "ratings" / "notes.txt", "by hand")
    outcome = score("--skip-rated")
    one_line(outcome.code, outcome.stderr, "ratings", "move away")
