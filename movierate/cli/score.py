"""movierate score: rate a dump."""

from __future__ import annotations

import argparse
import datetime
import json
import time
from typing import Any

from movierate.cli.arguments import add_config, add_dump, add_model, load_config
from movierate.cli.rendering import score_json, score_summary
from movierate.config.jobs import ScoreConfig
from movierate.config.load import parse_date
from movierate.errors import GateTripped, UserError
from movierate.logs import FORMATS as LOG_FORMATS
from movierate.logs import JSON, Phases


def add_command(commands: Any) -> None:
    """Add the command to the parser of the command line."""
    score = commands.add_parser("score", help="rate a review dump with Spark, as Parquet")
    score.set_defaults(run=run)
    score.add_argument("--input", required=True, nargs="+", metavar="PATH", help="the dump")
    score.add_argument("--output", required=True, metavar="DIR", help="ratings/ and more go here")
    add_model(score, default=None)  # the config file may name one
    add_dump(score)
    score.add_argument("--keep", metavar="COL,COL", help="columns to carry into ratings/")
    score.add_argument(
        "--date",
        type=parse_date,
        metavar="YYYY-MM-DD",
        help="whose ratings to replace; today in UTC",
    )
    score.add_argument(
        "--max-rejected",
        type=float,
        metavar="SHARE",
        help="exit with 3 if more of the rows are rejected, as 0.05",
    )
    score.add_argument(
        "--max-drift",
        type=float,
        metavar="PSI",
        help="exit with 3 if the drift from the baseline is larger, as 0.25",
    )
    score.add_argument(
        "--drift-baseline",
        metavar="DIR",
        help="measure drift from the last good nights of this output, as of --output itself; "
        "from the model's held-out reviews by default",
    )
    score.add_argument(
        "--drift-nights", type=int, metavar="N", help="how many of those nights; 7 by default"
    )
    score.add_argument(
        "--gate-before-publish",
        action="store_const",
        const=True,
        help="publish nothing if one of these two trips",
    )
    score.add_argument("--limit", type=int, metavar="N", help="rate no more than N rows")
    score.add_argument(
        "--skip-rated",
        action="store_const",
        const=True,
        help="do not rate again what this model has rated, unless its text was edited",
    )
    score.add_argument(
        "--incremental",
        action="store_const",
        const=True,
        help="read only files that no run has scored",
    )
    score.add_argument(
        "--files-per-batch",
        type=int,
        metavar="N",
        help="files of each path that an incremental run publishes at a time",
    )
    add_config(score)
    score.add_argument(
        "--log-format", choices=LOG_FORMATS, default=LOG_FORMATS[0], help="of what is printed"
    )
    score.add_argument("--verbose", action="store_true", help="let Spark say what it does")


def run(arguments: argparse.Namespace) -> None:
    """Rate a dump and print what came of it."""
    config = load_config(ScoreConfig, arguments)
    from movierate.scoring.gates import gates_said
    from movierate.scoring.incremental import score_new_files, total
    from movierate.scoring.job import score
    from movierate.spark.session import stop_spark

    phases = Phases(arguments.log)
    spark = _start_spark(arguments, config)
    # What is wrong with the input is one line on stderr: this one waits until that is looked at.
    phases.over("start", f"Spark {spark.version} at {spark.sparkContext.master}", say=False)
    try:
        asked = (arguments.input, arguments.output, config, phases)
        runs = score_new_files(spark, *asked) if config.incremental else [score(spark, *asked)]
    finally:
        stop_spark()
    if not runs:
        message = f"nothing new in {', '.join(arguments.input)}: no file that no run has scored"
        is_json = arguments.log_format == JSON
        print(json.dumps({"message": message}) if is_json else message, flush=True)
        return
    record = total(runs)
    summary = score_json if arguments.log_format == JSON else score_summary
    print(summary(record, runs[-1].record_path), flush=True)
    if record["gates_tripped"]:
        raise GateTripped(gates_said(record))


def _start_spark(arguments: argparse.Namespace, config: ScoreConfig) -> Any:
    """The session, once what needs none has been looked at; a failure leaves a record, too."""
    from movierate.model.bundle import find
    from movierate.scoring.run_record import begun, failed, leave_locally
    from movierate.spark.paths import check_output
    from movierate.spark.session import check_local, start_spark

    check_output(arguments.output)
    clock, now = time.monotonic(), datetime.datetime.now(datetime.timezone.utc)
    try:
        find(config.model)
        check_local(arguments.input)
        return start_spark("movierate score", verbose=arguments.verbose)
    except UserError as error:
        record = begun(arguments.input, arguments.output, config, now)
        leave_locally(failed(record, error, time.monotonic() - clock))
        raise
