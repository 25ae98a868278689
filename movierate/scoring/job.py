"""The scoring job: read a dump, rate it, publish one day of ratings."""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from movierate.config import ScoreConfig
from movierate.errors import RunFailed, UserError
from movierate.model import bundle
from movierate.reviews import Dump, read_reviews
from movierate.reviews.broken import is_read_failure
from movierate.reviews.inputs import Inputs
from movierate.reviews.read import unreadable
from movierate.reviews.record import RAW_CHARACTERS, is_blank, quoted
from movierate.scoring.rated import ALREADY_RATED, already_rated, kept, once, skip, with_kept
from movierate.scoring.store import TABLES, Part, Store
from movierate.scoring.udf import udf_of
from movierate.spark import SPARK_ERRORS, first_line

RATINGS = (
    *("review_id", "movie_id", "predicted_rating", "rating_low", "rating_high", "rating"),
    *("words_read", "known_words", "text_hash", "model_id", "scored_at"),
)
"""Columns of ratings/, in order; those kept follow, and scored_date is the directory."""

REJECTED = ("review_id", "source", "reason", "raw", "scored_at")

FILES_IN_RECORD = 1_000
"""Source files above which the run record accounts for directories."""


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
    say: Callable[[str], None] = lambda line: None,
) -> Run:
    """Rate every review of a dump and publish the ratings of one day.

    Args:
        spark: the session.
        paths: files, directories or patterns of the dump.
        output: a directory for ratings/, rejected/ and runs/.
        config: the model, the dump's columns, the day.
        say: told when the lock of a dead run is taken over.

    Raises:
        UserError: the input, the output, the model or a column is not as it should be, or another
            run holds the output.
        RunFailed: the run broke; nothing of it was published, and runs/ says why.
    """
    store = Store(spark, output, paths)
    with store.held(say):
        store.check_kind(batches=False)
        return score_part(spark, store, paths, config)


def score_part(
    spark: SparkSession,
    store: Store,
    paths: Sequence[str],
    config: ScoreConfig,
    part: Part | None = None,
    whole: Inputs | None = None,
) -> Run:
    """Rate every review of a dump and publish the ratings as one part of an output that is held.

    Args:
        part: None for the day that config names, or today.
        whole: the dump that the paths are a part of, if they are.
    """
    started = datetime.datetime.now(datetime.timezone.utc)
    clock = time.monotonic()
    for column in config.keep:
        if column in (*RATINGS, "scored_date", "batch"):
            raise UserError(f"keep: {column} is a column of the output already: leave it out")
    files = bundle.read(config.model)
    model = files.bundle
    rate = udf_of(spark, files)
    try:
        dump = read_reviews(spark, paths, config, config.keep, model.rating_scale, whole)
    except (PySparkException, Py4JError) as error:  # looking at a dump may take executors, too
        raise _explained(error, "none, as no run had begun") from error

    part = part or Part(config.date or started.date())
    run_id = f"{started:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"
    record: dict[str, Any] = {
        "run_id": run_id,
        "started_at": started.isoformat(),
        "scored_date": part.date.isoformat(),
        "batch": part.batch,
        "input": list(paths),
        "format": dump.format,
        "encoding": dump.encoding,
        "rating_scale": dump.rating_scale and dump.rating_scale.as_record(),
        "columns": vars(dump.roles) | {"keep": list(config.keep)},
        "limit": config.limit,
        "model_id": model.model_id,
        "output": store.directory,
        "spark_version": spark.version,
    }
    try:
        known = already_rated(store, model.model_id, part) if config.skip_rated else None
        rows, accounts, dump = _rate_all(dump, rate, config, known)
        record |= accounts
        record["broken_files"] = [vars(file) for file in dump.broken]
        record["gates_tripped"] = _gates(accounts["rows"], config)
        stays = kept(store, part, rows) if config.skip_rated else {}
        tables = _tables(rows, model.model_id, started, config.keep)
        for table, frame in zip(TABLES, tables, strict=True):
            store.write(run_id, table, part, with_kept(frame, stays.get(table)))
        _check(accounts["rows"], store, run_id, part, stays)
        store.commit(run_id, part)
        rows.unpersist()
    except BaseException as error:
        seconds = round(time.monotonic() - clock, 3)
        record |= {"status": "failed", "seconds": seconds, "error": str(error)}
        record_path = _give_up(store, run_id, record)
        if isinstance(error, PySparkException | Py4JError):
            raise _explained(error, record_path) from error
        raise
    seconds = time.monotonic() - clock
    record |= {
        "status": "done",
        "seconds": round(seconds, 3),
        "rows_per_second": round(accounts["rows"]["read"] / seconds, 1),
    }
    return Run(record=record, record_path=store.record(run_id, record))


