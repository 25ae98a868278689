"""Run a directory of cases, and print how each ends: python benchmarks/cases.py DIR [NAME ...]

A case is a directory with `input` and `cmd`, a command in Bash that runs there with OUT set to an
empty directory. It runs in a copy. Prints a table: the exit code, rows rated and rejected by the
files that were written, and the error, or the last line that was said.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from table import print_head, print_row

ROOT = Path(__file__).parent.parent
LONGEST_LINE = 160


def main() -> None:
    """Run the cases in the order of their names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("names", nargs="*", metavar="NAME", help="how the names of cases begin")
    arguments = parser.parse_args()
    print_head("case", "exit code", "rated", "rejected", "said")
    for command in sorted(arguments.directory.glob("*/cmd")):
        case = command.parent
        if case.name.startswith(tuple(arguments.names) or ""):
            run_case(case)


def run_case(case: Path) -> None:
    """Run a copy of a case, and print its row."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / case.name
        shutil.copytree(case, copy)
        for path in (copy, *copy.rglob("*")):
            path.chmod(path.stat().st_mode | 0o200)
        out = Path(folder) / "out"
        out.mkdir()
        result = subprocess.run(
            ["bash", "-c", (case / "cmd").read_text().replace("jobs/", f"{ROOT}/jobs/")],
            cwd=copy,
            env=environment(out),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        rated, rejected = (count_rows(Path(folder), name) for name in ("ratings", "rejected"))
    lines = result.stdout.decode("utf-8", "backslashreplace").strip().splitlines()
    errors = [line for line in lines if line.startswith("movierate: error:")]
    others = [line for line in lines if not line.startswith("in DuckDB")]  # how all goes well
    last = (errors or others or [""])[-1].replace(folder, "").replace("|", r"\|")
    said = last if len(last) <= LONGEST_LINE else f"{last[:LONGEST_LINE]} ... ({len(last):,})"
    print_row(case.name, str(result.returncode), f"{rated:,}", f"{rejected:,}", f"`{said}`")


def environment(out: Path) -> dict[str, str]:
    """This process's, with the programs beside this Python, and this checkout."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "OUT": str(out)}


def count_rows(folder: Path, table: str) -> int:
    """Rows in the files of a table, wherever in the folder it was written."""
    parts = (part for found in folder.rglob(table) for part in found.rglob("*.parquet"))
    return sum(pq.read_metadata(part).num_rows for part in parts)


if __name__ == "__main__":
    main()
