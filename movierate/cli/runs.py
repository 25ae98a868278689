"""movierate runs: the last runs of an output."""

from __future__ import annotations

import argparse
from typing import Any

from movierate.errors import UserError
from movierate.spark.installed import require_spark


def add_command(commands: Any) -> None:
    """Add the command to the parser of the command line."""
    runs = commands.add_parser("runs", help="the last runs of an output, as a table")
    runs.set_defaults(run=run)
    runs.add_argument("output", metavar="DIR", help="the output directory of the runs")
    runs.add_argument(
        "-n", dest="last", type=int, default=10, metavar="N", help="number of runs; 10 by default"
    )


def run(arguments: argparse.Namespace) -> None:
    """Print the last runs."""
    require_spark("runs")
    if arguments.last < 1:
        raise UserError(f"runs: -n {arguments.last} is too small: give at least 1")
    from movierate.scoring.history import last_runs

    print(last_runs(arguments.output, arguments.last))
