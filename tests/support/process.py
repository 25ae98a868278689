"""The repository's paths, and programs that run to their end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
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


def conf_options(settings: Mapping[str, object]) -> list[str]:
    """Spark's settings as spark-submit takes them."""
    return [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]


def kill_score_at(moment: str, settings: Mapping[str, object], *arguments: str | Path) -> None:
    """Start the scoring job, and kill it and its Spark when it has told of a phase.

    Args:
        moment: the phase.
        settings: of Spark.
        arguments: of the job.
    """
    submit = ["spark-submit", "--master", "local[2]", *conf_options(settings)]
    run = subprocess.Popen(
        [*submit, str(ROOT / "jobs" / "score.py"), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(),
        text=True,
        start_new_session=True,
    )
    for line in run.stdout:  # type: ignore[union-attr]
        if f" {moment}: " in line:
            break
    os.killpg(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
