"""The scoring job: read a dump, rate it, publish one day of ratings."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from movierate.config.jobs import ScoreConfig
from movierate.errors import RunFailed, UserError
from movierate.inference.udf import udf_of
from movierate.logs import Phases
from movierate.model.bundle import Bundle
from movierate.reviews.corrupt import is_read_failure
from movierate.reviews.dataset import Dump, check_strict, read_reviews
from movierate.reviews.frames import Table
from movierate.reviews.names import list_names
from movierate.reviews.schema import MALFORMED, RAW_CHARACTERS, is_blank
from movierate.scoring.accounting import Account, Counts, count_rows
from movierate.scoring.drift import Reference
from movierate.scoring.failures import explain
from movierate.scoring.gates import check_gates, count_lost, evaluate_gates
from movierate.scoring.nights import find_reference
from movierate.scoring.output.directory import OutputDirectory
from movierate.scoring.output.table import (
    BATCH,
    DATE,
    RATINGS,
    RATINGS_COLUMNS,
    REJECTED,
    REJECTED_COLUMNS,
    OutputPartition,
    column_types,
)
from movierate.scoring.run_record import (
    DONE,
    FAILED,
    FILES_IN_RECORD,
    WITHHELD,
    RunRecord,
    add_sizes,
    start_record,
)
from movierate.scoring.skip_rated import (
    ALREADY_RATED,
    find_rated,
    find_retained,
    has_duplicates,
    mark_duplicates,
    skip_known,
    with_retained,
)
from movierate.spark.bundles import read_bundle
from movierate.spark.errors import SPARK_ERRORS
from movierate.spark.paths import check_names


@dataclass(frozen=True)
class Run:
    """What a run did."""

    record: RunRecord
    record_path: str


def score(
    spark: SparkSession,
    reviews: Sequence[str] | Table,
    output: str,
    config: ScoreConfig,
    phases: Phases | None = None,
) -> Run:
    """Rate every review of a dump and publish the ratings of one day.

    Args:
        spark: the session.
        reviews: files, directories or patterns of the dump; or a table.
        output: a directory for ratings/, rejected/ and runs/.
        config: the model, the dump's columns, the day, the gates.
        phases: told of each phase that is over.

    Raises:
        UserError: the input, the output, the model or a setting is invalid, or another run has
            locked the output.
        RunFailed: the run broke; nothing of it was published, and runs/ says why.
    """
    phases = phases or Phases()
    check_names(spark, [], output)
    paths = () if isinstance(reviews, Table) else reviews
    directory = OutputDirectory(spark, output, paths, config.output_format)
    with directory.lock(phases.say):
        directory.checkpoint.check_kind(batches=False)
        return score_partition(spark, directory, reviews, config, phases)


def score_partition(
    spark: SparkSession,
    output: OutputDirectory,
    reviews: Sequence[str] | Table,
    config: ScoreConfig,
    phases: Phases,
    partition: OutputPartition | None = None,
    whole: Dump | None = None,
) -> Run:
    """Rate every review of a dump and publish the ratings as one partition of a locked output.

    Args:
        partition: None for the day of config, or today.
        whole: the dump that the files are a part of, if they are.
    """
    started, clock = datetime.datetime.now(datetime.timezone.utc), time.monotonic()
    partition = partition or OutputPartition(config.date or started.date())
    paths = [f"table {reviews.name}"] if isinstance(reviews, Table) else reviews
    record = start_record(paths, output.directory, config, started)
    record.scored_date, record.batch = partition.date.isoformat(), partition.batch
    task = _Task(spark, output, config, partition, record, phases)
    try:
        model = _load_model(task)
        dump = _read_dump(task, reviews, model, whole)
        rated = _rate_dump(task, dump, model)
        if record.gates_tripped and config.gate_before_publish:
            output.abandon(record.run_id)
            record.status = WITHHELD
        else:
            _publish(task, rated, started)
            record.status = DONE
        _release(task.persisted)
    except BaseException as error:
        left = _give_up(task, error, time.monotonic() - clock)
        if isinstance(error, PySparkException | Py4JError | OSError):
            raise explain(error, left) from error
        raise
    _stop_clock(record, phases, time.monotonic() - clock)
    return Run(record, output.write_record(record))


@dataclass(frozen=True)
class _Task:
    """One partition to score, and where its record and its progress go."""

    spark: SparkSession
    output: OutputDirectory
    config: ScoreConfig
    partition: OutputPartition
    record: RunRecord
    phases: Phases
    persisted: list[DataFrame] = field(default_factory=list)
    """What Spark keeps in memory for it. A later run would find old rows there."""


@dataclass(frozen=True)
class _Model:
    """The model, its UDF and its drift baseline."""

    bundle: Bundle
    rate: Any
    """The UDF."""
    reference: Reference
    """What drift is measured against."""


def _load_model(task: _Task) -> _Model:
    """The model, after a check that the settings fit it and the output."""
    _check_kept(task.config.keep)
    files = read_bundle(task.spark, task.config.model)
    model = files.bundle
    check_gates(task.config, model)
    place = task.output.directory, task.config, model, task.partition.date
    reference = find_reference(task.spark, *place)
    task.record.model_id = model.model_id
    task.record.drift_baseline = reference.as_record()
    return _Model(model, udf_of(task.spark, files), reference)


def _check_kept(names: Sequence[str]) -> None:
    """Make sure that kept columns do not clash with output columns or with each other."""
    seen: dict[str, str] = {}
    for column in names:
        if column.lower() in (*RATINGS_COLUMNS, DATE, BATCH):
            raise UserError(f"keep: {column} is already a column of the output: remove it")
        if seen.get(column.lower()) == column:
            raise UserError(f"keep: {column} is given twice: remove one")
        if column.lower() in seen:
            raise UserError(
                f"keep: {seen[column.lower()]} and {column} would be one column to those who query "
                "the output: leave one out"
            )
        seen[column.lower()] = column


def _read_dump(
    task: _Task, reviews: Sequence[str] | Table, model: _Model, whole: Dump | None
) -> Dump:
    """The dump, with what was found in the record."""
    config, record = task.config, task.record
    scale = model.bundle.rating_scale
    dump = read_reviews(task.spark, reviews, config.dump, config.keep, scale, whole)
    listing = dump.inputs.listing
    record.format, record.encoding = dump.format, dump.encoding
    record.rating_scale = dump.rating_scale.as_record() if dump.rating_scale else None
    record.columns = dump.roles.as_record() | {"keep": list(config.keep)}
    record.input_files, record.input_bytes = len(listing.files), listing.bytes
    record.passed_over = list(listing.passed_over[:FILES_IN_RECORD])
    task.phases.over(
        "input", _describe_input(dump), files=record.input_files, bytes=record.input_bytes
    )
    for note in model.reference.notes:
        task.phases.say(note)
    return dump


def _rate_dump(task: _Task, dump: Dump, model: _Model) -> _Rated:
    """All rows with their ratings, counted, with the gates in the record."""
    config, record, partition = task.config, task.record, task.partition
    known = find_rated(task.output, model.bundle.model_id, partition) if config.skip_rated else None
    rated = _rate_all(task, dump, model, known)
    account = rated.counts.account(config.skip_rated)
    record.rows, record.rejected_by_reason = account.rows, account.rejected_by_reason
    record.ratings_unread, record.drift = account.ratings_unread, account.drift
    record.files = add_sizes(rated.dump.inputs, account.files)
    record.broken_files = [vars(file) for file in rated.dump.broken]
    if partition.batch is None:  # a batch of new files may be empty: its files are read once
        _check_not_empty(account, rated.dump)
    lost = count_lost(rated.dump.broken, rated.counts.by_source)
    baseline = model.reference.name
    record.gates_tripped = evaluate_gates(account.rows, account.drift, baseline, config, lost)
    task.phases.over("rate", _describe_rows(account.rows), True, **account.rows)
    return rated


@dataclass(frozen=True)
class _Rated:
    """A dump's rows with their ratings."""

    rows: DataFrame
    """Persisted."""
    counts: Counts
    dump: Dump


