"""How a command ended, and what it wrote."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd


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


def _read(table: Path) -> pd.DataFrame:
    return pd.read_parquet(table) if any(table.rglob("*.parquet")) else pd.DataFrame()
