"""The jobs as processes: what they print, also where names are beyond ASCII and the locale is not.

Cron and containers have such a locale.
"""

import json
import os
import re
from pathlib import Path

import duckdb
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


PHASES = ["start", "input", "rate", "write", "check", "publish"]


@pytest.mark.parametrize(
    ("command", "locale", "format"),
    [
        ("python", "LC_ALL=C", "text"),
        ("spark-submit", "LANG=xx_XX.UTF-8", "json"),  # which is not installed
    ],
)
def test_a_run_says_what_it_did_and_nothing_else(command, locale, format, dump, tmp_path):
    output = tmp_path / "ausgabe ü"
    paths = ("--input", dump, "--output", output)
    result = score(command, locale, ROOT / "conf", *paths, "--log-format", format)
    assert result.returncode == 0, result.stdout + result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ausgabe ü", "dump"]
    (record,) = (json.loads(path.read_text()) for path in (output / "runs").glob("*.json"))
    assert record["rows"]["read"] == 2
    if format == "json":
        check_json(result.stdout.splitlines())  # spark-submit prints stderr to stdout
    else:
        check_text(result.stdout.splitlines(), result.stderr.splitlines())


def check_json(lines: list[str]) -> None:
    *log, record = map(json.loads, lines)
    assert [line["phase"] for line in log] == PHASES
    assert all(line["level"] == "info" and line["seconds"] >= 0 for line in log)
    assert log[2]["read"] == record["rows"]["read"] == 2
    assert Path(record["record"]).exists()


def check_text(lines: list[str], log: list[str]) -> None:
    phase = r"movierate: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (\w+): .+ \(\d+\.\d s\)"
    assert [re.fullmatch(phase, text)[1] for text in log] == PHASES
    assert "2 read" in log[2]
    assert [line.split()[0] for line in lines] == [
        *("read", "rated", "rejected", "took", "ratings", "rejected", "record", "in")
    ]
    assert lines[0].split()[1] == "2"
    query = lines[-1].removeprefix("in DuckDB ")
    assert len(duckdb.sql(query).fetchall()) == 2


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ("spark.executor.pyspark.memory=400m", 1, "a Python worker has no memory left"),
        ("spark.executor.pyspark.memory=1g", 0, ""),
        ("spark.sql.execution.arrow.useLargeVarTypes=true", 0, ""),
        ("spark.io.encryption.enabled=true", 0, ""),
        ("spark.python.worker.reuse=false", 0, ""),
        ("spark.speculation=true", 0, ""),
    ],
)
def test_settings_that_clusters_have(tmp_path, setting, code, said):
    submit = ("spark-submit", "--master", "local[2]", "--conf", setting)
    job = ("jobs/score.py", "--input", REVIEWS, "--output", tmp_path / "out")
    result = run(*submit, *job)
    assert result.returncode == code, result.stdout + result.stderr
    assert said in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