def _rate_all(task: _Task, dump: Dump, model: _Model, known: DataFrame | None) -> _Rated:
    """All rows, persisted and counted.

    This finds the files that can't be read to their end. Then everything is read again, around
    those files.
    """
    config = task.config
    rows = _rate(dump, model.rate, config, known).persist()
    task.persisted.append(rows)
    try:
        if config.skip_rated and has_duplicates(rows):
            rows = mark_duplicates(rows).persist()
            task.persisted.append(rows)
        return _Rated(rows, count_rows(rows, dump.kept, model.reference), dump)
    except SPARK_ERRORS as error:
        _release(task.persisted)
        if not is_read_failure(error) or dump.was_read_around:
            raise
    dump = dump.around_broken_files()
    check_strict(config.dump, dump.broken)
    return _rate_all(task, dump, model, known)


def _release(persisted: list[DataFrame]) -> None:
    """Remove persisted frames from Spark's memory."""
    while persisted:
        persisted.pop().unpersist()


def _rate(dump: Dump, rate: Any, config: ScoreConfig, known: DataFrame | None) -> DataFrame:
    """All rows with their rating or the reason why there is none; without their texts."""
    frame = dump.repartition_for_cores() if config.limit is None else dump.frame.limit(config.limit)
    if known is not None:
        frame = skip_known(frame, known)
    rated = frame.withColumn("r", rate("text"))
    reason = F.coalesce(
        "reason",
        F.when(is_blank(F.col("text")), "empty_text"),
        F.when(F.col("r.predicted_rating").isNull(), "no_known_words"),
        *([F.when(F.col("r.not_english"), "not_english")] if config.reject_not_english else []),
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
        F.when(reason.isNotNull(), _truncate(F.coalesce("raw", "text"))).alias("raw"),
        *(column.place for column in dump.kept),
    )


