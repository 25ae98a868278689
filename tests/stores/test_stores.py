"""Whole runs on HDFS and S3: what is there in the end, after runs that were killed, too."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from movierate.config.jobs import ScoreConfig
from movierate.errors import UserError
from movierate.scoring.incremental import score_new_files
from movierate.scoring.job import score
from movierate.scoring.latest import write_latest
from movierate.scoring.output.checkpoint import CHECKPOINT
from movierate.scoring.output.lock import lock
from movierate.spark.filesystem import FileSystem
from tests.support.inputs import write_lines
from tests.support.process import ROOT, kill_score_at
from tests.support.watch import watching

pytestmark = pytest.mark.stores

DAY = datetime.date(2026, 1, 31)
MODEL = ROOT / "movierate" / "models" / "imdb"
FILES, ROWS = 4, 1_500


@pytest.fixture(scope="module")
def dump(tmp_path_factory) -> Path:
    """Files of 1,500 reviews; each has one without a text."""
    folder = tmp_path_factory.mktemp("dump")
    for file in range(FILES):
        rows = [
            {"review_id": f"{file}-{row}", "text": f"{row} reasons why this film is good. " * 6}
            for row in range(ROWS)
        ]
        rows[7]["text"] = ""
        write_lines(folder / f"{file}.jsonl", *rows)
    return folder


def ids(spark, store, table="ratings") -> list[str]:
    rows = spark.read.parquet(f"{store.root}/out/{table}").select("review_id").collect()
    return sorted(row.review_id for row in rows)


def check_whole(spark, store, files: int = FILES) -> None:
    """Make sure that each review is there, and once."""
    of_file = {f"{file}-{row}" for file in range(files) for row in range(ROWS)}
    rejected = {f"{file}-7" for file in range(files)}
    assert ids(spark, store) == sorted(of_file - rejected)
    assert ids(spark, store, "rejected") == sorted(rejected)
    entries = {status.name for status in FileSystem(spark, store.root).list(f"{store.root}/out")}
    assert entries - {CHECKPOINT} == {"ratings", "rejected", "runs"}


def test_nights_with_input_model_and_output_in_the_store(spark, store, dump):
    paths, output = [store.upload(spark, dump, "in")], f"{store.root}/out"
    config = ScoreConfig(date=DAY, model=store.upload(spark, MODEL, "models/mine"), skip_rated=True)
    first = score(spark, paths, output, config).record
    assert first.rows == {
        "read": FILES * ROWS,
        "rated": FILES * (ROWS - 1),
        "rejected": FILES,
        "skipped": 0,
    }
    check_whole(spark, store)
    again = config.model_copy(update={"date": DAY + datetime.timedelta(1)})
    assert score(spark, paths, output, again).record.rows["skipped"] == FILES * (ROWS - 1)
    assert len(ids(spark, store)) == FILES * (ROWS - 1)
    assert write_latest(spark, output, f"{output}/latest") == FILES * (ROWS - 1)


def test_new_files_are_rated_once(spark, store, dump):
    output, config = f"{store.root}/out", ScoreConfig(date=DAY, incremental=True)
    for number in range(2):
        store.upload(spark, dump / f"{number}.jsonl", f"in/{number}.jsonl")
        (run,) = score_new_files(spark, [f"{store.root}/in"], output, config)
        assert run.record.rows["read"] == ROWS
    assert score_new_files(spark, [f"{store.root}/in"], output, config) == []
    check_whole(spark, store, files=2)


def test_one_run_at_a_time_holds_the_output(spark, store):
    output = f"{store.root}/out"
    with (
        lock(spark, output),
        pytest.raises(UserError, match="is locked"),
        lock(spark, output),
    ):
        pass


@pytest.mark.parametrize("moment", ["input", "rate", "write", "check"])
def test_a_run_that_is_killed_and_the_next_one(spark, store, dump, moment):
    """The first replaces a day, and dies when it has told of a phase."""
    paths, output = [store.upload(spark, dump, "in")], f"{store.root}/out"
    config = ScoreConfig(date=DAY)
    score(spark, paths, output, config)
    job = ("--input", *paths, "--output", output, "--date", str(DAY))
    kill_score_at(moment, store.settings, *job)
    score(spark, paths, output, config)
    check_whole(spark, store)


def test_what_a_reader_sees_while_a_day_is_replaced(spark, store, dump):
    paths, output = [store.upload(spark, dump, "in")], f"{store.root}/out"
    config = ScoreConfig(date=DAY)
    day = f"{output}/ratings/scored_date={DAY}"
    score(spark, paths, output, config)
    file_system = FileSystem(spark, day)
    files, seen = len(file_system.list(day)), []
    with watching(lambda: seen.append(len(file_system.list(day)))):
        for _ in range(5):
            score(spark, paths, output, config)
    partly = sum(0 < count < files for count in seen)
    print(
        f"\n{store.name}: {files} files; {len(seen)} looks, {seen.count(0)} saw none, "
        f"{partly} a part, {sum(count > files for count in seen)} more than one day"
    )
    assert max(seen) == files > 1
    assert len(seen) > 50
    if store.name == "hdfs":
        assert partly == 0
