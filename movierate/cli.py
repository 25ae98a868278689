"""The commands: parse arguments, call one function of movierate, print what came of it.

Exit codes: 0 done; 1 the run failed; 2 what the user gave is wrong; 3 the run is
done, and a gate that the user set has tripped.
"""

from __future__ import annotations

import argparse
import datetime
import errno
import io
import json
import logging
import math
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from movierate.config import (
    FORMATS,
    DumpConfig,
    ScoreConfig,
    TrainConfig,
    make_config,
    parse_date,
)
from movierate.errors import GateTripped, RunFailed, UserError
from movierate.logs import FORMATS as LOG_FORMATS
from movierate.logs import JSON, Log, Phases
from movierate.model.bundle import DEFAULT_MODEL

DONE, FAILED, USAGE, TRIPPED, INTERRUPTED = 0, 1, 2, 3, 130

NOT_ALLOWED = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG),
    errno.ELOOP,
)
"""Errors of the system that tell of a path which the user named."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM)


def main(argv: Sequence[str] | None = None) -> int:  # noqa: PLR0911 (one for each exit code)
    """Run a command; returns its exit code. Errors are one line on stderr."""
    warnings.filterwarnings("ignore")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.disable()  # of the libraries: what matters of it reaches us as an exception, too
    log = Log()
    try:
        arguments = _parser().parse_args(argv)
        log = arguments.log = Log(arguments.log_format)
        run: Callable[[argparse.Namespace], None] = arguments.run
        run(arguments)
        return DONE
    except UserError as error:
        return _failed(log, f"{error}{_mangled_said(str(error))}", USAGE)
    except RunFailed as error:
        return _failed(log, error, FAILED)
    except GateTripped as gate:
        return _failed(log, gate, TRIPPED)
    except KeyboardInterrupt:
        return _failed(log, "interrupted: nothing half-done was published", INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has left, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if os.environ.get("MOVIERATE_DEBUG"):
            raise
        return _failed(log, *_unexpected(error))


def _unexpected(error: Exception) -> tuple[str, int]:
    """What to say of an error that no code has foreseen, and the exit code."""
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and number in NOT_ALLOWED:
        return f"{error.filename}: {error.strerror}", USAGE
    if isinstance(error, MemoryError) or number in NO_ROOM:
        return f"this machine has no room left ({error or 'memory'})", FAILED
    what = " ".join(f"{type(error).__name__}: {error}".split())[:500]
    return f"{what} (a bug? MOVIERATE_DEBUG=1 shows where)", FAILED


def _failed(log: Log, error: object, code: int) -> int:
    log.error(" ".join(str(error).splitlines()), code)
    return code


def _mangled_said(error: str) -> str:
    """What to add to an error if spark-submit may have changed an argument, else nothing."""
    if "PYSPARK_GATEWAY_PORT" not in os.environ or "LC_ALL" in error:
        return ""
    from movierate.paths import mangled_said

    return mangled_said()


def _progress(line: str) -> None:
    print(f"movierate: {line}", file=sys.stderr, flush=True)


def _score(arguments: argparse.Namespace) -> None:
    config = make_config(
        ScoreConfig, arguments.config, _flags(arguments, ScoreConfig), arguments.set
    )
    from movierate.scoring.gates import gates_said
    from movierate.scoring.incremental import score_new_files, total
    from movierate.scoring.job import score
    from movierate.spark import stop_spark

    phases = Phases(arguments.log)
    spark = _spark_to_score(arguments, config)
    # What is wrong with the input is one line on stderr: this one waits until that is looked at.
    phases.over("start", f"Spark {spark.version} at {spark.sparkContext.master}", say=False)
    try:
        asked = (arguments.input, arguments.output, config, phases)
        runs = score_new_files(spark, *asked) if config.incremental else [score(spark, *asked)]
    finally:
        stop_spark()
    if not runs:
        message = f"nothing new in {', '.join(arguments.input)}: all files were scored before"
        is_json = arguments.log_format == JSON
        print(json.dumps({"message": message}) if is_json else message, flush=True)
        return
    record = total(runs)
    summary = _score_json if arguments.log_format == JSON else _score_summary
    print(summary(record, runs[-1].record_path), flush=True)
    if record["gates_tripped"]:
        raise GateTripped(gates_said(record))


def _spark_to_score(arguments: argparse.Namespace, config: ScoreConfig) -> Any:
    """The session, once what needs none has been looked at; a failure leaves a record, too."""
    from movierate.model.bundle import find
    from movierate.paths import check_output
    from movierate.scoring.record import begun, failed, leave_locally
    from movierate.spark import check_local, start_spark

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


def _latest(arguments: argparse.Namespace) -> None:
    from movierate.paths import check_output
    from movierate.scoring.latest import write_latest
    from movierate.spark import check_local, running_spark

    if arguments.output is not None:
        check_output(arguments.output)
    check_local([arguments.directory])
    target = arguments.output or f"{arguments.directory.rstrip('/')}/latest"
    with running_spark("movierate latest") as spark:
        count = write_latest(spark, arguments.directory, target)
    print(f"latest    {count:>14,} reviews, each with its latest rating")
    print(f"written   {target}")


def _score_summary(record: dict[str, Any], record_path: str) -> str:
    rows = record["rows"]
    reasons = ", ".join(
        f"{count:,} {reason}" for reason, count in sorted(record["rejected_by_reason"].items())
    )
    columns = ", ".join(
        f"{role} from {column}"
        for role, column in record["columns"].items()
        if column and role != "keep"
    )
    dump = f"{record['format']}, {record['encoding']}"
    if record["rating_scale"]:
        dump += f"; {_ratings_said(record['rating_scale'], record['ratings_unread'])}"
    broken = len(record["broken_files"])
    output = record["output"].rstrip("/")
    files = f"{output}/ratings/**/*.parquet".replace("'", "''")
    day = f"scored_date={record['scored_date']}"
    skipped, batches = rows.get("skipped"), record["batches"]
    lines = [
        f"read      {rows['read']:>14,} rows of {dump} ({columns})",
        *([f"skipped   {skipped:>14,} that were rated before"] if skipped is not None else []),
        f"rated     {rows['rated']:>14,} with {record['model_id']}",
        f"rejected  {rows['rejected']:>14,}{f' ({reasons})' if reasons else ''}",
        *([f"broken    {broken:>14,} files, read as far as they go"] if broken else []),
        *([f"batches   {len(batches):>14,}, up to batch={batches[-1]}"] if batches else []),
        f"took      {record['seconds']:>14,.1f} s, {record['rows_per_second']:,.0f} rows/s",
    ]
    if record["status"] == "held":
        return "\n".join([*lines, f"record    {record_path}"])
    lines += [
        f"ratings   {output}/ratings/{day}",
        f"rejected  {output}/rejected/{day}",
        f"record    {record_path}",
        f"in DuckDB FROM read_parquet('{files}', union_by_name = true) LIMIT 10",
    ]
    return "\n".join(lines)


def _score_json(record: dict[str, Any], record_path: str) -> str:
    """The record on one line, less what may be long: under spark-submit it stands in the log."""
    short = {key: value for key, value in record.items() if key != "files"}
    return json.dumps({**short, "record": record_path}, ensure_ascii=False)


def _ratings_said(understood: dict[str, Any], unread: int = 0) -> str:
    """How the dump's ratings were understood, which is what RatingScale.as_record gives."""
    scale, origin = understood["scale"], understood["origin"]
    said = {
        "given": "ratings {}, as given",
        "format": "ratings {}, as such dumps have",
        "guessed": "ratings guessed to be {}: --rating-scale beats it",
        "unknown": "numbers alone are no ratings: give --rating-scale",
    }[origin].format("{:g}-{:g}".format(*scale) if scale else "")
    return f"{said}; {unread:,} could not be read" if unread else said


