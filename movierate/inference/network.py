"""Windows to stars with compiled code: equal to `movierate.model.reference` to 0.005 stars."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from movierate.kernels.cache import Kernels
from movierate.kernels.constants import ROWS, WORK
from movierate.model.shapes import CONV2_FILTERS, lengths

BATCH = 240
"""Reviews whose steps are in memory at once: 1.5 MB at a window of 400."""

WEIGHTS = (
    *("table", "scale1", "bias1", "conv2", "bias2"),
    *("gates_x", "gates_h", "gates_bias", "dense"),
)


class FastForward:
    """The stack's forward pass."""

    def __init__(self, kernels: Kernels, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take the compiled code and what `movierate.inference.tables.lay_out` made."""
        self._forward = kernels.forward
        self._weights = [arrays[name] for name in WEIGHTS]
        self._work = np.zeros(WORK, dtype=np.float32)

    def __call__(self, ids: NDArray[np.int32], counts: NDArray[np.int32]) -> NDArray[np.float32]:
        """Ids (n, live) int32 and tokens in each row (n,) to stars (n,), not yet clipped."""
        n, live = ids.shape
        stars = np.empty(n, dtype=np.float32)
        most = lengths(live).pool2  # steps of the LSTM
        # Reviews with as many steps are computed together; with one step at most, all are.
        order = np.argsort(counts, kind="stable") if most > 1 else np.arange(n)
        steps_x = np.empty((BATCH + ROWS) * most * CONV2_FILTERS, dtype=np.float32)
        for start in range(0, n, BATCH):
            part = order[start : start + BATCH]
            self._forward(ids, counts, part, *self._weights, self._work, steps_x, stars)
        return stars
