"""A standalone cluster of separate processes, whose executors have the packed environment."""

import datetime
import subprocess
from collections.abc import Iterator

import pandas as pd
import pytest

from movierate.config.jobs import ScoreConfig
from movierate.scoring.job import score
from tests.support.cluster import Cluster
from tests.support.process import REVIEWS, run


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    """A master with two workers of one core each."""
    with Cluster.running(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


def test_the_packed_environment_rates_without_tensorflow_and_pyspark(packed, tmp_path):
    subprocess.run(["tar", "-xzf", packed, "-C", tmp_path], check=True)
    python = tmp_path / "bin" / "python"
    clean = {"PATH": "/usr/bin:/bin"}

    def run_there(*command: str) -> subprocess.CompletedProcess[str]:
        command = (str(python), *command)
        return subprocess.run(command, env=clean, capture_output=True, text=True, check=False)

    assert "No module named 'tensorflow'" in run_there("-c", "import tensorflow").stderr
    assert run_there("-c", "import movierate, pandas, pyarrow").returncode == 0
    rated = run_there("-m", "movierate.cli.main", "rate", "A great film.")
    assert rated.returncode == 0, rated.stderr
    scored = run_there("-m", "movierate.cli.main", "score", "--input", "x", "--output", "y")
    assert scored.returncode == 2
    assert scored.stderr.count("\n") == 1
    assert "this Python has no pyspark" in scored.stderr


def test_a_cluster_gives_the_ratings_of_a_local_run(spark, cluster, packed, tmp_path):
    config = ScoreConfig(date=datetime.date(2026, 1, 31))
    score(spark, [str(REVIEWS)], str(tmp_path / "local"), config)

    submit = cluster.submit("./environment/bin/python", "--archives", f"{packed}#environment")
    arguments = ("--input", REVIEWS, "--output", tmp_path / "remote", "--date", str(config.date))
    remote = run(*submit, "jobs/score.py", *arguments)
    assert remote.returncode == 0, remote.stdout + remote.stderr
    assert remote.stderr == ""
    # Both executors unpacked the environment, and their workers ran in it.
    assert len(list(cluster.work.glob("*/*/environment/bin/python"))) == 2

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
    submit = cluster.submit(tmp_path / "bare" / "bin" / "python")
    result = run(*submit, "jobs/score.py", "--input", REVIEWS, "--output", tmp_path / "out")
    assert result.returncode == 2
    errors = [line for line in result.stdout.splitlines() if line.startswith("movierate: error")]
    assert len(errors) == 1
    assert "see docs/cluster.md" in errors[0]
    assert not (tmp_path / "out" / "ratings").exists()
