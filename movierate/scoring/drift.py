"""Drift: how much a run's reviews differ from a baseline.

The measure is the population stability index (PSI) of the histograms of two sets of rows, with
the shares p and q of their bins: the sum of (p - q) ln(p / q). Half a row is added to each bin,
so that an empty one has a logarithm. Of few rows the PSI is large by chance alone: `by_chance`
says how large.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import Column
from pyspark.sql import functions as F

from movierate.model.baseline import Baseline, Edges

CHANCE = 0.001
"""How often the PSI of rows from the very same source is above what `by_chance` says."""

DRAWS = 10_000


@dataclass(frozen=True)
class Reference:
    """What a run's reviews are compared with."""

    name: str
    """As a sentence names it."""
    edges: Edges
    """The bins of the run's histograms."""
    baseline: Baseline | None
    """Histograms with these bins, if there are any."""
    nights: int | None = None
    """How many nights the baseline is of; None for a model's."""
    not_measured: str | None = None
    """Why there is nothing to compare with, or not enough."""
    notes: tuple[str, ...] = ()
    """What a run should say of it, a line each."""

    def as_record(self) -> dict[str, Any]:
        """What a run's record says of it."""
        return {
            "name": self.name,
            "nights": self.nights,
            "reviews": self.baseline.reviews if self.baseline else 0,
            "not_measured": self.not_measured,
        }


def count_reached(edges: Edges) -> Column:
    """An aggregate: the rows at or above each edge of each histogram.

    An array of longs, one histogram after another, the number of rows before the first edge of
    each. The aggregated frame has the columns that the edges are of.
    """
    counts = []
    for column, values in edges.items():
        counts.append(f"count({column})")
        counts += [f"count_if({column} >= {float(edge)!r}D)" for edge in values]
    return F.expr(f"array({', '.join(counts)})")  # as text: each call of F is one to the JVM


def measure_drift(reference: Reference, counted: Iterable[Sequence[int]]) -> dict[str, Any] | None:
    """The drift of rows from a baseline.

    Args:
        reference: the baseline, and the bins.
        counted: what `count_reached` says of each part of the rows.

    Returns:
        By column: psi; by_chance, the PSI that one of a thousand samples as large from the
        baseline's own source exceeds; edges, (bins - 1,), and rows, (bins,), of the histogram.
        The first two are None where the drift is not measured; all is None without rows.
    """
    parts = list(counted)
    if not parts:
        return None
    baseline = None if reference.not_measured else reference.baseline
    reached_by, start = np.sum(parts, axis=0), 0
    said = {}
    for column, edges in reference.edges.items():
        end = start + len(edges) + 1
        rows = -np.diff(reached_by[start:end], append=0)
        known = np.array(vars(baseline)[column].rows) if baseline else None
        said[column] = {**_measure(known, rows), "edges": list(edges), "rows": rows.tolist()}
        start = end
    return said


def _measure(known: NDArray[np.int64] | None, found: NDArray[np.int64]) -> dict[str, float | None]:
    if known is None:
        return {"psi": None, "by_chance": None}
    return {
        "psi": round(float(psi(known, found)), 4),
        "by_chance": round(by_chance(known, int(found.sum())), 4),
    }


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
