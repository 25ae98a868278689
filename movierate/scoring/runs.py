"""The last runs of an output, as a table: from the records that they have left."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from movierate.errors import UserError
from movierate.scoring.record import RUNS
from movierate.spark import check_local, file_system, read_text, running_spark

HEAD = (
    *("started (UTC)", "date", "outcome", "read", "skipped", "rated", "rejected"),
    *("seconds", "rows/s", "drift", "model", "why"),
)
NUMBERS = ("read", "skipped", "rated", "rejected", "seconds", "rows/s", "drift")
"""Columns that are set to the right."""

WHY = 100
"""Characters of an error or a gate."""


def last_runs(output: str, count: int) -> str:
    """The table of the last runs, the latest at the bottom.

    Spark is started only for an output that is not a directory of this machine.

    Args:
        output: as the runs were given it.
        count: how many, at most.

    Raises:
        UserError: there is no such directory, or no run has left a record there.
    """
    check_local([output], "runs")
    is_local = Path(output).is_dir()
    records = list(_local(Path(output) / RUNS, count) if is_local else _remote(output, count))
    if not records:
        raise UserError(f"runs: no run has left a record in {output}: was it its --output?")
    records.sort(key=lambda record: str(record["started_at"]))
    return _table([HEAD, *map(_row, records)])


def _local(directory: Path, count: int) -> Iterator[dict[str, Any]]:
    # The names begin with the second.
    for path in sorted(directory.glob("[!.]*.json"))[-count:]:
        yield _parsed(path.stem, path.read_text(encoding="utf-8"))


def _remote(output: str, count: int) -> Iterator[dict[str, Any]]:
    with running_spark("movierate runs") as spark:
        fs, directory = file_system(spark, f"{output.rstrip('/')}/{RUNS}")
        found = fs.listStatus(directory) if fs.exists(directory) else ()
        paths = sorted((status.getPath() for status in found), key=str)
        named = [path for path in paths if re.fullmatch(r"[^.].*\.json", path.getName())]
        for path in named[-count:]:
            yield _parsed(path.getName(), read_text(spark, fs, path))


def _parsed(name: str, text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except ValueError:
        record = None
    if not isinstance(record, dict) or not {"started_at", "status"} <= record.keys():
        return {"started_at": name, "status": "unreadable"}
    return record


def _row(record: dict[str, Any]) -> tuple[str, ...]:
    rows = record.get("rows") or {}
    drift = record.get("drift") or {}
    largest = max((column["psi"] for column in drift.values()), default=None)
    tripped = record.get("gates_tripped") or []
    why = record.get("error") or "; ".join(tripped)
    return (
        record["started_at"][:19].replace("T", " "),
        record.get("scored_date", ""),
        "gate" if tripped and record["status"] == "done" else record["status"],
        *(_said(rows.get(outcome), ",") for outcome in ("read", "skipped", "rated", "rejected")),
        _said(record.get("seconds"), ",.1f"),
        _said(record.get("rows_per_second"), ",.0f"),
        _said(largest, ".2f"),
        record.get("model_id", ""),
        " ".join(why.split())[:WHY],
    )


def _said(figure: float | None, format: str) -> str:
    return "" if figure is None else f"{figure:{format}}"


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if name in NUMBERS else cell.ljust(width)
            for name, cell, width in zip(HEAD, row, widths, strict=True)
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
