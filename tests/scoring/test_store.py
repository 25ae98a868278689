"""The output directory: what is read there is whole, whenever a run dies."""

import datetime
import json
import os
import socket
import subprocess
import sys
import time

import duckdb
import pytest

from movierate.errors import RunFailed, UserError
from movierate.scoring.output.lock import ABANDONED_SECONDS, LOCK, held
from movierate.scoring.output.parquet import Part, Store
from movierate.spark.filesystem import FileSystem

DAY = Part(datetime.date(2026, 1, 31))
BATCH = Part(datetime.date(2026, 1, 31), 3)


@pytest.fixture
def store(spark, tmp_path):
    return Store(spark, str(tmp_path / "out"), [])


def stage(store, spark, run_id: str, rows: int, part: Part = DAY) -> None:
    for table in ("ratings", "rejected"):
        store.write(run_id, table, part, spark.range(rows))


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


@pytest.mark.parametrize("part", [DAY, BATCH])
def test_nothing_is_published_before_the_commit_and_all_after(store, spark, tmp_path, part):
    with store.held():
        stage(store, spark, "run", 5, part)
        assert published(tmp_path) == 0
        store.commit("run", part)
    assert published(tmp_path, "ratings") == published(tmp_path, "rejected") == 5
    assert list((tmp_path / "out" / "ratings" / part.path).glob("*.parquet"))
    assert sorted(os.listdir(tmp_path / "out")) == ["ratings", "rejected"]


def test_a_run_killed_while_it_wrote_leaves_nothing(store, spark, tmp_path):
    with store.held():
        stage(store, spark, "first", 3)
        store.commit("first", DAY)
        stage(store, spark, "killed", 5)
    with store.held():
        assert published(tmp_path) == 3
    assert not (tmp_path / "out" / ".staging").exists()


@pytest.mark.parametrize("moves", range(4))
def test_a_run_killed_while_it_published_is_completed(store, spark, tmp_path, monkeypatch, moves):
    with store.held():
        stage(store, spark, "first", 3, BATCH)
        store.commit("first", BATCH)
    rename, done = FileSystem.rename, []

    def rename_until_killed(self, source, target):
        if len(done) == moves:
            raise KeyboardInterrupt
        done.append(target)
        return rename(self, source, target)

    with store.held():
        stage(store, spark, "second", 5, BATCH)
        monkeypatch.setattr(FileSystem, "rename", rename_until_killed)
        with pytest.raises(KeyboardInterrupt):
            store.commit("second", BATCH)
        monkeypatch.undo()
    with store.held():
        assert published(tmp_path, "ratings") == published(tmp_path, "rejected") == 5
    assert sorted(os.listdir(tmp_path / "out")) == ["ratings", "rejected"]


def test_a_second_run_is_told_who_holds_the_output(store, spark, tmp_path):
    told = f"process {os.getpid()} on .* since 20"
    with store.held(), pytest.raises(UserError, match=told), held(spark, store.directory):
        pass
    with store.held():  # free again
        assert (tmp_path / "out" / LOCK).exists()
    assert not (tmp_path / "out").exists()


def test_the_lock_of_a_dead_run_is_taken_over_and_said(store, tmp_path):
    leave_lock(tmp_path, pid=ended_process())
    said = []
    with store.held(said.append):
        assert "since 2026-01-31 03:00:00 UTC is taken over" in said[0]


def test_a_process_with_the_id_of_a_dead_run_does_not_hold_its_lock(store, tmp_path):
    leave_lock(tmp_path, pid=os.getpid(), born="long ago")
    with store.held():
        pass


def test_another_machines_run_lives_as_long_as_it_touches_its_lock(store, tmp_path):
    leave_lock(tmp_path, host="elsewhere")
    with pytest.raises(UserError, match="on elsewhere since"), store.held():
        pass
    long_ago = time.time() - ABANDONED_SECONDS - 1
    os.utime(tmp_path / "out" / LOCK, (long_ago, long_ago))
    with store.held():
        pass


def test_a_run_that_was_taken_for_dead_publishes_nothing(store, spark, tmp_path):
    with store.held():
        stage(store, spark, "run", 5)
        leave_lock(tmp_path, host="elsewhere")
        with pytest.raises(RunFailed, match=r"taken over by .* elsewhere"):
            store.commit("run", DAY)
    assert published(tmp_path) == 0
    assert (tmp_path / "out" / LOCK).exists()


def test_of_many_that_find_a_dead_lock_one_gets_it(spark, tmp_path):
    leave_lock(tmp_path, pid=ended_process())
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from movierate.scoring.output import lock\n"
        "file = lock._LocalFile(Path(sys.argv[1]))\n"
        "time.sleep(float(sys.argv[2]) - time.time())\n"
        "try:\n"
        "    lock._take(file, lock._this_process(), 'out', print)\n"
        "    print('got it', flush=True)\n"
        "    time.sleep(1)\n"
        "except lock.UserError:\n"
        "    pass\n"
    )
    begin = str(time.time() + 3)
    command = [sys.executable, "-c", script, str(tmp_path / "out" / LOCK), begin]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = "".join(run.communicate()[0] for run in runs)
    assert said.count("got it") == 1
