"""Incremental runs: only the files that no run has scored.

Spark's file source keeps the account of the files it has seen, in the checkpoint beside the
output, and hands the new ones out in micro-batches. What is streamed is the list of files, not
what is in them: each batch is read, rated and published as any dump is, and lands as ``batch=N``.
A batch whose run died before the checkpoint knew that it was done is handed out again, with the
same files and the same number: it replaces what it has published, under the same day.

A file is known by its path. One that is written anew under its old name is not read again.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession

from movierate.config.jobs import ScoreConfig
from movierate.errors import GateTripped, RunFailed, UserError
from movierate.logs import Phases
from movierate.reviews.dataset import Dump, read_reviews
from movierate.reviews.formats.registry import choose_format
from movierate.reviews.inputs import Inputs, find_inputs
from movierate.reviews.listing import (
    Listing,
    as_source,
    check_all_read,
    escape_pattern,
    list_files,
)
from movierate.scoring.gates import describe_gates
from movierate.scoring.job import Run, score_partition
from movierate.scoring.output.directory import OutputDirectory
from movierate.scoring.output.table import OutputPartition
from movierate.scoring.run_record import WITHHELD, RunRecord
from movierate.spark.errors import first_line
from movierate.spark.filesystem import FileSystem, name_of, parent_of
from movierate.spark.paths import check_names

FILES = "path string, modificationTime timestamp, length long, content binary"
"""Spark's schema of binary files; content is not read."""

FOR_EVER = "36500d"
"""By default, the file source passes over files a week older than the newest that it has seen."""


def score_new_files(
    spark: SparkSession,
    paths: Sequence[str],
    output: str,
    config: ScoreConfig,
    phases: Phases | None = None,
) -> list[Run]:
    """Rate the reviews of files that no run has scored, a batch of files at a time.

    Args:
        spark: the session.
        paths: files, directories or patterns of the dump; the same as in earlier runs.
        output: a directory for ratings/, rejected/, runs/ and the checkpoint.
        config: as `movierate.scoring.job.score`; files_per_batch: a batch has at most so many
            files of each path.
        phases: told of each phase of each batch that is over.

    Returns:
        A run for each batch, with its own record: none if there are no new files.

    Raises:
        UserError: as `score`, or Spark can't stream the format, or the output is not one of
            incremental runs.
        RunFailed: a batch broke. Earlier batches are published, and the next run continues.
        GateTripped: a gate withheld a batch. Earlier batches are published, and the next run
            continues.
    """
    phases = phases or Phases()
    check_names(spark, [], output)
    directory = OutputDirectory(spark, output, paths, config.output_format)
    inputs = find_inputs(spark, paths, may_be_empty=True)
    if inputs.listing.repeated:
        raise UserError(
            f"incremental: {inputs.listing.repeated[0]} is below two of the --input paths and "
            "would be read twice: name one of them"
        )
    batches = _Batches(spark, directory, paths, config, phases)
    if inputs.head.content:
        batches.read_dump(inputs)
    with directory.lock(phases.say):
        directory.checkpoint.check_kind(batches=True)
        in_order = directory.checkpoint.sort_inputs(paths)
        new = _new_files(spark, inputs, in_order, config.files_per_batch)
        _stream(new, directory.checkpoint.path, _Dump(spark, paths, inputs.listing), batches.score)
    if batches.runs and not total(batches.runs).rows["read"]:
        files = sum(run.record.input_files for run in batches.runs)
        raise UserError(
            f"input: {files:,} new files without a row: do they have only headers? "
            "They will not be read again"
        )
    return batches.runs


def total(runs: Sequence[Run]) -> RunRecord:
    """The record of all batches of a run."""
    records = [run.record for run in runs]
    seconds = sum(record.seconds or 0 for record in records)
    rows = _sum(record.rows for record in records)
    return dataclasses.replace(
        records[-1],
        batches=[record.batch for record in records if record.batch is not None],
        rows=rows,
        rejected_by_reason=_sum(record.rejected_by_reason for record in records),
        ratings_unread=sum(record.ratings_unread for record in records),
        broken_files=[file for record in records for file in record.broken_files],
        gates_tripped=[gate for record in records for gate in record.gates_tripped],
        seconds=seconds,
        rows_per_second=rows["read"] / seconds,
    )


