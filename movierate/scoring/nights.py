"""The last good nights of an output, as the baseline of drift: from the records of its runs.

A night is a day of the output. It is good as far as what is published of it was rated by this
model and tripped no gate.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from pyspark.sql import SparkSession

from movierate.config.jobs import ScoreConfig
from movierate.errors import UserError
from movierate.model.baseline import Baseline, Edges, bin_edges
from movierate.model.bundle import Bundle
from movierate.model.shapes import receptive_length
from movierate.scoring.drift import Reference
from movierate.scoring.history import no_records, read_records
from movierate.scoring.run_record import DONE, UNREADABLE, RunRecord
from movierate.spark.filesystem import FileSystem

ENOUGH_REVIEWS = 100
"""Below, reviews are no baseline: of so few, chance alone gives a PSI of 0.3 and more."""

LAST_RECORDS = 1_000
"""How many records are read, at most, in search of good nights."""


def find_reference(
    spark: SparkSession, output: str, config: ScoreConfig, model: Bundle, date: datetime.date
) -> Reference:
    """What to measure a run's drift from: the model's baseline, or the nights that config names.

    Args:
        spark: the session.
        output: where the run publishes.
        config: drift_baseline, an output; drift_nights, how many of its good nights.
        model: the one that rates.
        date: the day that the run publishes.

    Raises:
        UserError: drift_baseline has no records of runs, and is not the run's own output.
    """
    edges = _edges(model)
    if config.drift_baseline is None:
        missing = None if model.baseline else "the model has no baseline"
        return Reference("the model's baseline", edges, model.baseline, not_measured=missing)
    is_own = _qualify(spark, config.drift_baseline) == _qualify(spark, output)
    records = islice(read_records(spark, config.drift_baseline), LAST_RECORDS)
    # A night of the same output that is run again has a record already, and later ones may, too.
    before = date.isoformat() if is_own else None
    nights = _find_good_nights(records, model.model_id, edges, before, config.drift_nights)
    if not (nights.records or is_own):
        raise UserError(f"drift_baseline: {no_records(config.drift_baseline)}")
    return _make_reference(nights, config.drift_baseline, model.model_id, edges, before)


def _edges(model: Bundle) -> Edges:
    if model.baseline is not None:
        return model.baseline.edges
    return bin_edges(model.rating_scale, receptive_length(model.window))


def _qualify(spark: SparkSession, path: str) -> str:
    return FileSystem(spark, path).path


@dataclass
class _Nights:
    """The nights of an output, from its records."""

    good: dict[str, list[Baseline]] = field(default_factory=dict)
    """By day, the histograms of each of its batches; of a day in one piece, just one."""
    records: int = 0
    unreadable: int = 0
    of_other_models: int = 0


def _find_good_nights(
    records: Iterable[RunRecord], model_id: str, edges: Edges, before: str | None, count: int
) -> _Nights:
    """The last good nights, of records whose latest is the first.

    Args:
        records: of runs.
        model_id: of the model that must have rated them.
        edges: of the histograms that they must have.
        before: the day that they must be before, if any.
        count: how many nights, at most.
    """
    nights = _Nights()
    published = set()
    for record in records:
        nights.records += 1
        nights.unreadable += record.status == UNREADABLE
        night = str(record.scored_date)
        part = (night, str(record.batch))
        if record.status != DONE or not record.drift or part in published:
            continue
        published.add(part)  # earlier runs of that part were replaced by this one
        if before is not None and night >= before:
            continue
        if record.model_id != model_id:
            nights.of_other_models += 1
            continue
        found = _read_histograms(record, edges)
        if found is None:
            continue
        if night not in nights.good and len(nights.good) == count:
            break
        nights.good.setdefault(night, []).append(found)
    return nights


def _read_histograms(record: RunRecord, edges: Edges) -> Baseline | None:
    """Those of a run that tripped no gate, if they have these edges."""
    if record.gates_tripped or record.drift is None:
        return None
    try:
        found = Baseline.from_json(record.drift)
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.edges == edges else None


def _make_reference(
    nights: _Nights, output: str, model_id: str, edges: Edges, before: str | None
) -> Reference:
    count = len(nights.good)
    name = f"the last {'good night' if count == 1 else f'{count} good nights'} of {output}"
    baselines = [baseline for night in nights.good.values() for baseline in night]
    baseline = Baseline.total(baselines) if baselines else None
    missing = None
    if baseline is None:
        missing = f"{output} has no good night of {model_id}{f' before {before}' if before else ''}"
        if nights.of_other_models:
            missing += "; its nights were rated by another model"
    elif baseline.reviews < ENOUGH_REVIEWS:
        missing = f"{ENOUGH_REVIEWS} reviews are needed, {name}: {baseline.reviews}"
    notes = [f"drift is not measured: {missing}"] if missing else []
    if nights.unreadable:
        notes.append(f"records in {output}/runs that can't be read: {nights.unreadable}")
    return Reference(name, edges, baseline, count, missing, tuple(notes))