def _train(arguments: argparse.Namespace) -> None:
    config = make_config(
        TrainConfig, arguments.config, _flags(arguments, TrainConfig), arguments.set
    )
    from movierate.model.bundle import check_replaceable
    from movierate.paths import check_apart, check_names
    from movierate.reviews import review_texts
    from movierate.spark import check_local, running_spark

    _require_training()
    _check_writable(arguments.output)
    check_replaceable(arguments.output)
    if arguments.output.exists():
        _progress(f"{arguments.output} will be replaced when the new model is whole")
    validation_paths = [arguments.validation] if arguments.validation else []
    paths = [*arguments.reviews, *validation_paths, *(arguments.unlabelled or ())]
    check_local(paths)
    validation = unlabelled = None
    with running_spark("movierate train", driver_memory="4g") as spark:
        check_names(spark, paths, str(arguments.output))
        check_apart(spark, paths, str(arguments.output))
        labelled = _labelled(spark, arguments.reviews, config, config.stars)
        if arguments.validation:
            validation = _labelled(spark, [arguments.validation], config, config.stars).reviews
        if arguments.unlabelled:
            unlabelled = review_texts(spark, arguments.unlabelled, config)
    from movierate.training.train import train

    bundle = train(config, labelled.reviews, arguments.output, validation, unlabelled, _progress)
    figures = bundle.metrics["validation"]
    print(f"model       {bundle.model_id}")
    print(f"validation  {_figures(figures)}")
    print(f"bundle      {arguments.output}")
    print(f"report      {arguments.output / 'report'}")


