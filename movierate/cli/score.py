"""movierate score: rate a dump."""

from __future__ import annotations

import argparse
import datetime
import json
import time
from typing import Any

from movierate.cli.arguments import add_config, add_dump, add_model, load_config
from movierate.cli.rendering import score_json, score_summary
from movierate.config.jobs import DELTA, PARQUET, ScoreConfig, parse_date
from movierate.errors import GateTripped, UserError
from movierate.logs import FORMATS as LOG_FORMATS
from movierate.logs import JSON, Phases
from movierate.spark.installed import require_spark


def add_command(commands: Any) -> None:
    """Add the command to the parser of the command line."""
    score = commands.add_parser("score", help="rate a review dump with Spark, as Parquet")
    score.set_defaults(run=run)
    reviews = score.add_mutually_exclusive_group(required=True)
    reviews.add_argument(
        "--input",
        nargs="+",
        metavar="PATH",
        help="files, directories or patterns of reviews",
    )
    reviews.add_argument(
        "--table",
        metavar="NAME",
        help="a table or view, as spark.table takes it: catalog.db.reviews",
    )
    score.add_argument(
        "--output", required=True, metavar="DIR", help="directory for ratings/, rejected/ and runs/"
    )
    add_model(score, default=None)  # the config file may name one
    add_dump(score)
    score.add_argument("--keep", metavar="COL,COL", help="columns to copy into ratings/")
    score.add_argument(
        "--date",
        type=parse_date,
        metavar="YYYY-MM-DD",
        help="the day whose ratings are replaced; today in UTC by default",
    )
    _add_flag(
        score,
        "--reject-not-english",
        "reject texts in another language than the model's, instead of rating and flagging them",
    )
    _add_gates(score)
    score.add_argument("--limit", type=int, metavar="N", help="rate at most N rows")
    _add_flag(
        score,
        "--skip-rated",
        "skip reviews that this model has rated, unless their text was edited",
    )
    score.add_argument(
        "--output-format",
        choices=(PARQUET, DELTA),
        help=f"of ratings/ and rejected/; {PARQUET} by default, {DELTA} needs Delta's JARs",
    )
    _add_flag(score, "--incremental", "read only files that no run has scored")
    score.add_argument(
        "--files-per-batch",
        type=int,
        metavar="N",
        help="files of each path per published batch of an incremental run",
    )
    add_config(score)
    score.add_argument(
        "--log-format",
        choices=LOG_FORMATS,
        default=LOG_FORMATS[0],
        help="format of the log and of the result",
    )
    score.add_argument("--verbose", action="store_true", help="show Spark's own log")


def _add_gates(score: argparse.ArgumentParser) -> None:
    score.add_argument(
        "--max-rejected",
        type=float,
        metavar="SHARE",
        help="exit with 3 if a larger share of the rows is rejected, like 0.05",
    )
    score.add_argument(
        "--max-drift",
        type=float,
        metavar="PSI",
        help="exit with 3 if the drift from the baseline is larger, like 0.25",
    )
    score.add_argument(
        "--drift-baseline",
        metavar="DIR",
        help="measure drift from the last good nights of this output, for example --output "
        "itself; by default, from the model's held-out reviews",
    )
    score.add_argument(
        "--drift-nights", type=int, metavar="N", help="the number of those nights; 7 by default"
    )
    _add_flag(score, "--gate-before-publish", "publish nothing if one of these gates trips")


def _add_flag(score: argparse.ArgumentParser, name: str, help: str) -> None:
    """A flag that overrides the config file only where it is given."""
    score.add_argument(name, action="store_const", const=True, help=help)


def run(arguments: argparse.Namespace) -> None:
    """Rate a dump and print what came of it."""
    config = load_config(ScoreConfig, arguments)
    require_spark("score")
    if config.incremental and arguments.table:
        raise UserError(
            "incremental: it reads files that no run has scored, and a table has none to name: "
            "use --skip-rated with --table"
        )
    from movierate.reviews.frames import find_table
    from movierate.scoring.gates import describe_gates
    from movierate.scoring.incremental import score_new_files, total
    from movierate.scoring.job import score
    from movierate.spark.session import stop_spark

    phases = Phases()
    spark = _start_spark(arguments, config)
    # What is wrong with the input is one line on stderr: this one waits until that is looked at.
    phases.over("start", f"Spark {spark.version} at {spark.sparkContext.master}", say=False)
    try:
        place = arguments.output, config, phases
        if config.incremental:
            runs = score_new_files(spark, arguments.input, *place)
        else:
            table = arguments.table
            runs = [score(spark, find_table(spark, table) if table else arguments.input, *place)]
    finally:
        stop_spark()
    if not runs:
        message = (
            f"nothing new in {', '.join(arguments.input)}: all files were scored by earlier runs"
        )
        is_json = arguments.log_format == JSON
        print(json.dumps({"message": message}) if is_json else message, flush=True)
        return
    record = total(runs)
    summary = score_json if arguments.log_format == JSON else score_summary
    print(summary(record, runs[-1].record_path), flush=True)
    if record.gates_tripped:
        raise GateTripped(describe_gates(record))


def _start_spark(arguments: argparse.Namespace, config: ScoreConfig) -> Any:
    """Start Spark after the checks that need no Spark. A failure leaves a record, too."""
    from movierate.model.bundle import find
    from movierate.scoring.output.delta import DELTA_SETTINGS
    from movierate.scoring.run_record import start_record, write_record
    from movierate.spark.bundles import is_uri
    from movierate.spark.paths import check_output
    from movierate.spark.session import check_local, start_spark

    check_output(arguments.output)
    clock, now = time.monotonic(), datetime.datetime.now(datetime.timezone.utc)
    try:
        if not is_uri(config.model):
            find(config.model)
        check_local(arguments.input or ())
        settings = DELTA_SETTINGS if config.output_format == DELTA else {}
        return start_spark("movierate score", verbose=arguments.verbose, settings=settings)
    except UserError as error:
        paths = arguments.input or [f"table {arguments.table}"]
        record = start_record(paths, arguments.output, config, now)
        record.fail(error)
        record.seconds = round(time.monotonic() - clock, 3)
        write_record(record, None)
        raise
