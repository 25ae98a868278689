"""The repository's paths, and programs that run to their end."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPARK = tuple(int(part) for part in version("pyspark").split(".")[:2])
"""Which Spark this is, as (4, 3)."""

REVIEWS = ROOT / "examples" / "reviews.jsonl"


def environment(**variables: str) -> dict[str, str]:
    """The variables for another process: this environment's programs, and a session of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **variables}
    environment.pop("PYSPARK_SUBMIT_ARGS", None)
    return environment


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment to its end; `options` as subprocess.run's."""
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env=environment(**options.pop("env", {})),  # type: ignore[arg-type]
        **{"cwd": ROOT, "timeout": 600, **options},  # type: ignore[call-overload]
    )
