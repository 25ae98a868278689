"""The record of a run, as runs/ keeps it: what was asked, with which versions, and what came of it.

`movierate.scoring.job` adds what it finds out as it goes; a run that fails leaves what it had.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import platform
import uuid
from collections.abc import Sequence
from contextlib import suppress
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

RUNS = "runs"

FILES_IN_RECORD = 1_000
"""Source files above which the run record accounts for directories, and for bytes in all."""

LIBRARIES = ("numpy", "pyarrow", "pandas", "numba")
"""Those whose versions may change a result or its speed."""


def begun(
    paths: Sequence[str], output: str, config: ScoreConfig, started: datetime.datetime
) -> dict[str, Any]:
    """The record of a run that has just begun: all that is known before anything is looked at."""
    settings = dataclasses.asdict(config)
    return {
        "run_id": f"{started:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}",
        "started_at": started.isoformat(),
        "scored_date": (config.date or started.date()).isoformat(),
        "arguments": json.loads(json.dumps(settings, default=str)),  # as it is read back
        "versions": {
            "movierate": __version__,
            "python": platform.python_version(),
            "spark": pyspark.__version__,
            **{library: version(library) for library in LIBRARIES},
        },
        "input": list(paths),
        "limit": config.limit,
        "output": output,
        "spark_version": pyspark.__version__,
    }


def failed(record: dict[str, Any], error: BaseException, seconds: float) -> dict[str, Any]:
    """The record of a run that failed."""
    said = str(error) or type(error).__name__
    return record | {"status": "failed", "seconds": round(seconds, 3), "error": said}


def leave_locally(record: dict[str, Any]) -> None:
    """Write the record of a run that failed before Spark ran.

    It goes where runs have left theirs before, if that is a directory of this machine that can be
    written to: why the run failed matters more than its record.
    """
    runs = Path(record["output"]) / RUNS
    if runs.is_dir():
        with suppress(OSError):
            text = json.dumps(record, indent=2) + "\n"
            replace_file(runs / f"{record['run_id']}.json", text.encode())


def with_sizes(inputs: Inputs, files: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The account of each source file, with the file's bytes; too many files are left alone."""
    if len(inputs.files) > FILES_IN_RECORD:
        return files
    bytes_of = {as_source(file.path): file.bytes for file in inputs.files}
    return {
        source: account
        | ({"bytes": bytes_of[unquote(source)]} if unquote(source) in bytes_of else {})
        for source, account in files.items()
    }
