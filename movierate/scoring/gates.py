"""Quality gates: too many rejected rows, and drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from movierate.config.jobs import ScoreConfig
from movierate.errors import UserError
from movierate.model.bundle import Bundle
from movierate.reviews.names import list_names
from movierate.reviews.schema import BrokenFile
from movierate.scoring.run_record import WITHHELD, RunRecord


def check_gates(config: ScoreConfig, model: Bundle) -> None:
    """Make sure that the gates can be evaluated.

    Raises:
        UserError: drift is to be measured, and there is nothing to measure it against.
    """
    has_baseline = config.drift_baseline is not None or model.baseline is not None
    if config.max_drift is not None and not has_baseline:
        raise UserError(
            f"max_drift: the model {config.model} has no baseline to measure drift against: "
            "name an output with --drift-baseline, train the model again with this movierate, "
            "or leave out --max-drift"
        )


@dataclass(frozen=True)
class Lost:
    """Rows of broken files that were not read."""

    rows: int
    """By what the files say of themselves."""
    files: tuple[str, ...]
    """Files from which nothing was read, and whose number of rows is unknown."""


NOTHING = Lost(0, ())


def count_lost(broken: Sequence[BrokenFile], read: Mapping[str, int]) -> Lost:
    """Count the rows that are lost in broken files.

    Args:
        broken: the files.
        read: rows read by file, with the one that says that the file is broken.
    """
    lost, unknown = 0, []
    for file in broken:
        rows = read.get(file.source, 1) - 1
        if file.rows is not None:
            lost += max(0, file.rows - rows)
        elif rows == 0:
            unknown.append(file.source)
    return Lost(lost, tuple(unknown))


def evaluate_gates(
    rows: dict[str, int],
    drift: dict[str, Any] | None,
    baseline: str,
    config: ScoreConfig,
    lost: Lost = NOTHING,
) -> list[str]:
    """The gates that tripped: a sentence for each, with its figure.

    Args:
        rows: read, rated and rejected.
        drift: as `movierate.scoring.drift.drift` gives it.
        baseline: the name of what the drift is from.
        config: the gates.
        lost: what broken files held; it counts as rejected.
    """
    of_rows = _check_rejected(rows, lost, config.max_rejected)
    return of_rows + _check_drift(drift or {}, baseline, config.max_drift)


def describe_gates(record: RunRecord) -> str:
    """The gates that a run tripped, and whether its output was published."""
    withheld = ": nothing was published" if record.status == WITHHELD else ""
    return "; ".join(record.gates_tripped) + withheld


def _check_rejected(rows: dict[str, int], lost: Lost, allowed: float | None) -> list[str]:
    if allowed is None:
        return []
    sentences = []
    rejected, read = rows["rejected"] + lost.rows, rows["read"] + lost.rows
    if rejected > allowed * read:
        of_broken = f", {lost.rows:,} of them lost in broken files" if lost.rows else ""
        sentences.append(
            f"{rejected / read:.2%} of the rows were rejected{of_broken}, {allowed:.2%} are "
            "allowed (--max-rejected)"
        )
    if lost.files and allowed < 1:
        sentences.append(
            f"nothing could be read from {list_names(lost.files, 3)}: the number of lost "
            "rows is unknown (--max-rejected)"
        )
    return sentences


def _check_drift(drift: dict[str, Any], baseline: str, allowed: float | None) -> list[str]:
    """Columns that drifted further than allowed, and further than chance explains."""
    if allowed is None:
        return []
    return [
        f"{column} drifted from {baseline} by a PSI of {found['psi']:.2f}, "
        f"{allowed:g} is allowed (--max-drift)"
        for column, found in drift.items()
        if found["psi"] is not None and found["psi"] > max(allowed, found["by_chance"])
    ]
