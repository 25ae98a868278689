"""Letters beyond ASCII in names, where the locale is ASCII: as in cron and in containers."""

import json
import os
from pathlib import Path

import pytest

from tests.support.process import REVIEWS, ROOT, run

NAME = "Amélie 電影"

pytestmark = pytest.mark.spark


@pytest.fixture
def dump(tmp_path) -> Path:
    """Two files, one of them with such a name; a review each."""
    folder = tmp_path / "dump"
    folder.mkdir()
    for name, line in zip((NAME, "b"), REVIEWS.read_text().splitlines(), strict=False):
        (folder / f"{name}.jsonl").write_text(f"{line}\n")
    return folder


def score(command: str, locale: str, conf: Path, *arguments: str | Path):
    environment = ["PATH", "HOME", "PYTHONPATH", "SPARK_SUBMIT_OPTS"]
    told = [f"{name}={os.environ[name]}" for name in environment if name in os.environ]
    path = f"PATH={ROOT}/.venv/bin:{os.environ['PATH']}"
    return run(
        *("env", "-i", *told, path, *locale.split(), f"SPARK_CONF_DIR={conf}"),
        *(*command.split(), "jobs/score.py", *arguments),
    )


@pytest.mark.parametrize(
    ("command", "locale"),
    [("python", "LC_ALL=C"), ("spark-submit", "LANG=xx_XX.UTF-8")],  # which is not installed
)
def test_such_names_are_read_and_written(command, locale, dump, tmp_path):
    output = tmp_path / "ausgabe ü"
    result = score(command, locale, ROOT / "conf", "--input", dump, "--output", output)
    assert result.returncode == 0, result.stdout + result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ausgabe ü", "dump"]
    (record,) = (json.loads(path.read_text()) for path in (output / "runs").glob("*.json"))
    assert record["rows"]["read"] == 2


@pytest.mark.parametrize(
    ("input", "output"), [("d*/*.jsonl", "out"), (f"dump/{NAME}.jsonl", "aus ü")]
)
def test_they_are_refused_where_a_cluster_has_started_java_without_them(
    input, output, dump, tmp_path
):
    (tmp_path / "conf").mkdir()
    paths = ("--input", tmp_path / input, "--output", tmp_path / output)
    result = score("spark-submit", "LC_ALL=C", tmp_path / "conf", *paths)
    assert result.returncode == 2, result.stdout + result.stderr
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("movierate: ")]
    assert "set LC_ALL=C.UTF-8" in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conf", "dump"]


def test_other_names_are_read_there(dump, tmp_path):
    (tmp_path / "conf").mkdir()
    paths = ("--input", dump / "?.jsonl", "--output", tmp_path / "out")
    result = score("spark-submit", "LC_ALL=C", tmp_path / "conf", *paths)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 read, 1 rated" in result.stdout
