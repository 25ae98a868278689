"""Gates: what the user does not allow to pass in silence."""

from __future__ import annotations

from typing import Any

from movierate.config import ScoreConfig
from movierate.errors import UserError
from movierate.model.bundle import Bundle


def check_gates(config: ScoreConfig, model: Bundle) -> None:
    """Make sure that the gates can be looked at.

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


def tripped(
    rows: dict[str, int], drift: dict[str, Any] | None, baseline: str, config: ScoreConfig
) -> list[str]:
    """What is worse than the user allowed: a sentence for each gate, with its figure.

    Args:
        rows: read, rated and rejected.
        drift: as `movierate.scoring.drift.drift` gives it.
        baseline: the name of what the drift is from.
        config: the gates.
    """
    return _rejected(rows, config.max_rejected) + _drifted(drift or {}, baseline, config.max_drift)


def gates_said(record: dict[str, Any]) -> str:
    """The gates that a run tripped, and what that means for its output."""
    held = ": nothing was published" if record["status"] == "held" else ""
    return "; ".join(record["gates_tripped"]) + held


def _rejected(rows: dict[str, int], allowed: float | None) -> list[str]:
    if allowed is None or rows["rejected"] <= allowed * rows["read"]:
        return []
    share = rows["rejected"] / rows["read"]
    return [f"{share:.2%} of the rows were rejected, {allowed:.2%} are allowed (--max-rejected)"]


def _drifted(drift: dict[str, Any], baseline: str, allowed: float | None) -> list[str]:
    """Columns that drifted further than allowed, and further than chance explains."""
    if allowed is None:
        return []
    return [
        f"{column} drifted from {baseline} by a PSI of {found['psi']:.2f}, "
        f"{allowed:g} is allowed (--max-drift)"
        for column, found in drift.items()
        if found["psi"] is not None and found["psi"] > max(allowed, found["by_chance"])
    ]
