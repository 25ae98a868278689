"""The scoring job: read a dump, rate it, publish one day of ratings."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType

from movierate.config.jobs import ScoreConfig
from movierate.errors import RunFailed, UserError
from movierate.inference.udf import udf_of
from movierate.logs import Phases
from movierate.model import bundle
from movierate.model.bundle import BundleFiles
from movierate.reviews.corrupt import is_read_failure
from movierate.reviews.dataset import Dump, read_reviews, unreadable
from movierate.reviews.names import list_names
from movierate.reviews.schema import MALFORMED, RAW_CHARACTERS, is_blank
from movierate.scoring.accounting import Counts, count_rows
from movierate.scoring.drift import Reference
from movierate.scoring.gates import check_gates, lost_rows, tripped
from movierate.scoring.nights import find_reference
from movierate.scoring.output.parquet import RATINGS, REJECTED, TABLES, Part, Store
from movierate.scoring.run_record import FILES_IN_RECORD, begun, failed, with_sizes
from movierate.scoring.skip_rated import (
    ALREADY_RATED,
    already_rated,
    has_repeated,
    kept,
    once,
    skip,
    with_kept,
)
from movierate.spark.errors import SPARK_ERRORS, first_line
from movierate.spark.paths import check_names


@dataclass(frozen=True)
class Run:
    """What a run did."""

    record: dict[str, Any]
    """As written to runs/."""

    record_path: str


def score(
    spark: SparkSession,
    paths: Sequence[str],
    output: str,
    config: ScoreConfig,
    phases: Phases | None = None,
) -> Run:
    """Rate every review of a dump and publish the ratings of one day.

    Args:
        spark: the session.
        paths: files, directories or patterns of the dump.
        output: a directory for ratings/, rejected/ and runs/.
        config: the model, the dump's columns, the day, the gates.
        phases: told of each phase that is over.

    Raises:
        UserError: the input, the output, the model or a column is not as it should be, or another
            run holds the output.
        RunFailed: the run broke; nothing of it was published, and runs/ says why.
    """
    phases = phases or Phases()
    check_names(spark, [], output)
    store = Store(spark, output, paths)
    with store.held(phases.say):
        store.check_kind(batches=False)
        return score_part(spark, store, paths, config, phases)


def score_part(
    spark: SparkSession,
    store: Store,
    paths: Sequence[str],
    config: ScoreConfig,
    phases: Phases,
    part: Part | None = None,
    whole: Dump | None = None,
) -> Run:
    """Rate every review of a dump and publish the ratings as one part of an output that is held.

    Args:
        part: None for the day that config names, or today.
        whole: the dump that the paths are a part of, if they are.
    """
    started = datetime.datetime.now(datetime.timezone.utc)
    clock = time.monotonic()
    part = part or Part(config.date or started.date())
    record = begun(paths, store.directory, config, started)
    record |= {"scored_date": part.date.isoformat(), "batch": part.batch}
    run_id = record["run_id"]
    try:
        files = _model(config)
        model = files.bundle
        reference = find_reference(spark, store.directory, config, model, part.date)
        rate = udf_of(spark, files)
        dump = read_reviews(spark, paths, config, config.keep, model.rating_scale, whole)
        record |= _understood(dump, config)
        record |= {"model_id": model.model_id, "drift_baseline": reference.as_record()}
        files_found, bytes_found = record["input_files"], record["input_bytes"]
        phases.over("input", _input_said(dump), files=files_found, bytes=bytes_found)
        for note in reference.notes:
            phases.say(note)
        known = already_rated(store, model.model_id, part) if config.skip_rated else None
        rated = _rate_all(dump, rate, config, known, reference)
        counts, dump = rated.counts, rated.dump
        accounts = counts.account(config.skip_rated)
        _check_not_empty(accounts, dump, may_be_empty=part.batch is not None)
        record |= accounts
        record["files"] = with_sizes(dump.inputs, accounts["files"])
        record["broken_files"] = [vars(file) for file in dump.broken]
        lost = lost_rows(dump.broken, counts.by_source)
        gated = (accounts["rows"], accounts["drift"], reference.name)
        record["gates_tripped"] = tripped(*gated, config, lost)
        phases.over("rate", _rows_said(accounts["rows"]), **accounts["rows"])
        is_held = bool(record["gates_tripped"]) and config.gate_before_publish
        if is_held:
            store.abandon(run_id)
        else:
            present = store.types(TABLES[0], config.keep)
            tables = _tables(rated, model.model_id, started, present)
            stays = kept(store, part, rated.rows) if config.skip_rated else {}
            _publish(store, run_id, part, tables, stays, accounts["rows"], phases)
        _release(rated.at_hand)
    except BaseException as error:
        record |= {"phases": phases.seconds}
        left = _give_up(store, failed(record, error, time.monotonic() - clock))
        if isinstance(error, PySparkException | Py4JError | OSError):
            raise _explained(error, left) from error
        raise
    seconds = time.monotonic() - clock
    record |= {
        "status": "held" if is_held else "done",
        "phases": phases.seconds,
        "seconds": round(seconds, 3),
        "rows_per_second": round(accounts["rows"]["read"] / seconds, 1),
    }
    return Run(record=record, record_path=store.record(run_id, record))


def _understood(dump: Dump, config: ScoreConfig) -> dict[str, Any]:
    """How a dump is read, as the run record says it."""
    listing = dump.inputs.listing
    return {
        "format": dump.format,
        "encoding": dump.encoding,
        "rating_scale": dump.rating_scale and dump.rating_scale.as_record(),
        "columns": dump.roles.as_record() | {"keep": list(config.keep)},
        "input_files": len(listing.files),
        "input_bytes": listing.bytes,
        "passed_over": list(listing.passed_over[:FILES_IN_RECORD]),
    }


def _model(config: ScoreConfig) -> BundleFiles:
    """The model, once it is certain that the settings go with it and with the output."""
    seen: dict[str, str] = {}
    for column in config.keep:
        if column.lower() in (*RATINGS, "scored_date", "batch"):
            raise UserError(f"keep: {column} is a column of the output already: leave it out")
        if seen.get(column.lower()) == column:
            raise UserError(f"keep: {column} is given twice: leave it out once")
        if column.lower() in seen:
            raise UserError(
                f"keep: {seen[column.lower()]} and {column} would be one column to those who query "
                "the output: leave one out"
            )
        seen[column.lower()] = column
    files = bundle.read(config.model)
    check_gates(config, files.bundle)
    return files


@dataclass(frozen=True)
class _Rated:
    """A dump's rows, rated."""

    rows: DataFrame
    at_hand: Sequence[DataFrame]
    """Persisted: the rows, and what they are made of."""
    counts: Counts
    dump: Dump


