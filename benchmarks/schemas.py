"""What files of several schemas cost: python benchmarks/schemas.py --reviews PARQUET [...]

The same reviews lie in 20 Parquet files twice: with one schema, and with five that differ in the
types of ids and ratings, in the order of the columns, and in columns that some files lack or that
Spark has no type for. Both are scored in turn, each by a process of its own, as a scheduler starts
it. Prints a table: rows rated, and the median of the seconds from a process's start to its end.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from table import print_head, print_row

ROOT = Path(__file__).parent.parent
FILES = 20


def main() -> None:
    """Make the two dumps, score them in turn, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reviews", nargs="+", required=True, metavar="PARQUET")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each dump")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="movierate-benchmark-") as folder:
        dumps = make_dumps(arguments.reviews, arguments.rows, Path(folder))
        seconds: dict[str, list[float]] = {name: [] for name in dumps}
        rated: dict[str, int] = {}
        for number in range(arguments.rounds):
            for name, dump in dumps.items():
                taken, rated[name] = score(dump, Path(folder) / f"{name}-{number}")
                seconds[name].append(taken)
    print_head("schemas", "files", "rated", "s", "of one schema's")
    base = statistics.median(seconds["one"])
    for name, taken in seconds.items():
        median = statistics.median(taken)
        print_row(name, f"{FILES}", f"{rated[name]:,}", f"{median:.1f}", f"{median / base:.2f}")


def make_dumps(reviews: list[str], rows: int, folder: Path) -> dict[str, Path]:
    """The two dumps, of so many rows each."""
    whole = pa.concat_tables(
        pq.read_table(path, columns=["movie_id", "rating", "text"]) for path in reviews
    )
    size = -(-rows // FILES)
    dumps = {name: folder / name for name in ("one", "five")}
    for dump in dumps.values():
        dump.mkdir()
    for number in range(FILES):
        numbers = np.arange(number * size, min(rows, (number + 1) * size))
        table = whole.take(pa.array(numbers % len(whole)))
        table = table.append_column("review_id", pa.array(numbers))
        table = table.set_column(1, "rating", pc.cast(table["rating"], pa.int64()))
        pq.write_table(table, dumps["one"] / f"{number:02}.parquet")
        pq.write_table(vary(table, number % 5), dumps["five"] / f"{number:02}.parquet")
    return dumps


def vary(table: pa.Table, kind: int) -> pa.Table:
    """The table with one of five schemas."""
    if kind == 1:  # pandas wrote a gap
        rating = pc.cast(table["rating"], pa.float64())
        return table.set_column(table.column_names.index("rating"), "rating", rating)
    if kind == 2:
        ids = pc.cast(table["review_id"], pa.string())
        return table.set_column(table.column_names.index("review_id"), "review_id", ids)
    if kind == 3:
        when = pa.array([0] * len(table), pa.timestamp("ns"))
        return table.append_column("when", when).select(["when", "text", "review_id", "rating"])
    if kind == 4:
        ids = pc.cast(table["review_id"], pa.int32())
        return table.set_column(table.column_names.index("review_id"), "Review_ID", ids)
    return table


def score(dump: Path, output: Path) -> tuple[float, int]:
    """Score a dump; returns the seconds, and the rows rated."""
    command = ["jobs/score.py", "--input", str(dump), "--output", str(output)]
    start = time.perf_counter()
    process = subprocess.run(
        [sys.executable, *command, "--log-format", "json", "--rating-scale", "1-10"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"benchmark: {dump.name}: {process.stderr}")
    return seconds, json.loads(process.stdout.splitlines()[-1])["rows"]["rated"]


if __name__ == "__main__":
    main()
