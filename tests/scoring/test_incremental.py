"""Incremental runs: only new files are read, and a batch that is run again replaces itself."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from movierate.cli.main import main
from movierate.config.jobs import DumpConfig, ScoreConfig
from movierate.errors import UserError
from movierate.scoring.incremental import score_new_files, total
from movierate.scoring.job import score
from movierate.scoring.output.directory import OutputDirectory
from tests.support.process import REVIEWS

DAY = datetime.date(2026, 1, 31)
NEXT_DAY = datetime.date(2026, 2, 1)
CONFIG = ScoreConfig(date=DAY, incremental=True, files_per_batch=2)


def write(folder: Path, name: str, count: int = 2) -> None:
    folder.mkdir(exist_ok=True)
    rows = [{"id": f"{name}-{n}", "movie": "m", "text": f"a good film {n}"} for n in range(count)]
    frame = pd.DataFrame(rows)
    if name.endswith(".parquet"):
        frame.to_parquet(folder / name)
    elif name.endswith(".csv"):
        frame.to_csv(folder / name, index=False)
    else:
        frame.to_json(folder / name, orient="records", lines=True)


def ratings(output: Path) -> list[tuple[str, int, datetime.date]]:
    query = f"""SELECT review_id, batch, scored_date FROM '{output}/ratings/**/*.parquet'
        ORDER BY ALL"""
    return duckdb.sql(query).fetchall()


def again(output: Path, batch: int) -> None:
    """As if the run had been killed after it published a batch, before Spark knew of that."""
    for name in (f"{batch}", f".{batch}.crc"):
        (output / ".checkpoint" / "commits" / name).unlink()


def test_each_file_is_read_once_and_a_night_without_any_is_no_error(spark, tmp_path):
    dumps, output = tmp_path / "dumps", tmp_path / "out"
    dumps.mkdir()
    asked = (spark, [str(dumps)], str(output), CONFIG)
    assert score_new_files(*asked) == []
    for name in ("1.jsonl", "2.jsonl", "!3 [new]^.jsonl", "empty.jsonl"):
        write(dumps, name, 0 if name == "empty.jsonl" else 2)
    assert total(score_new_files(*asked)).rows["rated"] == 6
    assert score_new_files(*asked) == []
    write(dumps, "4.jsonl")
    (run,) = score_new_files(*asked)
    assert run.record.rows == {"read": 2, "rated": 2, "rejected": 0}
    assert run.record.input == [f"file:{dumps}/4.jsonl"]
    found = ratings(output)
    assert len(found) == len({review for review, *_ in found}) == 8
    assert len({batch for _, batch, _ in found}) == 3
    assert len(list((output / "runs").glob("*.json"))) == 3
    by_spark = spark.read.parquet(f"{output}/ratings")
    assert by_spark.columns[-2:] == ["scored_date", "batch"]


@pytest.mark.parametrize("skip_rated", [False, True])
def test_a_batch_that_is_run_again_after_midnight_replaces_itself(spark, tmp_path, skip_rated):
    dumps, output = tmp_path / "dumps", tmp_path / "out"
    write(dumps, "1.jsonl")
    config = ScoreConfig(date=DAY, incremental=True, skip_rated=skip_rated)
    score_new_files(spark, [str(dumps)], str(output), config)
    before = ratings(output)
    again(output, 0)
    write(dumps, "2.jsonl")
    config = ScoreConfig(date=NEXT_DAY, incremental=True, skip_rated=skip_rated)
    retried, new = score_new_files(spark, [str(dumps)], str(output), config)
    assert retried.record.rows["rated"] == new.record.rows["rated"] == 2
    assert [row for row in ratings(output) if row[1] == 0] == before
    assert {row[2] for row in ratings(output) if row[1] == 1} == {NEXT_DAY}


def test_a_night_with_nothing_new_says_so(spark, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("movierate.spark.session.stop_spark", lambda: None)  # the session is shared
    write(tmp_path / "dumps", "1.jsonl")
    paths = ["--input", str(tmp_path / "dumps"), "--output", str(tmp_path / "out")]
    said = []
    for more in ([], [], ["--log-format", "json"]):
        assert main(["score", *paths, "--incremental", *more]) == 0
        said.append(capsys.readouterr().out)
    nothing = f"nothing new in {tmp_path / 'dumps'}: all files were scored by earlier runs"
    assert said[0].startswith("read  ")
    assert said[1] == nothing + "\n"
    assert json.loads(said[2]) == {"message": nothing}


def test_a_failed_batch_is_told_of_and_the_next_run_goes_on_there(spark, tmp_path, monkeypatch):
    dumps, output = tmp_path / "dumps", tmp_path / "out"
    for number in range(4):
        write(dumps, f"{number}.jsonl")
    asked = (spark, [str(dumps)], str(output), CONFIG)
    publish = OutputDirectory.publish

    def fail(self, run_id, partition):
        if partition.batch == 1:
            raise UserError("told of")
        publish(self, run_id, partition)

    monkeypatch.setattr(OutputDirectory, "publish", fail)
    with pytest.raises(UserError, match="told of"):
        score_new_files(*asked)
    monkeypatch.undo()
    assert len(ratings(output)) == 4
    (run,) = score_new_files(*asked)
    assert run.record.batch == 1
    assert len(ratings(output)) == 8


def test_a_broken_file_that_is_a_batch_by_itself_is_accounted_for(spark, tmp_path):
    dumps, output = tmp_path / "dumps", tmp_path / "out"
    write(dumps, "1.parquet")
    asked = (spark, [str(dumps)], str(output), CONFIG)
    score_new_files(*asked)
    (dumps / "0.parquet").write_bytes((dumps / "1.parquet").read_bytes()[:500])
    (run,) = score_new_files(*asked)
    assert run.record.rows == {"read": 1, "rated": 0, "rejected": 1}
    assert run.record.broken_files[0]["source"] == f"file:{dumps}/0.parquet"


@pytest.mark.parametrize("name", ["1.csv", "1.txt"])
def test_other_formats(spark, tmp_path, name):
    write(tmp_path / "dumps", "1.csv")
    if name == "1.txt":
        block = "product/productId: m\nreview/score: 5.0\nreview/text: a good film"
        (tmp_path / "dumps" / name).write_text(f"{block}\n\n{block}\n")
        (tmp_path / "dumps" / "1.csv").unlink()
    (run,) = score_new_files(spark, [str(tmp_path / "dumps" / name)], str(tmp_path / "out"), CONFIG)
    assert run.record.rows["rated"] == 2


def test_what_can_not_be_incremental_is_said_before_anything_is_written(spark, tmp_path):
    (tmp_path / "tree" / "train" / "pos").mkdir(parents=True)
    (tmp_path / "tree" / "train" / "pos" / "0_9.txt").write_text("a good film")
    for path, settings, message in (
        (tmp_path / "tree", {}, "can't be streamed"),
        (tmp_path / "nope", {}, "no file or directory"),
        (REVIEWS, {"dump": DumpConfig(text="body")}, "no column body"),
    ):
        config = ScoreConfig(incremental=True, **settings)
        with pytest.raises(UserError, match=message):
            score_new_files(spark, [str(path)], str(tmp_path / "out"), config)
    with pytest.raises(UserError, match="reads whole files"):
        ScoreConfig(incremental=True, limit=5)
    assert not (tmp_path / "out").exists()


def test_an_output_holds_days_or_batches(spark, tmp_path):
    write(tmp_path / "dumps", "1.jsonl")
    dumps, days, batches = ([str(tmp_path / "dumps")], *(str(tmp_path / k) for k in "db"))
    score(spark, dumps, days, ScoreConfig(date=DAY))
    score_new_files(spark, dumps, batches, CONFIG)
    with pytest.raises(UserError, match="has whole days"):
        score_new_files(spark, dumps, days, CONFIG)
    with pytest.raises(UserError, match="was written with --incremental"):
        score(spark, dumps, batches, ScoreConfig(date=DAY))
    with pytest.raises(UserError, match="give the same paths"):
        score_new_files(spark, [*dumps, str(REVIEWS)], batches, CONFIG)
    (tmp_path / "b" / ".checkpoint").rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="restore it"):
        score_new_files(spark, dumps, batches, CONFIG)


def test_the_paths_may_come_in_another_order(spark, tmp_path):
    write(tmp_path / "a", "1.jsonl")
    write(tmp_path / "b", "2.jsonl")
    one, other, output = (str(tmp_path / name) for name in ("a", "b", "out"))
    score_new_files(spark, [one, other], output, CONFIG)
    assert not score_new_files(spark, [other, one], output, CONFIG)
    write(tmp_path / "b", "3.jsonl")
    (run,) = score_new_files(spark, [f"{other}/", one], output, CONFIG)
    assert [Path(file).name for file in run.record.files] == ["3.jsonl"]
    with pytest.raises(UserError, match="give the same paths"):
        score_new_files(spark, [one, str(REVIEWS)], output, CONFIG)


def test_an_inbox_may_be_empty(spark, tmp_path):
    (tmp_path / "in").mkdir()
    output = str(tmp_path / "out")
    for paths in ([str(tmp_path / "in")], [str(tmp_path / "in" / "*.jsonl")]):
        assert not score_new_files(spark, paths, output, CONFIG)
    write(tmp_path / "in", "1.jsonl")
    (run,) = score_new_files(spark, paths, output, CONFIG)
    assert run.record.rows["read"] > 0