class _Batches:
    """Scores one batch of new files after another."""

    def __init__(
        self,
        spark: SparkSession,
        output: OutputDirectory,
        paths: Sequence[str],
        config: ScoreConfig,
        phases: Phases,
    ) -> None:
        self._spark, self._output, self._paths = spark, output, paths
        self._config, self._phases = config, phases
        self._whole: Dump | None = None
        self.runs: list[Run] = []

    def read_dump(self, inputs: Inputs) -> Dump:
        """The whole dump, after a check that the settings fit it.

        All batches have its columns. The checkpoint holds on to the first files that it hands
        out, so a mistake should be found before.
        """
        config = self._config
        format = choose_format(config.dump.format, inputs)
        if not format.is_streamable:
            raise UserError(
                "incremental: a tree of one file per review can't be streamed, because its movies "
                "are listed in separate files: remove --incremental"
            )
        settings = {
            "format": format.name,
            "rating_scale": config.dump.rating_scale or (1, 5),  # each batch guesses its own
            "strict": False,  # a broken file may have been rated long ago
        }
        dump = config.dump.model_copy(update=settings)
        self._whole = read_reviews(self._spark, inputs.paths, dump, config.keep)
        return self._whole

    def score(self, number: int, files: list[str]) -> None:
        """Score and publish a batch.

        Raises:
            GateTripped: a gate withheld it.
        """
        # The first files may come after the start.
        whole = self._whole or self.read_dump(find_inputs(self._spark, self._paths))
        today = datetime.datetime.now(datetime.timezone.utc).date()
        date = self._output.checkpoint.date_of(number) or self._config.date or today
        dump = self._config.dump.model_copy(update={"format": whole.format})
        config = self._config.model_copy(update={"dump": dump})
        partition = OutputPartition(date, number)
        place = self._spark, self._output, files, config, self._phases
        self.runs.append(score_partition(*place, partition, whole))
        if self.runs[-1].record.status == WITHHELD:
            raise GateTripped(describe_gates(self.runs[-1].record))
        self._phases.restart()


class _Dump:
    """The files of the dump, which may grow while batches are rated."""

    def __init__(self, spark: SparkSession, paths: Sequence[str], listing: Listing) -> None:
        self._spark, self._paths, self._listing = spark, paths, listing

    def part_of(self, paths: Iterable[str]) -> list[str]:
        """The paths to read: without documents, hidden files and links."""
        found = {as_source(path) for path in paths}
        if not found <= self._list():
            self._listing = list_files(self._spark, self._paths, may_be_empty=True)
        return sorted(file.path for file in self._listing.files if as_source(file.path) in found)

    def _list(self) -> set[str]:
        files = (file.path for file in self._listing.files)
        return {*map(as_source, (*files, *self._listing.passed_over, *self._listing.links))}


def _new_files(spark: SparkSession, inputs: Inputs, paths: Sequence[str], count: int) -> DataFrame:
    """The files that Spark has not handed out yet, at most so many of each path at a time."""
    paths = [_streamable(spark, path) for path in paths]
    if inputs.files:
        reader = spark.read.format("binaryFile").option("recursiveFileLookup", True)
        check_all_read(reader.load(paths), inputs.files)
    stream = spark.readStream.format("binaryFile").schema(FILES)
    stream = stream.options(recursiveFileLookup=True, maxFilesPerTrigger=count)
    stream = stream.option("maxFileAge", FOR_EVER)
    return reduce(DataFrame.union, map(stream.load, paths)).select("path", "length")


def _streamable(spark: SparkSession, path: str) -> str:
    """A path as the file source takes it: a directory, or a pattern, which a file is made to."""
    file_system = FileSystem(spark, path)
    if not file_system.exists(path):
        return path
    if file_system.is_directory(path):
        return escape_pattern(path)
    name = name_of(file_system.path)
    first = escape_pattern(name[0])
    first = first if first != name[0] else f"[{name[0]}]"
    return f"{escape_pattern(parent_of(file_system.path))}/{first}{escape_pattern(name[1:])}"


def _stream(
    files: DataFrame,
    checkpoint: str,
    dump: _Dump,
    score_batch: Callable[[int, list[str]], None],
) -> None:
    """Give each batch of new files to a function; its errors are raised here."""
    errors: list[Exception] = []

    def each(batch: DataFrame, number: int) -> None:
        try:
            found = dump.part_of(row.path for row in batch.where("length > 0").collect())
            if found:
                score_batch(number, found)
        except Exception as error:
            errors.append(error)
            raise

    writer = files.writeStream.option("checkpointLocation", checkpoint).foreachBatch(each)
    query = writer.trigger(availableNow=True).start()
    try:
        query.awaitTermination()
    except StreamingQueryException as error:
        if errors:
            raise errors[0] from None
        if "sources in the checkpoint" in str(error):  # one that names no paths yet
            raise UserError(
                "incremental: earlier runs had another number of --input paths: give as many; "
                "a directory or a pattern takes new files"
            ) from None
        raise RunFailed(first_line(error)) from error
    finally:
        query.stop()


def _sum(accounts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    summed: dict[str, int] = {}
    for account in accounts:
        for key, count in account.items():
            summed[key] = summed.get(key, 0) + count
    return summed
