"""Random directories of reviews of every format: is each review read, and once?

    python -m benchmarks.layouts [--layouts N] [--seed S] [--only FORMAT]

Each layout is read, and one in twenty is scored. A tenth of them are read once more under LC_ALL=C.
Prints a table for each locale, and each fault with the seed that repeats it: --seed S --layouts 1
--only FORMAT. The exit code is 1 if there is a fault.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks.table import print_head, print_row
from movierate.spark.session import start_spark, stop_spark
from tests.support.layouts import FORMATS, Layout, Result, check_layout, check_score, make_layout

SCORED = 20
"""One in so many layouts is scored, too."""

DAY = datetime.date(2026, 1, 31)


def main() -> int:
    """Check the layouts; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layouts", type=int, default=1_000, help="how many; 1,000 by default")
    parser.add_argument("--seed", type=int, default=0, help="of the first layout")
    parser.add_argument("--only", choices=FORMATS, help="one format")
    arguments = parser.parse_args()
    formats = [arguments.only] if arguments.only else list(FORMATS)
    seeds = range(arguments.seed, arguments.seed + arguments.layouts)
    locale = os.environ.get("LC_ALL", "the machine's own")
    warnings.filterwarnings("ignore")  # Spark's, where a read fails
    spark = start_spark("movierate layouts")
    totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory() as work:
        for done, seed in enumerate(seeds, 1):
            format = formats[seed % len(formats)]
            totals[format].update(check(spark, Path(work) / str(seed), format, seed))
            if done % 50 == 0 or done == len(seeds):
                lost = sum(total["lost rows"] for total in totals.values())
                note(f"{done:,} of {len(seeds):,} layouts, {lost:,} rows lost")
    stop_spark()
    print_totals(locale, totals)
    code = int(any(total["faults"] for total in totals.values()))
    if locale != "C" and arguments.layouts >= 10:
        code |= run_in_locale_c(arguments)
    return code


def check(spark: SparkSession, work: Path, format: str, seed: int) -> dict[str, float]:
    """What became of one layout, as counts for the table."""
    root = work / "in"
    root.mkdir(parents=True)
    start = time.monotonic()
    layout = make_layout(format, root, seed)
    results = [check_layout(spark, layout)]
    if (seed // len(FORMATS)) % SCORED == 0:
        results.append(check_score(spark, layout, work / "out", DAY))
    for result in results:
        tell(layout, seed, result)
    refused = results[0].refused
    excused = layout.may_be_refused(in_locale_c=os.environ.get("LC_ALL") == "C")
    subprocess.run(["rm", "-rf", str(work)], check=True)
    return {
        "layouts": 1,
        "files": len(layout.files),
        "rows": len(layout.ids),
        "scored": len(results) - 1,
        "lost rows": sum(result.lost for result in results),
        "doubled rows": sum(result.doubled for result in results),
        "faults": sum(bool(result.faults) for result in results),
        "refused for a name": bool(refused) and excused,
        "refused": bool(refused) and not excused,
        "seconds": time.monotonic() - start,
    }


def tell(layout: Layout, seed: int, result: Result) -> None:
    """Say what is wrong, and what was refused."""
    for fault in result.faults:
        note(f"fault: {layout.format}, seed {seed}: {fault!a}")
    if result.refused:
        reason = re.sub(re.escape(str(layout.root)), "DIR", result.refused)
        note(f"refused: {layout.format}, seed {seed}: {reason[:250]!a}")


def print_totals(locale: str, totals: dict[str, Counter[str]]) -> None:
    """A row for each format, and one for all."""
    columns = ("layouts", "files", "rows", "scored", "lost rows", "doubled rows", "faults")
    columns += ("refused for a name", "refused", "seconds")
    print(f"\nLocale: {locale}\n")
    print_head("format", *columns)
    for format in [format for format in FORMATS if format in totals]:
        print_row(format, *(f"{totals[format][column]:,.0f}" for column in columns))
    whole = sum(totals.values(), Counter())
    print_row("all", *(f"{whole[column]:,.0f}" for column in columns))


def run_in_locale_c(arguments: argparse.Namespace) -> int:
    """A tenth of the layouts again, in a process that has no locale."""
    command = [sys.executable, __file__, "--layouts", str(arguments.layouts // 10)]
    command += ["--seed", str(arguments.seed)]
    command += ["--only", arguments.only] if arguments.only else []
    return subprocess.run(command, env={**os.environ, "LC_ALL": "C"}, check=False).returncode


def note(line: str) -> None:
    """Say how far it is."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
