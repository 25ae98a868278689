"""movierate latest: the latest rating of each review."""

from __future__ import annotations

import argparse
from typing import Any

from movierate.spark.installed import require_spark


def add_command(commands: Any) -> None:
    """Add the command to the parser of the command line."""
    latest = commands.add_parser("latest", help="write the latest rating of each review")
    latest.set_defaults(run=run)
    latest.add_argument("directory", metavar="DIR", help="an output directory of movierate score")
    latest.add_argument("--output", metavar="DIR", help="directory to write; DIR/latest by default")


def run(arguments: argparse.Namespace) -> None:
    """Write the latest ratings and print how many there are."""
    require_spark("latest")
    from movierate.scoring.latest import write_latest
    from movierate.spark.paths import check_output
    from movierate.spark.session import check_local, running_spark

    if arguments.output is not None:
        check_output(arguments.output)
    check_local([arguments.directory])
    target = arguments.output or f"{arguments.directory.rstrip('/')}/latest"
    with running_spark("movierate latest") as spark:
        count = write_latest(spark, arguments.directory, target)
    print(f"latest    {count:>14,} reviews, each with its latest rating")
    print(f"written   {target}")
