"""Every command and query of the README and of two guides, run in a copy of the repository."""

import sys
from pathlib import Path

import duckdb
import pytest

from tests.support.guides import BLOCKS
from tests.support.process import run

SET_UP = ("pip install", "source .venv")
"""What the environment of the tests has behind it already."""
SESSION = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"
"""What pyspark's shell gives a user before the first line."""


@pytest.fixture
def here(clone, monkeypatch) -> Path:
    monkeypatch.chdir(clone)
    return clone


def name(block: tuple[str, str, str]) -> str:
    return block[2].split("\n")[0][:40]


@pytest.mark.parametrize("block", [block for block in BLOCKS if not block[0]], ids=name)
def test_block(block, here):
    _, language, code = block
    if language == "bash":
        lines = [line for line in code.splitlines() if not line.startswith(SET_UP)]
        result = run("bash", "-euo", "pipefail", "-c", "\n".join(lines), cwd=here)
        assert result.returncode == 0, result.stdout + result.stderr
        if lines == ["make demo"]:
            check_ranking(result.stdout)
    elif language == "sql":
        assert len(duckdb.sql(code).fetchall()) > 0
    elif language == "python":
        result = run(sys.executable, "-c", SESSION + code, cwd=here)
        assert result.returncode == 0, result.stderr
    else:
        raise AssertionError(f"nothing runs {language}")


def check_ranking(output: str) -> None:
    """The demo ends with the films by their mean predicted rating, and what to try next."""
    ranking = output.split("\n\n")[1].splitlines()
    assert len(ranking) == 21
    predicted = [float(line.split()[-2]) for line in ranking[1:]]
    assert predicted == sorted(predicted, reverse=True)
    assert "Try next" in output


def test_what_is_not_run_is_little():
    assert len([block for block in BLOCKS if block[0]]) == 4
    assert len(BLOCKS) > 10


def test_help_tells_of_every_flag():
    result = run("movierate", "score", "--help")
    for flag in (
        "--input",
        "--output",
        "--model",
        "--keep",
        "--date",
        "--limit",
        "--config",
        "--max-drift",
    ):
        assert flag in result.stdout
    for flag in ("--skip-rated", "--incremental", "--files-per-batch"):
        assert flag in result.stdout
