"""Every command and query of the README and of two guides, run in a copy of the repository."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import duckdb
import pytest

from tests.support.guides import BLOCKS
from tests.support.process import environment, run

MADE = ("make demo\n", "make env\n")
"""test_make_demo runs the first, and test_cluster.py the second."""
SET_UP = ("pip install", "source .venv")
"""What the environment of the tests has behind it already."""


def test_make_demo(clone):
    result = run("make", "demo", cwd=clone)
    assert result.returncode == 0, result.stdout + result.stderr
    check_ranking(result.stdout)


@pytest.fixture(scope="module")
def run_block(clone) -> Iterator[Callable[[str, str], None]]:
    """Run a block after the others, in one session."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.guide_session"],
        cwd=clone,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as session:

        def run_block(language: str, code: str) -> None:
            print(json.dumps({"language": language, "code": code}), file=session.stdin, flush=True)
            error = json.loads(session.stdout.readline())["error"]
            assert error is None, error

        yield run_block
        session.stdin.close()


def name(block: tuple[str, str, str]) -> str:
    return block[2].split("\n")[0][:40]


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if not block[0] and block[2] not in MADE], ids=name
)
def test_block(block, run_block, clone, monkeypatch):
    _, language, code = block
    monkeypatch.chdir(clone)
    if language == "sql":
        assert len(duckdb.sql(code).fetchall()) > 0
    else:
        lines = [line for line in code.splitlines() if not line.startswith(SET_UP)]
        run_block(language, "\n".join(lines))


def check_ranking(output: str) -> None:
    """The demo ends with the films by their mean predicted rating, and what to try next."""
    ranking = output.split("\n\n")[1].splitlines()
    assert len(ranking) == 21
    predicted = [float(line.split()[-2]) for line in ranking[1:]]
    assert predicted == sorted(predicted, reverse=True)
    assert "Try next" in output


def test_what_is_not_run_is_little():
    assert len([block for block in BLOCKS if block[0]]) == 5
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