def _evaluate(arguments: argparse.Namespace) -> None:
    config = make_config(DumpConfig, None, _flags(arguments, DumpConfig))
    from movierate.model.bundle import load
    from movierate.model.rater import Rater
    from movierate.paths import check_apart, check_names
    from movierate.spark import check_local, running_spark
    from movierate.training.evaluate import check_report, evaluate

    bundle = load(arguments.model)
    if arguments.output:
        check_report(arguments.output)
        _check_writable(arguments.output)
    check_local(arguments.reviews)
    with running_spark("movierate evaluate") as spark:
        check_names(spark, arguments.reviews, arguments.output and str(arguments.output))
        if arguments.output:
            check_apart(spark, arguments.reviews, str(arguments.output))
        labelled = _labelled(spark, arguments.reviews, config, bundle.rating_scale)
    result = evaluate(Rater(bundle), bundle.rating_scale, labelled.reviews, arguments.output)
    print(_figures(result))
    print(_further_figures(result))
    print(_table("star", result["by_star"]))
    print(_table("words", result["by_length"], "up to "))
    if arguments.output:
        print(f"report  {arguments.output}")
    understood = labelled.rating_scale.as_record()
    print(json.dumps({"model_id": bundle.model_id, "rating_scale": understood, **result}))


def _labelled(spark: Any, paths: Sequence[str], config: DumpConfig, stars: Any) -> Any:
    """Reviews with a text and a rating; says how many they are, and how they were understood."""
    from movierate.reviews import labelled_reviews

    labelled = labelled_reviews(spark, paths, config, stars)
    _progress(
        f"{labelled.rows_read:,} rows read, {len(labelled.reviews):,} have a text and a rating; "
        + _ratings_said(labelled.rating_scale.as_record())
    )
    return labelled


def _figures(figures: dict[str, Any]) -> str:
    said = [
        f"{figures['reviews']:,} reviews: MAE {_said(figures['mae'])} stars",
        f"RMSE {_said(figures['rmse'])}",
        f"R2 {_said(figures['r2'])}",
        f"accuracy above/below the middle {_said(figures['accuracy'])}",
    ]
    if figures["interval_coverage"] is not None:
        said.append(f"{figures['interval_coverage']:.1%} within their intervals")
    return ", ".join(said)


def _further_figures(figures: dict[str, Any]) -> str:
    said = [f"Pearson {_said(figures['pearson'])}", f"AUC {_said(figures['auc'])}"]
    if figures["interval_width"] is not None:
        said.append(f"intervals {figures['interval_width']:.1f} stars wide")
    if figures["movies"]:
        said.append(f"MAE of the means of {figures['movies']:,} movies {figures['movie_mae']:.3f}")
    if figures["unrated"]:
        said.append(f"{figures['unrated']:,} could not be rated")
    return ", ".join(said)