def _rate_all(
    dump: Dump, rate: Any, config: ScoreConfig, known: DataFrame | None
) -> tuple[DataFrame, dict[str, Any], Dump]:
    """All rows, kept at hand, and the account of them.

    A file that can't be read to its end is found out here: then all is read again, around it.
    """
    rows = _rate(dump, rate, config, known).persist()
    try:
        return rows, _account(rows, config.skip_rated), dump
    except SPARK_ERRORS as error:
        rows.unpersist()
        if not is_read_failure(error) or dump.was_read_around:
            raise
        if config.strict:
            raise UserError(unreadable(first_line(error))) from None
    return _rate_all(dump.around_broken_files(), rate, config, known)


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
    rows = rated.select(
        "review_id",
        "movie_id",
        "r.*",
        F.col("rating").cast("float").alias("rating"),
        "rating_unread",
        F.xxhash64("text").alias("text_hash"),
        "source",
        reason.alias("reason"),
        F.when(reason.isNotNull(), _head(F.coalesce("raw", "text"))).alias("raw"),
        *(quoted(column) for column in config.keep),
    )
    return once(rows) if config.skip_rated else rows


def _tables(
    rows: DataFrame, model_id: str, started: datetime.datetime, keep: Sequence[str]
) -> tuple[DataFrame, DataFrame]:
    """The rows of ratings/ and those of rejected/."""
    rows = rows.withColumn("model_id", F.lit(model_id)).withColumn("scored_at", F.lit(started))
    rated = rows.where(F.col("reason").isNull()).select(*RATINGS, *map(quoted, keep))
    rejected = rows.where(F.col("reason") != ALREADY_RATED).select(*REJECTED)
    return rated, rejected.hint("rebalance")  # few rows of many partitions: few files


def _account(rows: DataFrame, skips: bool) -> dict[str, Any]:
    """Rows read, rated and rejected: in all, by reason, and by source file; skipped, if any are."""
    unread = F.count_if("rating_unread").alias("unread")
    counts = rows.groupBy("source", "reason").agg(F.count("*"), unread).collect()
    by_directory = len({source for source, *_ in counts}) > FILES_IN_RECORD
    total = dict.fromkeys(("read", "rated", "rejected", *(["skipped"] if skips else [])), 0)
    reasons: dict[str, int] = {}
    files: dict[str, dict[str, int]] = {}
    for source, reason, count, _ in sorted(counts, key=str):
        outcome = {None: "rated", ALREADY_RATED: "skipped"}.get(reason, "rejected")
        name = source.rpartition("/")[0] + "/" if by_directory else source
        file = files.setdefault(name, dict.fromkeys(total, 0))
        for account in (total, file):
            account["read"] += count
            account[outcome] += count
        if outcome == "rejected":
            reasons[reason] = reasons.get(reason, 0) + count
    return {
        "rows": total,
        "rejected_by_reason": reasons,
        "ratings_unread": sum(unread for _, reason, _, unread in counts if reason is None),
        "files": files,
    }


def _gates(rows: dict[str, int], config: ScoreConfig) -> list[str]:
    """What is worse than the user allowed."""
    allowed = config.max_rejected
    if allowed is None or rows["rejected"] <= allowed * rows["read"]:
        return []
    share = rows["rejected"] / rows["read"]
    return [f"{share:.2%} of the rows were rejected, {allowed:.2%} are allowed (--max-rejected)"]


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


def _give_up(store: Store, run_id: str, record: dict[str, Any]) -> str:
    """Clear away what a failed run has written, and record it; returns where."""
    try:
        store.abandon(run_id)
        return store.record(run_id, record)
    except (Py4JError, OSError):  # Spark itself is gone: the next run clears up
        return "not written, as Spark was gone"


def _explained(error: Exception, record_path: str) -> Exception:
    """Spark's failure as one line."""
    text = str(error)
    if "No module named 'movierate'" in text:
        return UserError(
            "executors: they can't import movierate: give them its environment, "
            "see «On a cluster» in the README"
        )
    return RunFailed(f"{first_line(error)}: nothing was published; the details: {record_path}")


def _head(text: Column) -> Column:
    return F.substring(text, 1, RAW_CHARACTERS)
