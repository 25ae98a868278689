"""A run of `movierate score` in this process, and what came of it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from movierate.cli.main import main

DAY = "2026-01-31"


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it wrote."""

    code: int
    stderr: str
    output: Path
    files: frozenset[Path]
    """Files below the output that the command wrote, but for records in runs/."""

    @property
    def ratings(self) -> pd.DataFrame:
        return _read(self.output / "ratings")

    @property
    def rejected(self) -> pd.DataFrame:
        return _read(self.output / "rejected")

    @property
    def record(self) -> dict[str, Any]:
        newest = max(
            (self.output / "runs").glob("[!.]*.json"), key=lambda path: path.stat().st_mtime_ns
        )
        return json.loads(newest.read_text())

    def column(self, name: str) -> list[Any]:
        """A column of ratings/, in the order of the review ids; None for null."""
        column = self.ratings.sort_values("review_id")[name].astype(object)
        return column.where(column.notna(), None).tolist()


Score = Callable[..., Outcome]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """An empty directory for the input."""
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def score(spark, dump, tmp_path, monkeypatch, capsys) -> Score:
    """Score `dump`, or other paths, with further arguments; `date` and `output` may be others."""
    monkeypatch.setattr("movierate.spark.session.stop_spark", lambda: None)  # the session is shared

    def score(
        *arguments: str,
        input: Path | str | Sequence[Path | str] = dump,
        output: Path | str = tmp_path / "out",
        date: str | None = DAY,
    ) -> Outcome:
        paths = [input] if isinstance(input, str | Path) else input
        command = ["score", "--input", *map(str, paths), "--output", str(output), *arguments]
        before = _files(Path(output))
        capsys.readouterr()
        code = main(command + (["--date", date] if date else []))
        stderr = capsys.readouterr().err
        return Outcome(code, stderr, Path(output), frozenset(_files(Path(output)) - before))

    return score


def all_rated(outcome: Outcome, rated: int, rejected: int = 0) -> None:
    """Exit code 0 and so many rows."""
    assert outcome.code == 0, outcome.stderr
    assert (len(outcome.ratings), len(outcome.rejected)) == (rated, rejected), outcome.rejected


def refused(outcome: Outcome, *says: str) -> None:
    """Exit code 2, one line that says all of these, and nothing written."""
    one_line(outcome.code, outcome.stderr, *says)
    assert not outcome.files


def process_refused(result: subprocess.CompletedProcess[str], *says: str) -> None:
    """As `refused`, of a process."""
    one_line(result.returncode, result.stderr, *says)
    assert result.stdout == ""


def one_line(code: int, stderr: str, *says: str) -> None:
    """Exit code 2, and behind the phases that are over, one line that says all of these."""
    assert code == 2, stderr
    *phases, line = stderr.splitlines()
    assert all(re.match(r"movierate: \d{4}-\d\d-\d\dT", phase) for phase in phases), stderr
    assert line.startswith("movierate: error: ")
    for word in says:
        assert word.lower() in line.lower()


def _files(output: Path) -> set[Path]:
    return {path for path in output.rglob("*") if path.is_file() and path.parent.name != "runs"}


def _read(table: Path) -> pd.DataFrame:
    return pd.read_parquet(table) if any(table.rglob("*.parquet")) else pd.DataFrame()
