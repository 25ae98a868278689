"""The records that runs have left in an output, and the last of them as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pyspark.sql import SparkSession

from movierate.errors import UserError
from movierate.scoring.run_record import DONE, RUNS, UNREADABLE, RunRecord
from movierate.spark.filesystem import FileSystem, FileSystemError
from movierate.spark.session import check_local, running_spark

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
    found = _read_local(Path(output) / RUNS, count) if is_local else _read_remote(output, count)
    records = list(found)
    if not records:
        raise UserError(f"runs: {no_records(output)}")
    records.sort(key=lambda record: str(record.started_at))
    return _format_table([HEAD, *map(_format_row, records)])


def read_records(spark: SparkSession, output: str) -> Iterator[RunRecord]:
    """The records of an output's runs, each read when it is asked for, the latest first.

    One that can't be read has the status UNREADABLE.
    """
    directory = f"{output.rstrip('/')}/{RUNS}"
    file_system = FileSystem(spark, directory)
    paths = {status.name: status.path for status in file_system.list(directory)}
    # The names begin with the second.
    for name in sorted(paths, reverse=True):
        if re.fullmatch(r"[^.].*\.json", name):
            try:
                text = file_system.read_text(paths[name])
            except FileSystemError:
                text = ""
            yield _parse(name, text)


def no_records(output: str) -> str:
    """The error for an output without records."""
    return f"there are no records of runs in {output}: is it an output directory of score?"


def _read_local(directory: Path, count: int) -> Iterator[RunRecord]:
    for path in sorted(directory.glob("[!.]*.json"), reverse=True)[:count]:
        yield _parse(path.name, path.read_text(encoding="utf-8", errors="replace"))


def _read_remote(output: str, count: int) -> Iterator[RunRecord]:
    with running_spark("movierate runs") as spark:
        yield from islice(read_records(spark, output), count)


def _parse(name: str, text: str) -> RunRecord:
    try:
        return RunRecord.from_json(text)
    except ValueError:
        run_id = name.removesuffix(".json")
        return RunRecord(run_id, started_at=run_id, status=UNREADABLE)


def _format_row(record: RunRecord) -> tuple[str, ...]:
    rows, drift = record.rows, record.drift or {}
    measured = [column["psi"] for column in drift.values() if column["psi"] is not None]
    tripped = record.gates_tripped
    why = record.error or "; ".join(tripped)
    return (
        record.started_at[:19].replace("T", " "),
        record.scored_date,
        "gate" if tripped and record.status == DONE else record.status,
        *(_format(rows.get(outcome), ",") for outcome in ("read", "skipped", "rated", "rejected")),
        _format(record.seconds, ",.1f"),
        _format(record.rows_per_second, ",.0f"),
        _format(max(measured, default=None), ".2f"),
        record.model_id,
        " ".join(why.split())[:WHY],
    )


def _format(figure: float | None, format: str) -> str:
    return "" if figure is None else f"{figure:{format}}"


def _format_table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if name in NUMBERS else cell.ljust(width)
            for name, cell, width in zip(HEAD, row, widths, strict=True)
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
