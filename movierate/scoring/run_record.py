"""The record of a run in runs/: settings, versions, and results."""

from __future__ import annotations

import dataclasses
import datetime
import json
import platform
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyspark

from movierate._version import __version__
from movierate.config.jobs import ScoreConfig
from movierate.files import replace_file
from movierate.reviews.inputs import Inputs
from movierate.reviews.listing import as_source
from movierate.spark.filesystem import FileSystem

RUNS = "runs"

DONE, WITHHELD, FAILED = "done", "withheld", "failed"
"""A run's status. WITHHELD: a gate tripped, and nothing was published."""

UNREADABLE = "unreadable"
"""The status of a record that can't be read."""

FILES_IN_RECORD = 1_000
"""With more input files, the record counts rows by directory instead of by file."""

LIBRARIES = ("numpy", "pyarrow", "pandas", "numba")
"""Libraries whose versions can change a result or its speed."""


@dataclass
class RunRecord:
    """What a run was asked and what it did. A field is empty until the run knows it.

    The job fills the record as it goes. A run that fails writes what it has.
    """

    run_id: str
    started_at: str
    """UTC, ISO 8601."""
    status: str = ""
    """DONE, WITHHELD or FAILED."""
    scored_date: str = ""
    batch: int | None = None
    batches: list[int] = field(default_factory=list)
    """Of an incremental run as a whole: the batches that it published."""
    error: str | None = None
    input: list[str] = field(default_factory=list)
    output: str = ""
    limit: int | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    """The settings by key, as in a config file."""
    versions: dict[str, str] = field(default_factory=dict)
    spark_version: str = ""

    format: str = ""
    encoding: str = ""
    rating_scale: dict[str, Any] | None = None
    """scale ([low, high] or None) and origin; None: the dump has no ratings."""
    columns: dict[str, Any] = field(default_factory=dict)
    """The dump's column (or columns) for each role, and the kept ones."""
    input_files: int = 0
    input_bytes: int = 0
    passed_over: list[str] = field(default_factory=list)
    """Files that are no part of the dump: documents, hidden files. FILES_IN_RECORD at most."""

    model_id: str = ""
    drift_baseline: dict[str, Any] = field(default_factory=dict)
    """name, nights, reviews, not_measured (why drift could not be measured)."""

    rows: dict[str, int] = field(default_factory=dict)
    """read, rated, rejected; skipped with skip_rated."""
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    ratings_unread: int = 0
    """Ratings in the dump that could not be parsed, of rated rows."""
    files: dict[str, dict[str, int]] = field(default_factory=dict)
    """The rows of each source file, and its bytes."""
    drift: dict[str, Any] | None = None
    """By column: psi, by_chance, edges, rows (see `movierate.scoring.drift`)."""
    broken_files: list[dict[str, Any]] = field(default_factory=list)
    gates_tripped: list[str] = field(default_factory=list)

    phases: dict[str, float] = field(default_factory=dict)
    """Seconds of each phase."""
    seconds: float | None = None
    rows_per_second: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The record as in its JSON file."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, text: str) -> RunRecord:
        """A record as a run of this or another version wrote it.

        Raises:
            ValueError: the text is not such a record.
        """
        found = json.loads(text)
        if not isinstance(found, dict) or not {"started_at", "status"} <= found.keys():
            raise ValueError("not the record of a run")
        known = {item.name for item in dataclasses.fields(cls)}
        values = {key: found[key] for key in known & found.keys() if found[key] is not None}
        return cls(**{"run_id": "", **values})

    def fail(self, error: BaseException) -> None:
        """The run failed."""
        self.status, self.error = FAILED, str(error) or type(error).__name__


def start_record(
    paths: Sequence[str], output: str, config: ScoreConfig, started: datetime.datetime
) -> RunRecord:
    """The record of a run that starts: all that is known before anything is read."""
    return RunRecord(
        run_id=f"{started:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}",
        started_at=started.isoformat(),
        scored_date=(config.date or started.date()).isoformat(),
        input=list(paths),
        output=output,
        limit=config.limit,
        arguments={
            **config.dump.model_dump(mode="json"),
            **config.model_dump(mode="json", exclude={"dump"}),
        },
        versions={
            "movierate": __version__,
            "python": platform.python_version(),
            "spark": pyspark.__version__,
            **{library: version(library) for library in LIBRARIES},
        },
        spark_version=pyspark.__version__,
    )


def write_record(record: RunRecord, file_system: FileSystem | None) -> None:
    """Write a run's record to runs/ of its output.

    Args:
        record: of the run.
        file_system: of the output. None: Spark has not started. Then the record is written only
            into an existing local directory, and a failure to write it is ignored: the reason
            why the run failed matters more.
    """
    text = json.dumps(record.as_dict(), indent=2) + "\n"
    name = f"{RUNS}/{record.run_id}.json"
    if file_system is not None:
        file_system.replace_text(f"{file_system.path.rstrip('/')}/{name}", text)
    elif (Path(record.output) / RUNS).is_dir():
        with suppress(OSError):
            replace_file(Path(record.output) / name, text.encode())


def add_sizes(inputs: Inputs, files: Mapping[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The row counts of each source file, with the file's bytes. Many files stay as they are."""
    if len(inputs.files) > FILES_IN_RECORD:
        return dict(files)
    bytes_of = {as_source(file.path): file.bytes for file in inputs.files}
    return {
        source: account
        | ({"bytes": bytes_of[unquote(source)]} if unquote(source) in bytes_of else {})
        for source, account in files.items()
    }