def _rate_all(
    dump: Dump, rate: Any, config: ScoreConfig, known: DataFrame | None, reference: Reference
) -> _Rated:
    """All rows, kept at hand, and the account of them.

    A file that can't be read to its end is found out here: then all is read again, around it.
    """
    rows = _rate(dump, rate, config, known).persist()
    at_hand = [rows]
    try:
        if config.skip_rated and has_repeated(rows):
            rows = once(rows).persist()
            at_hand.append(rows)
        return _Rated(rows, at_hand, count_rows(rows, dump.kept, reference), dump)
    except SPARK_ERRORS as error:
        _release(at_hand)
        if not is_read_failure(error) or dump.was_read_around:
            raise
        if config.strict:
            raise UserError(unreadable(first_line(error))) from None
    return _rate_all(dump.around_broken_files(), rate, config, known, reference)


def _release(frames: Sequence[DataFrame]) -> None:
    """Let Spark forget what it keeps at hand."""
    for frame in frames:
        frame.unpersist()


def _rate(dump: Dump, rate: Any, config: ScoreConfig, known: DataFrame | None) -> DataFrame:
    """All rows with their rating or the reason why there is none; without their texts."""
    frame = dump.spread() if config.limit is None else dump.frame.limit(config.limit)
    if known is not None:
        frame = skip(frame, known)
    rated = frame.withColumn("r", rate("text"))
    reason = F.coalesce(
        "reason",
        F.when(is_blank(F.col("text")), "empty_text"),
        F.when(F.col("r.predicted_rating").isNull(), "no_known_words"),
    )
    return rated.select(
        "review_id",
        "movie_id",
        "r.*",
        F.col("rating").cast("float").alias("rating"),
        "rating_unread",
        F.xxhash64("text").alias("text_hash"),
        "source",
        reason.alias("reason"),
        F.when(reason.isNotNull(), _head(F.coalesce("raw", "text"))).alias("raw"),
        *(column.place for column in dump.kept),
    )


