"""Drift: how unlike its model's held-out reviews a run's reviews are.

The measure is the population stability index (PSI) of the histograms of two sets of rows, with
the shares p and q of their bins: the sum of (p - q) ln(p / q). Half a row is added to each bin,
so that an empty one has a logarithm. Of few rows the PSI is large by chance alone: `by_chance`
says how large.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import Column
from pyspark.sql import functions as F

from movierate.model.baseline import Baseline

CHANCE = 0.001
"""How often the PSI of rows from the very same source is above what `by_chance` says."""

DRAWS = 10_000


def reached(baseline: Baseline | None) -> Column:
    """An aggregate: the rows at or above each edge of each of the baseline's histograms.

    An array of longs, one histogram after another, the number of rows before the first edge of
    each; empty without a baseline. The aggregated frame has the baseline's columns.
    """
    if baseline is None:
        return F.array()
    counts = []
    for column, histogram in vars(baseline).items():
        counts.append(F.count(column))
        counts += [F.count_if(F.col(column) >= edge) for edge in histogram.edges]
    return F.array(*counts)


def drift(baseline: Baseline | None, counted: Iterable[Sequence[int]]) -> dict[str, Any] | None:
    """How far rows are from a baseline.

    Args:
        baseline: the model's.
        counted: what `reached` says of each part of the rows.

    Returns:
        By column: psi; by_chance, the PSI that one of a thousand samples as large from the
        baseline's own source exceeds; rows, (bins,). None without a baseline or without rows.
    """
    parts = list(counted)
    if baseline is None or not parts:
        return None
    rows, start = np.sum(parts, axis=0), 0
    said = {}
    for column, histogram in vars(baseline).items():
        end = start + len(histogram.rows)
        known, found = np.array(histogram.rows), -np.diff(rows[start:end], append=0)
        said[column] = {
            "psi": round(float(psi(known, found)), 4),
            "by_chance": round(by_chance(known, int(found.sum())), 4),
            "rows": found.tolist(),
        }
        start = end
    return said


def psi(known: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.float64]:
    """The population stability index of histograms, (..., bins) rows each."""
    p, q = _shares(known), _shares(found)
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=-1))


def by_chance(known: NDArray[np.int64], count: int) -> float:
    """The PSI that `CHANCE` of the samples of `count` rows from the baseline's source exceed.

    It is simulated: the baseline and the sample are both drawn from the baseline's shares.
    """
    draw = np.random.default_rng(1).multinomial
    shares = _shares(known)
    baselines = draw(int(known.sum()), shares, DRAWS)
    return float(np.quantile(psi(baselines, draw(count, shares, DRAWS)), 1 - CHANCE))


def _shares(rows: NDArray[np.int64]) -> NDArray[np.float64]:
    smooth = rows + 0.5
    return np.asarray(smooth / smooth.sum(axis=-1, keepdims=True))
