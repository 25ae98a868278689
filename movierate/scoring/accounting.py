"""Counts a run's rows by file and outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from movierate.reviews.kept import KeptColumn
from movierate.scoring.drift import Reference, count_reached, measure_drift
from movierate.scoring.run_record import FILES_IN_RECORD
from movierate.scoring.skip_rated import ALREADY_RATED


class _Count(NamedTuple):
    """The rows of one source file with one outcome."""

    source: str
    reason: str | None
    rows: int
    unread: int
    """Ratings that came along and can't be read."""
    reached: Sequence[int]
    letters: Sequence[str]


@dataclass(frozen=True)
class Account:
    """The row counts of a run, as in the run record."""

    rows: dict[str, int]
    """read, rated, rejected, and skipped if rows may be."""
    rejected_by_reason: dict[str, int]
    ratings_unread: int
    files: dict[str, dict[str, int]]
    """The rows of each source file, or of each directory if there are very many files."""
    drift: dict[str, Any] | None
    """See `movierate.scoring.drift.measure_drift`."""


@dataclass(frozen=True)
class Counts:
    """All counts of a run's rows, from one pass."""

    counts: Sequence[_Count]
    kept: Sequence[KeptColumn]
    reference: Reference

    @cached_property
    def by_source(self) -> Mapping[str, int]:
        """Rows read from each file."""
        rows: dict[str, int] = {}
        for count in self.counts:
            rows[count.source] = rows.get(count.source, 0) + count.rows
        return rows

    def letters(self) -> list[list[str]]:
        """For each kept column, the letters of its values in rated rows (`KeptColumn.letters`)."""
        rated = [count.letters for count in self.counts if count.reason is None]
        return [[letters[place] for letters in rated] for place in range(len(self.kept))]

    def account(self, skips: bool) -> Account:
        """The sums over all rows.

        Args:
            skips: whether rows may be skipped; then they are counted, too.
        """
        by_directory = len(self.by_source) > FILES_IN_RECORD
        total = dict.fromkeys(("read", "rated", "rejected", *(["skipped"] if skips else [])), 0)
        reasons: dict[str, int] = {}
        files: dict[str, dict[str, int]] = {}
        for source, reason, rows, *_ in self.counts:
            name = source.rpartition("/")[0] + "/" if by_directory else source
            file = files.setdefault(name, dict.fromkeys(total, 0))
            outcome = {None: "rated", ALREADY_RATED: "skipped"}.get(reason, "rejected")
            for account in (total, file):
                account["read"] += rows
                account[outcome] += rows
            if outcome == "rejected":
                reasons[str(reason)] = reasons.get(str(reason), 0) + rows
        rated = [count for count in self.counts if count.reason is None]
        unread = sum(count.unread for count in rated)
        drift = measure_drift(self.reference, (count.reached for count in rated))
        return Account(total, reasons, unread, files, drift)


def count_rows(rows: DataFrame, kept: Sequence[KeptColumn], reference: Reference) -> Counts:
    """Count rated rows by source file and outcome.

    Args:
        rows: with the columns source, reason, rating_unread, those of the reference and those kept.
        kept: columns whose values' types are counted, too.
        reference: what the drift is measured from.
    """
    unread = F.count_if("rating_unread")
    letters = F.array(*(column.letters() for column in kept))
    grouped = rows.groupBy("source", "reason")
    found = grouped.agg(F.count("*"), unread, count_reached(reference.edges), letters).collect()
    return Counts(sorted((_Count(*row) for row in found), key=str), kept, reference)