def _tables(
    rated: _Rated, model_id: str, started: datetime.datetime, present: Mapping[str, DataType]
) -> tuple[DataFrame, DataFrame]:
    """The rows of ratings/ and those of rejected/.

    Args:
        rated: the rows.
        model_id: of the model.
        started: when the run began.
        present: the types of the columns that ratings/ has already, by name in lower case.
    """
    rows = rated.rows.withColumn("model_id", F.lit(model_id))
    rows = rows.withColumn("scored_at", F.lit(started))
    of_columns = zip(rated.dump.kept, rated.counts.letters(), strict=True)
    kept_columns = (
        column.value(letters, present.get(column.name.lower())) for column, letters in of_columns
    )
    ratings = rows.where(F.col("reason").isNull()).select(*RATINGS, *kept_columns)
    rejected = rows.where(F.col("reason") != ALREADY_RATED).select(*REJECTED)
    return ratings, rejected.hint("rebalance")  # few rows of many partitions: few files


def _publish(
    store: Store,
    run_id: str,
    part: Part,
    tables: Sequence[DataFrame],
    stays: Mapping[str, DataFrame],
    rows: dict[str, int],
    phases: Phases,
) -> None:
    """Write the tables, make sure that no row is missing in the files, and move them into place.

    Args:
        stays: what the part holds already and keeps, by table.
        rows: the account of the rows.
    """
    for table, frame in zip(TABLES, tables, strict=True):
        store.write(run_id, table, part, with_kept(frame, stays.get(table)))
    phases.over("write", "all rows are written; publishing next")
    _check(rows, store, run_id, part, stays)
    phases.over("check", "as many rows lie in the files as were read")
    store.commit(run_id, part)
    phases.over("publish", f"{part.path} is in place")


def _check_not_empty(accounts: Mapping[str, Any], dump: Dump, may_be_empty: bool) -> None:
    """An input with data gives rows; a batch of new files need not, as its files are read once.

    Raises:
        UserError: it gives none, or none that is a record of the format, or nothing but a row for
            each file that can't be read.
    """
    if may_be_empty:
        return
    rows = accounts["rows"]
    if rows["read"] == 0:
        raise UserError(
            f"input: {_input_said(dump)}, and not one row in it: is it a header alone, or of "
            "another format?"
        )
    if accounts["rejected_by_reason"].get(MALFORMED) == rows["read"] > len(dump.broken):
        raise UserError(
            f"input: {_input_said(dump)}, and not one of {rows['read']:,} rows is a record of that "
            "format with a text: is it another format? Give --format, --text or --sep"
        )
    with_data = sum(file.bytes > 0 for file in dump.inputs.files)
    if len(dump.broken) == with_data == rows["read"]:
        whys = [f"{file.source} ({file.why})" for file in dump.broken]
        raise UserError(f"input: no file can be read: {list_names(whys, 3)}")


def _check(
    rows: dict[str, int], store: Store, run_id: str, part: Part, stays: Mapping[str, DataFrame]
) -> None:
    """What was read must lie in the files written, row for row, beside what stays of before."""
    rated, rejected = (
        store.count(run_id, table, part) - (stays[table].count() if table in stays else 0)
        for table in TABLES
    )
    if rows["read"] != rated + rejected + rows.get("skipped", 0):
        raise RunFailed(
            f"{rows['read']:,} rows were read, but {rated:,} rated and {rejected:,} rejected were "
            "written: nothing was published; did the input change meanwhile? Run it again"
        )


def _give_up(store: Store, record: dict[str, Any]) -> str:
    """Clear away what a failed run has written, and record it; returns what is left of it.

    One that failed before it had understood its input leaves a record only where others have.
    """
    try:
        if "format" not in record and not store.has_runs():
            return "nothing was published"
        is_clear = store.abandon(record["run_id"])
        published = "nothing was published" if is_clear else "the next run will publish the rest"
        return f"{published}; the details: {store.record(record['run_id'], record)}"
    except (Py4JError, OSError):
        return "Spark is gone, too: the next run clears up"


def _explained(error: Exception, left: str) -> Exception:
    """What broke a run as one line."""
    if "No module named 'movierate'" in str(error):
        return UserError(
            "executors: they can't import movierate: give them its environment, "
            "see «On a cluster» in the README"
        )
    return RunFailed(f"{first_line(error)}: {left}")


def _input_said(dump: Dump) -> str:
    count, size = len(dump.inputs.files), dump.inputs.listing.bytes / 1e6
    said = f"{count:,} file{'s'[: count != 1]}, {size:,.1f} MB of {dump.format}, {dump.encoding}"
    passed_over = len(dump.inputs.listing.passed_over)
    if passed_over:
        name = dump.inputs.listing.passed_over[0].rpartition("/")[2]
        said += f"; {passed_over:,} file{'s'[: passed_over != 1]} passed over, as {name}"
    return said


def _rows_said(rows: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {outcome}" for outcome, count in rows.items())


def _head(text: Column) -> Column:
    return F.substring(text, 1, RAW_CHARACTERS)
