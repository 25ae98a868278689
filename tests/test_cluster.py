"""A standalone cluster of separate processes, whose executors have the packed environment."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pyspark
import pytest

from tests.conftest import REVIEWS, run

SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"


@contextmanager
def daemon(folder: Path, *command: str) -> Iterator[Path]:
    """A process of Spark's that runs until the end of the block; gives its log."""
    log = folder / f"{time.monotonic_ns()}.log"
    (folder / "log4j2.properties").write_text(
        "rootLogger.level = info\nrootLogger.appenderRef.out.ref = out\n"
        "appender.out.type = Console\nappender.out.name = out\n"
        "appender.out.layout.type = PatternLayout\nappender.out.layout.pattern = %m%n\n"
    )
    # The cluster's own environment: nothing of the one that submits to it.
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "SPARK_HOME": str(SPARK_CLASS.parent.parent),
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    if "JAVA_HOME" in os.environ:
        environment["JAVA_HOME"] = os.environ["JAVA_HOME"]
    with log.open("w") as out:
        process = subprocess.Popen(
            [SPARK_CLASS, *command],
            cwd=folder,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            yield log
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def wait_for(log: Path, text: str, times: int = 1) -> str:
    """The line of the log that holds the text, once it has come so many times."""
    for _ in range(600):
        lines = [line for line in log.read_text().splitlines() if text in line]
        if len(lines) >= times:
            return lines[-1]
        time.sleep(0.1)
    raise AssertionError(f"{text!r} did not come: {log.read_text()}")


@pytest.fixture
def cluster(tmp_path) -> Iterator[str]:
    """The address of a master with two workers of one core each."""
    at = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    with daemon(tmp_path, MASTER, *at) as log:
        master = "spark://" + wait_for(log, "Starting Spark master at").split("spark://")[1]
        resources = ("--cores", "1", "--memory", "1g", "--work-dir", str(tmp_path / "work"))
        worker = (WORKER, *at, *resources, master)
        with daemon(tmp_path, *worker), daemon(tmp_path, *worker):
            wait_for(log, "Registering worker", times=2)
            yield master


def test_the_packed_environment_rates_and_has_no_tensorflow(packed, tmp_path):
    subprocess.run(["tar", "-xzf", packed, "-C", tmp_path], check=True)
    python = tmp_path / "bin" / "python"
    clean = {"PATH": "/usr/bin:/bin"}

    def try_import(module: str) -> subprocess.CompletedProcess[str]:
        command = [python, "-c", f"import {module}"]
        return subprocess.run(command, env=clean, capture_output=True, text=True, check=False)

    assert "No module named 'tensorflow'" in try_import("tensorflow").stderr
    assert try_import("movierate, pandas, pyarrow").returncode == 0


def test_a_cluster_gives_the_ratings_of_a_local_run(cluster, packed, tmp_path):
    score = ("spark-submit", "jobs/score.py", "--input", REVIEWS, "--date", "2026-01-31")
    local = run(*score, "--output", tmp_path / "local")
    assert local.returncode == 0, local.stderr

    on_cluster = ("spark-submit", "--master", cluster, "--archives", f"{packed}#environment")
    settings = (
        *("--conf", "spark.pyspark.python=./environment/bin/python"),
        *("--conf", f"spark.pyspark.driver.python={sys.executable}"),
        *("--conf", "spark.executor.memory=512m", "--conf", "spark.driver.host=127.0.0.1"),
    )
    remote = run(*on_cluster, *settings, *score[1:], "--output", tmp_path / "remote")
    assert remote.returncode == 0, remote.stdout + remote.stderr
    assert remote.stderr == ""
    # Both executors unpacked the environment, and their workers ran in it.
    assert len(list((tmp_path / "work").glob("*/*/environment/bin/python"))) == 2

    frames = [
        pd.read_parquet(tmp_path / output / "ratings")
        .drop(columns="scored_at")
        .sort_values("review_id", ignore_index=True)
        for output in ("local", "remote")
    ]
    assert len(frames[0]) > 180
    pd.testing.assert_frame_equal(*frames, atol=1e-5, rtol=0)


def test_executors_without_movierate_are_told_of_in_one_line(cluster, tmp_path):
    import venv

    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    submit = (
        *("spark-submit", "--master", cluster),
        *("--conf", f"spark.pyspark.python={tmp_path / 'bare' / 'bin' / 'python'}"),
        *("--conf", f"spark.pyspark.driver.python={sys.executable}"),
        *("--conf", "spark.executor.memory=512m", "--conf", "spark.driver.host=127.0.0.1"),
    )
    result = run(*submit, "jobs/score.py", "--input", REVIEWS, "--output", tmp_path / "out")
    assert result.returncode == 2
    errors = [line for line in result.stdout.splitlines() if line.startswith("movierate: error")]
    assert len(errors) == 1
    assert "«On a cluster» in the README" in errors[0]
    assert not (tmp_path / "out" / "ratings").exists()
