"""The output directory: what is read there is whole, whenever a run dies."""

import datetime
import json
import os
import socket
import subprocess
import sys

import duckdb
import pytest

from movierate.scoring.store import Store

DAY = datetime.date(2026, 1, 31)


@pytest.fixture
def store(spark, tmp_path):
    return Store(spark, str(tmp_path / "out"), [])


def stage(store, spark, run_id: str, rows: int) -> None:
    store.begin(run_id)
    for table in ("ratings", "rejected"):
        store.write(run_id, table, DAY, spark.range(rows))


def published(tmp_path, table: str = "ratings") -> int:
    files = list((tmp_path / "out" / table).glob("*/*.parquet"))
    if not files:
        return 0
    return duckdb.read_parquet([str(file) for file in files]).count("*").fetchall()[0][0]


def kill(tmp_path, run_id: str) -> None:
    """As if the run's process had been killed: its id now belongs to nobody."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    owner = {"host": socket.gethostname(), "pid": ended.pid, "born": "long ago"}
    path = tmp_path / "out" / ".staging" / run_id / "owner.json"
    path.write_text(json.dumps(owner))
    path.with_name(f".{path.name}.crc").unlink(missing_ok=True)


def test_nothing_is_published_before_the_commit_and_all_after(store, spark, tmp_path):
    stage(store, spark, "run", 5)
    assert published(tmp_path) == 0
    store.commit("run")
    assert published(tmp_path, "ratings") == published(tmp_path, "rejected") == 5
    assert not (tmp_path / "out" / ".staging").exists()


def test_a_run_killed_while_it_wrote_leaves_nothing(store, spark, tmp_path):
    stage(store, spark, "first", 3)
    store.commit("first")
    stage(store, spark, "killed", 5)
    kill(tmp_path, "killed")
    store.recover()
    assert published(tmp_path) == 3
    assert not (tmp_path / "out" / ".staging").exists()


@pytest.mark.parametrize("moves", range(6))
def test_a_run_killed_while_it_published_is_completed(store, spark, tmp_path, monkeypatch, moves):
    stage(store, spark, "first", 3)
    store.commit("first")
    stage(store, spark, "second", 5)
    rename, done = Store._rename, []

    def rename_until_killed(self, source, target):
        if len(done) == moves:
            raise KeyboardInterrupt
        done.append(target)
        rename(self, source, target)

    monkeypatch.setattr(Store, "_rename", rename_until_killed)
    if moves < 4:
        with pytest.raises(KeyboardInterrupt):
            store.commit("second")
    else:
        store.commit("second")
    monkeypatch.undo()
    if moves < 4:
        kill(tmp_path, "second")
    store.recover()
    assert published(tmp_path, "ratings") == published(tmp_path, "rejected") == 5
    assert sorted(os.listdir(tmp_path / "out")) == ["ratings", "rejected"]


def test_a_run_that_is_still_alive_is_left_alone(store, spark, tmp_path):
    stage(store, spark, "other", 5)  # this process owns it
    store.recover()
    store.commit("other")
    assert published(tmp_path) == 5


def test_a_fresh_run_of_another_machine_is_left_alone(store, spark, tmp_path):
    stage(store, spark, "other", 5)
    path = tmp_path / "out" / ".staging" / "other" / "owner.json"
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "born": "x"}))
    path.with_name(f".{path.name}.crc").unlink(missing_ok=True)
    store.recover()
    assert (tmp_path / "out" / ".staging" / "other").exists()