def _publish(task: _Task, rated: _Rated, started: datetime.datetime) -> None:
    """Stage both tables, make sure that no row is missing in the files, and publish them."""
    output, partition, run_id = task.output, task.partition, task.record.run_id
    retained = find_retained(output, partition, rated.rows) if task.config.skip_rated else {}
    for name, rows in _make_tables(task, rated, started).items():
        output.tables[name].stage(run_id, partition, with_retained(rows, retained.get(name)))
    task.phases.over("write", "written; publishing next")
    _check_counts(task, retained)
    task.phases.over("check", "the files have as many rows as were read")
    output.publish(run_id, partition)
    task.phases.over("publish", f"{partition.path} is published")


def _make_tables(task: _Task, rated: _Rated, started: datetime.datetime) -> dict[str, DataFrame]:
    """The rows of ratings/ and those of rejected/, by table."""
    rows = rated.rows.withColumn("model_id", F.lit(task.record.model_id))
    rows = rows.withColumn("scored_at", F.lit(started))
    present = column_types(task.output.ratings, task.config.keep)
    of_columns = zip(rated.dump.kept, rated.counts.letters(), strict=True)
    kept_columns = (
        column.value(letters, present.get(column.name.lower())) for column, letters in of_columns
    )
    ratings = rows.where(F.col("reason").isNull()).select(*RATINGS_COLUMNS, *kept_columns)
    rejected = rows.where(F.col("reason") != ALREADY_RATED).select(*REJECTED_COLUMNS)
    # Few rows of many partitions become few files.
    return {RATINGS: ratings, REJECTED: rejected.hint("rebalance")}


def _check_not_empty(account: Account, dump: Dump) -> None:
    """Make sure that an input with data gives rows.

    Raises:
        UserError: it gives no rows, or none that is a record of the format, or nothing but a row
            for each file that can't be read.
    """
    rows = account.rows
    if rows["read"] == 0:
        raise UserError(
            f"input: {_describe_input(dump)} without a row: does it have only a header, or "
            "another format?"
        )
    if account.rejected_by_reason.get(MALFORMED) == rows["read"] > len(dump.broken):
        raise UserError(
            f"input: {_describe_input(dump)}, and not one of {rows['read']:,} rows is a record of "
            "that format with a text: is it another format? Give --format, --text or --sep"
        )
    with_data = sum(file.bytes > 0 for file in dump.inputs.files)
    if len(dump.broken) == with_data == rows["read"]:
        whys = [f"{file.source} ({file.why})" for file in dump.broken]
        raise UserError(f"input: no file can be read: {list_names(whys, 3)}")


def _check_counts(task: _Task, retained: Mapping[str, DataFrame]) -> None:
    """Make sure that the staged files hold every row that was read, beside the retained ones."""
    rows = task.record.rows
    staged = {
        name: table.count(task.record.run_id, task.partition)
        - (retained[name].count() if name in retained else 0)
        for name, table in task.output.tables.items()
    }
    rated, rejected = staged[RATINGS], staged[REJECTED]
    if rows["read"] != rated + rejected + rows.get("skipped", 0):
        raise RunFailed(
            f"{rows['read']:,} rows were read, but {rated:,} rated and {rejected:,} rejected were "
            "written: nothing was published; did the input change meanwhile? Run it again"
        )


def _stop_clock(record: RunRecord, phases: Phases, seconds: float) -> None:
    record.phases, record.seconds = dict(phases.seconds), round(seconds, 3)
    if record.rows and record.status != FAILED:
        record.rows_per_second = round(record.rows["read"] / seconds, 1)


def _give_up(task: _Task, error: BaseException, seconds: float) -> str:
    """Delete what a failed run has staged, and write its record; returns what is left of it.

    A run that fails before it knows its input leaves a record only beside other records.
    """
    output, record = task.output, task.record
    record.fail(error)
    _stop_clock(record, task.phases, seconds)
    try:
        _release(task.persisted)
        if not record.format and not output.has_records():
            return "nothing was published"
        is_clear = output.abandon(record.run_id)
        published = "nothing was published" if is_clear else "the next run will publish the rest"
        return f"{published}; the details: {output.write_record(record)}"
    except (Py4JError, OSError):
        return "Spark stopped; the next run cleans up"


def _describe_input(dump: Dump) -> str:
    if not dump.inputs.files:
        return dump.format
    count, size = len(dump.inputs.files), dump.inputs.listing.bytes / 1e6
    said = f"{count:,} file{'s'[: count != 1]}, {size:,.1f} MB of {dump.format}, {dump.encoding}"
    passed_over = len(dump.inputs.listing.passed_over)
    if passed_over:
        name = dump.inputs.listing.passed_over[0].rpartition("/")[2]
        said += f"; {passed_over:,} file{'s'[: passed_over != 1]} skipped, like {name}"
    return said


def _describe_rows(rows: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {outcome}" for outcome, count in rows.items())


def _truncate(text: Column) -> Column:
    return F.substring(text, 1, RAW_CHARACTERS)
