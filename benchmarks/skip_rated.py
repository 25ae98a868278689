"""What a night costs when little is new: python benchmarks/skip_rated.py --reviews PARQUET [...]

Three nights of a cumulative dump, each scored by a process of its own, as a scheduler starts it:
the first rates all, on the second one review in a hundred is new, the third has the second's dump
once more. Then two nights of --incremental; on the second there is no new file. Prints a table:
rows, seconds from a process's start to its end, and what share of rating all that is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from scoring import make_dump
from table import print_head, print_row

ROOT = Path(__file__).parent.parent
EVERY = 100
"""One review of so many is new on the second night."""


def main() -> None:
    """Make the dumps, score the nights, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reviews", nargs="+", required=True, metavar="PARQUET")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each dump")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="movierate-benchmark-") as folder:
        work = Path(folder)
        reviews = make_dump(arguments.reviews, arguments.rows, work / "reviews")
        old, new = tell_apart(reviews, work / "old"), tell_apart(reviews, work / "new", "new")
        print_head("flag", "night", "read", "skipped", "rated", "rejected", "s", "of all")
        rated, batches = work / "rated", work / "batches"
        whole = night("all is new", old, rated, 1)
        night("1 % is new", new, rated, 2, "--skip-rated", whole)
        night("nothing is new", new, rated, 3, "--skip-rated", whole)
        whole = night("all is new", old, batches, 1, "--incremental")
        night("no new file", old, batches, 2, "--incremental", whole)


def tell_apart(reviews: Path, target: Path, since: str = "old") -> Path:
    """A dump of the same texts with ids; one of `EVERY` says since when it is there."""
    target.mkdir()
    for file in sorted(reviews.iterdir()):
        table = pq.read_table(file)
        ids = [
            f"{file.stem}-{place}-{'old' if place % EVERY else since}"
            for place in range(len(table))
        ]
        pq.write_table(table.set_column(0, "review_id", pa.array(ids)), target / file.name)
    return target


def night(
    name: str, dump: Path, output: Path, day: int, flag: str = "", whole: float | None = None
) -> float:
    """Score a dump on a day, print its row; returns the seconds. whole: those of rating all."""
    command = ["jobs/score.py", "--input", str(dump), "--output", str(output)]
    command += ["--date", f"2026-01-{day:02}", "--log-format", "json", *flag.split()]
    start = time.perf_counter()
    process = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"benchmark: {name}: {process.stderr}")
    rows = json.loads(process.stdout.splitlines()[-1]).get("rows", {})  # none: nothing new in ...
    counts = (f"{rows.get(count, 0):,}" for count in ("read", "skipped", "rated", "rejected"))
    share = f"{seconds / (whole or seconds):.0%}"
    print_row(flag, name, *counts, f"{seconds:.1f}", share)
    return seconds


if __name__ == "__main__":
    main()
