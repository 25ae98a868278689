"""A run of `movierate score` in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from movierate.cli.main import main
from tests.support.outcome import Outcome

DAY = "2026-01-31"
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
        input: Path | str | Sequence[Path | str] | None = dump,
        output: Path | str = tmp_path / "out",
        date: str | None = DAY,
    ) -> Outcome:
        paths = [input] if isinstance(input, str | Path) else input
        named = ["--input", *map(str, paths)] if paths else []
        command = ["score", *named, "--output", str(output), *arguments]
        before = _files(Path(output))
        capsys.readouterr()
        code = main(command + (["--date", date] if date else []))
        stderr = capsys.readouterr().err
        return Outcome(code, stderr, Path(output), frozenset(_files(Path(output)) - before))

    return score


def _files(output: Path) -> set[Path]:
    return {path for path in output.rglob("*") if path.is_file() and path.parent.name != "runs"}
