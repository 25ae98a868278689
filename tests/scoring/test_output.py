"""The output directory: what is read there is whole, whenever a run dies."""

import datetime
import json
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from movierate.errors import RunFailed, UserError
from movierate.scoring.output.directory import OutputDirectory
from movierate.scoring.output.lock import ABANDONED_SECONDS, LOCK, lock
from movierate.scoring.output.table import OutputPartition
from movierate.spark.filesystem import FileSystem

DAY = OutputPartition(datetime.date(2026, 1, 31))
BATCH = OutputPartition(datetime.date(2026, 1, 31), 3)


@pytest.fixture
def output(spark, tmp_path):
    return OutputDirectory(spark, str(tmp_path / "out"))


def stage(output, spark, run_id: str, rows: int, partition: OutputPartition = DAY) -> None:
    for table in ("ratings", "rejected"):
        output.tables[table].stage(run_id, partition, spark.range(rows))


def published(tmp_path, table: str = "ratings") -> int:
    files = list((tmp_path / "out" / table).rglob("*.parquet"))
    if not files:
        return 0
    return duckdb.read_parquet([str(file) for file in files]).count("*").fetchall()[0][0]


def leave_lock(tmp_path, **holder: object) -> None:
    """As if another run had made it."""
    (tmp_path / "out").mkdir(exist_ok=True)
    told = {"id": "other", "host": socket.gethostname(), "pid": os.getpid(), "born": "x"}
    lock = {**told, "since": "2026-01-31 03:00:00 UTC", **holder}
    (tmp_path / "out" / LOCK).write_text(json.dumps(lock))


def ended_process() -> int:
    """An id that belongs to nobody any more."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


@pytest.mark.parametrize("partition", [DAY, BATCH])
def test_nothing_is_published_before_publish_and_all_after(output, spark, tmp_path, partition):
    with output.lock():
        stage(output, spark, "run", 5, partition)
        assert published(tmp_path) == 0
        output.publish("run", partition)
    assert published(tmp_path, "ratings") == published(tmp_path, "rejected") == 5
    assert list((tmp_path / "out" / "ratings" / partition.path).glob("*.parquet"))
    assert sorted(os.listdir(tmp_path / "out")) == ["ratings", "rejected"]


def test_a_run_killed_while_it_wrote_leaves_nothing(output, spark, tmp_path):
    with output.lock():
        stage(output, spark, "first", 3)
        output.publish("first", DAY)
        stage(output, spark, "killed", 5)
    with output.lock():
        assert published(tmp_path) == 3
    assert not (tmp_path / "out" / ".staging").exists()


@pytest.mark.parametrize("moves", range(4))
def test_a_run_killed_while_it_published_is_completed(output, spark, tmp_path, monkeypatch, moves):
    with output.lock():
        stage(output, spark, "first", 3, BATCH)
        output.publish("first", BATCH)
    rename, done = FileSystem.rename, []

    def rename_until_killed(self, source, target):
        if len(done) == moves:
            raise KeyboardInterrupt
        done.append(target)
        return rename(self, source, target)

    with output.lock():
        stage(output, spark, "second", 5, BATCH)
        monkeypatch.setattr(FileSystem, "rename", rename_until_killed)
        with pytest.raises(KeyboardInterrupt):
            output.publish("second", BATCH)
        monkeypatch.undo()
    with output.lock():
        assert published(tmp_path, "ratings") == published(tmp_path, "rejected") == 5
    assert sorted(os.listdir(tmp_path / "out")) == ["ratings", "rejected"]


def test_a_second_run_is_told_who_holds_the_output(output, spark, tmp_path):
    told = f"process {os.getpid()} on .* since 20"
    with output.lock(), pytest.raises(UserError, match=told), lock(spark, output.directory):
        pass
    with output.lock():  # free again
        assert (tmp_path / "out" / LOCK).exists()
    assert not (tmp_path / "out").exists()


def test_the_lock_of_a_dead_run_is_taken_over_and_said(output, tmp_path):
    leave_lock(tmp_path, pid=ended_process())
    said = []
    with output.lock(said.append):
        assert "since 2026-01-31 03:00:00 UTC, which is dead" in said[0]


def test_a_process_with_the_id_of_a_dead_run_does_not_hold_its_lock(output, tmp_path):
    leave_lock(tmp_path, pid=os.getpid(), born="long ago")
    with output.lock():
        pass


def test_another_machines_run_lives_as_long_as_it_touches_its_lock(output, tmp_path):
    leave_lock(tmp_path, host="elsewhere")
    with pytest.raises(UserError, match="on elsewhere since"), output.lock():
        pass
    long_ago = time.time() - ABANDONED_SECONDS - 1
    os.utime(tmp_path / "out" / LOCK, (long_ago, long_ago))
    with output.lock():
        pass


def test_a_run_that_was_taken_for_dead_publishes_nothing(output, spark, tmp_path):
    with output.lock():
        stage(output, spark, "run", 5)
        leave_lock(tmp_path, host="elsewhere")
        with pytest.raises(RunFailed, match=r"locked by .* elsewhere"):
            output.publish("run", DAY)
    assert published(tmp_path) == 0
    assert (tmp_path / "out" / LOCK).exists()


def test_of_many_that_find_a_dead_lock_one_gets_it(spark, tmp_path):
    begin, end = threading.Barrier(4), threading.Barrier(4)

    def try_to_lock(_: int) -> bool:
        begin.wait()
        try:
            with lock(spark, str(tmp_path / "out")):
                end.wait()  # until the others have tried
        except UserError:
            end.wait()
            return False
        return True

    for _ in range(5):
        leave_lock(tmp_path, pid=ended_process())
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(try_to_lock, range(4))) == 1