def _table(name: str, rows: list[dict[str, Any]], prefix: str = "") -> str:
    """The errors by star, or by another thing, for people."""
    lines = [f"{name:>11}{'reviews':>10}{'mean predicted':>16}{'MAE':>8}{'in interval':>13}"]
    for row in rows:
        within, group = row["interval_coverage"], f"{prefix}{row[name]:,}"
        lines.append(
            f"{group:>11}{row['reviews']:>10,}{row['mean_predicted']:>16.2f}"
            f"{row['mae']:>8.2f}{'n/a' if within is None else f'{within:.0%}':>13}"
        )
    return "\n".join(lines)


def _said(figure: float | None) -> str:
    return "n/a" if figure is None else f"{figure:.3f}"


def _rate(arguments: argparse.Namespace) -> None:
    from movierate import open_rater

    if not arguments.texts and sys.stdin is None:
        raise UserError("rate: stdin is closed: give texts as arguments, or one a line of stdin")
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):  # bytes that are no text come out as they are
            stream.reconfigure(errors="surrogateescape")
    rater = open_rater(arguments.model)
    if arguments.texts:
        _print_ratings(rater, arguments.texts)
        return
    for line in _lines_of_stdin():
        _print_ratings(rater, [line.rstrip("\n")])


def _lines_of_stdin() -> Iterator[str]:
    if sys.stdin.isatty():
        _progress("type a text a line; Ctrl-D ends")
    try:
        yield from sys.stdin
    except OSError as error:
        raise UserError(
            f"rate: stdin can't be read ({error.strerror}): give texts as arguments"
        ) from None


def _print_ratings(rater: Any, texts: list[str]) -> None:
    stars = rater.rate(texts).predicted_rating
    for text, star in zip(texts, stars, strict=True):
        print("n/a" if math.isnan(star) else f"{star:.1f}", text, sep="\t", flush=True)


def _model(arguments: argparse.Namespace) -> None:
    from movierate.model.bundle import shipped
    from movierate.model.describe import describe

    print("\n".join(shipped()) if arguments.list else describe(arguments.model))


def _runs(arguments: argparse.Namespace) -> None:
    if arguments.last < 1:
        raise UserError(f"runs: -n {arguments.last} is too small, give at least 1")
    from movierate.scoring.runs import last_runs

    print(last_runs(arguments.output, arguments.last))


def _directory(text: str) -> Path:
    """A directory of this machine, as a flag names it."""
    if not text.strip():
        raise UserError("output: the path is empty: name a directory")
    return Path(text) if Path(text).name else Path(text).absolute()


def _check_writable(directory: Path) -> None:
    """Tell at once, and not after minutes, that nothing can be written there."""
    there = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not there.is_dir():
        raise UserError(f"output: {there} is a file: name a directory")
    try:
        tempfile.TemporaryDirectory(dir=there).cleanup()
    except OSError as error:
        raise UserError(f"output: {there} can't be written to ({error.strerror})") from None


def _require_training() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("tensorflow", "gensim", "matplotlib") if find_spec(name) is None]
    if missing:
        raise UserError(
            f"train: {' and '.join(missing)} not installed: pip install 'movierate[train]'"
        )


