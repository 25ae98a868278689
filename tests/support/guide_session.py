"""A process that runs the blocks of a guide, one after another, in one Spark session.

It reads a JSON object on each line of stdin: language (bash or python) and code. It answers each
with a line: error, null if there was none. A command of bash that starts a job runs in this
process, and any other in bash.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import subprocess
import sys
import traceback
from collections.abc import Iterator
from typing import Any, TextIO

from movierate.cli.main import main
from movierate.spark import session

STARTS = {
    ("movierate", "score"): ("score",),
    ("movierate", "latest"): ("latest",),
    ("spark-submit", "jobs/score.py"): ("score",),
    ("python", "jobs/train.py"): ("train",),
    ("python", "jobs/evaluate.py"): ("evaluate",),
}
"""How a command starts that this process can run, and the arguments that stand for that."""


def run_blocks(answers: TextIO) -> None:
    """Run blocks until stdin ends."""
    spark = session.start_spark("guides")
    session.stop_spark = lambda: None  # the commands would stop what the next block needs
    for line in sys.stdin:
        block = json.loads(line)
        error = None
        try:
            with contextlib.redirect_stdout(sys.stderr):
                if block["language"] == "python":
                    exec(block["code"], {"spark": spark})
                else:
                    for command in commands(block["code"]):
                        run_command(command)
        except Exception:
            error = traceback.format_exc()
        print(json.dumps({"error": error}), file=answers, flush=True)


def commands(code: str) -> Iterator[str]:
    """The commands of a block, each on one line."""
    yield from code.replace("\\\n", " ").strip().splitlines()


def run_command(command: str) -> None:
    """Run a command; raises RuntimeError if it fails."""
    arguments = arguments_of(command)
    if arguments is not None:
        code = main(arguments)
    else:
        bash = ["bash", "-euo", "pipefail", "-c", command]
        code = subprocess.run(bash, stdout=sys.stderr, check=False).returncode
    if code:
        raise RuntimeError(f"exit code {code}: {command}")


def arguments_of(command: str) -> list[Any] | None:
    """The arguments of movierate that a command stands for; None if it is another program."""
    words = shlex.split(command)
    for start, instead in STARTS.items():
        if tuple(words[: len(start)]) == start:
            return [*instead, *words[len(start) :]]
    return None


if __name__ == "__main__":
    run_blocks(sys.stdout)