def _flags(arguments: argparse.Namespace, kind: type[DumpConfig]) -> dict[str, Any]:
    """The arguments that are settings of the job."""
    settings = kind.__dataclass_fields__
    return {key: value for key, value in vars(arguments).items() if key in settings}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="movierate", description="Ratings from the text of movie reviews.")
    parser.set_defaults(log_format=LOG_FORMATS[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    _add_score(commands)

    latest = commands.add_parser("latest", help="write the latest rating of each review")
    latest.set_defaults(run=_latest)
    latest.add_argument("directory", metavar="DIR", help="an output of movierate score")
    latest.add_argument("--output", metavar="DIR", help="where to; DIR/latest by default")

    train = commands.add_parser("train", help="train a model on labelled reviews")
    train.set_defaults(run=_train)
    train.add_argument(
        "--reviews", required=True, nargs="+", metavar="PATH", help="labelled reviews"
    )
    train.add_argument("--output", required=True, type=_directory, metavar="BUNDLE_DIR")
    train.add_argument(
        "--unlabelled",
        nargs="+",
        metavar="PATH",
        help="more text: for the words and their vectors, and for the teacher to rate",
    )
    train.add_argument(
        "--validation", metavar="PATH", help="labelled reviews of other movies, to choose the epoch"
    )
    train.add_argument(
        "--word-vectors", metavar="FILE", help="GloVe or word2vec text file, train, or random"
    )
    _add_dump(train)
    _add_config(train)

    evaluate = commands.add_parser("evaluate", help="measure a model on labelled reviews")
    evaluate.set_defaults(run=_evaluate)
    _add_model(evaluate)
    evaluate.add_argument(
        "--reviews", required=True, nargs="+", metavar="PATH", help="labelled reviews"
    )
    evaluate.add_argument("--output", type=_directory, metavar="DIR", help="draw the report there")
    _add_dump(evaluate)

    rate = commands.add_parser("rate", help="rate the texts given, or one per line of stdin")
    rate.set_defaults(run=_rate)
    _add_model(rate)
    rate.add_argument("texts", nargs="*", metavar="TEXT")

    model = commands.add_parser("model", help="show a model's card")
    model.set_defaults(run=_model)
    model.add_argument("model", nargs="?", default=DEFAULT_MODEL, metavar="NAME_OR_DIR")
    model.add_argument("--list", action="store_true", help="the names of the shipped models")

    runs = commands.add_parser("runs", help="the last runs of an output, as a table")
    runs.set_defaults(run=_runs)
    runs.add_argument("output", metavar="DIR", help="the --output of the runs")
    runs.add_argument(
        "-n", dest="last", type=int, default=10, metavar="N", help="how many; 10 by default"
    )
    return parser


def _add_score(commands: Any) -> None:
    score = commands.add_parser("score", help="rate a review dump with Spark, as Parquet")
    score.set_defaults(run=_score)
    score.add_argument("--input", required=True, nargs="+", metavar="PATH", help="the dump")
    score.add_argument("--output", required=True, metavar="DIR", help="ratings/ and more go here")
    _add_model(score, default=None)  # the config file may name one
    _add_dump(score)
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
    _add_config(score)
    score.add_argument(
        "--log-format", choices=LOG_FORMATS, default=LOG_FORMATS[0], help="of what is printed"
    )
    score.add_argument("--verbose", action="store_true", help="let Spark say what it does")


def _add_model(parser: argparse.ArgumentParser, default: str | None = DEFAULT_MODEL) -> None:
    parser.add_argument(
        "--model",
        default=default,
        metavar="NAME_OR_DIR",
        help=f"a shipped model or a bundle; {DEFAULT_MODEL} by default",
    )


def _add_dump(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, help="told by the files by default")
    for role, what in (
        ("text", "the review's text"),
        ("movie", "the movie"),
        ("id", "the review's id"),
        ("rating", "the rating that came with it"),
    ):
        parser.add_argument(f"--{role}", metavar="COL", help=f"column of {what}")
    parser.add_argument(
        "--rating-scale", metavar="LOW-HIGH", help="of ratings that are bare numbers, as 1-5"
    )
    parser.add_argument("--encoding", metavar="NAME", help="charset of text; auto: from a sample")
    parser.add_argument("--sep", metavar="CHAR", help="separator of csv: , or ; or | or tab")
    parser.add_argument(
        "--strict",
        action="store_const",
        const=True,
        help="fail if a file can't be read to its end",
    )


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="YAML; flags beat it")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one setting of the config, whatever the file says; may be given again",
    )


if __name__ == "__main__":
    sys.exit(main())
