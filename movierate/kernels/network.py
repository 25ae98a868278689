"""The stack's forward pass: windows of ids to stars.

* **Embedding and first convolution** are one table: the row of a word and a tap is
  ``embedding[word] @ kernel[tap]``, so a position's convolution is the sum of five rows, and no
  multiplication. The rows are int16 with one scale per filter: sums are exact and 16 at a time.
  Padding's row is the lowest number for the first tap and zero for the others, so a position
  whose window begins in padding never wins the pooling.
* **The second convolution** is computed for the four positions that one pooled position, and so
  one step of the LSTM, needs. From eight positions to four with a kernel of five, it takes 20
  products per pair of filters, or 8 in the evaluation domain (Toom and Cook, or Winograd):
  evaluate the eight inputs at eight points, multiply, and interpolate.
* **The LSTM** runs on six reviews at a time, since `simd.multiply_block` computes six rows. A
  review takes part in as many steps as it has words for.

A review's stars depend on its own ids alone: every review meets the same operations in the same
order, whatever else is in the batch.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from movierate.kernels.constants import COLUMNS, REACH, ROWS, TILES
from movierate.kernels.simd import combine, fetch, multiply_block, pooled_sums
from movierate.kernels.winograd import EVALUATE_INPUT, INTERPOLATE, POINTS
from movierate.model.shapes import CONV1_FILTERS, CONV2_FILTERS, CONV_WIDTH, LSTM_UNITS, POOL

FILTERS1, FILTERS2, UNITS = CONV1_FILTERS, CONV2_FILTERS, LSTM_UNITS
ROW = CONV_WIDTH * FILTERS1
STRIDE = POOL * POOL
"""Tokens between two steps of the LSTM."""
AHEAD = 12
"""Words between the first that is summed and those that are fetched meanwhile; as many of the next
review are, too."""

_pooled_sums = pooled_sums(CONV_WIDTH, POOL, FILTERS1)
_fetch_row = fetch(2 * ROW)
_evaluate = combine(EVALUATE_INPUT, FILTERS1)
_interpolate = combine(INTERPOLATE, FILTERS2)
_exported = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_options = {
    "nogil": True,
    "_nrt": False,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "arcp"},
}


@njit(**_options, **_exported)
def forward(
    ids, counts, order, table, scale1, bias1,
    conv2, bias2, gates_x, gates_h, gates_bias, dense, work, steps_x, stars,
):  # fmt: skip
    """Rate windows.

    ids: int32 (n, live), counts: int32 (n,) tokens in each; order: int64 (n,), the reviews that
    are computed together are neighbours in it. The weights as `movierate.inference.tables` lays
    them out. work: float32 (WORK,); steps_x: float32 (hexes * 6 * 64,) with as many hexes as the
    reviews of order have steps, six reviews together; stars: float32 (n,), written.
    """
    steps = (ids.shape[1] - (CONV_WIDTH - 1) - (CONV_WIDTH - 1) * POOL) // STRIDE
    pooled, seen = 0, ROWS * REACH * FILTERS1
    points = seen + TILES
    products = points + POINTS * TILES * FILTERS1
    outputs = products + POINTS * TILES * FILTERS2
    n = order.shape[0]
    hex = 0
    tile = 0
    first_hex = 0
    for first in range(0, n, ROWS):
        longest = 0
        for row in range(min(ROWS, n - first)):
            longest = max(longest, _steps(counts[order[first + row]], steps))
        for step in range(longest):
            for row in range(ROWS):
                at = order[min(first + row, n - 1)]
                if step == 0:
                    following = order[min(first + row + 1, n - 1)]
                    for ahead in range(min(counts[following], AHEAD)):
                        _fetch_row(table, np.int64(ids[following, ahead]) * ROW)
                filled = _filled(counts[at], steps) - POOL * step
                work[seen + tile] = filled
                if filled > 0:
                    start = pooled + row * REACH * FILTERS1
                    _pool(ids, at, counts[at], step, table, scale1, bias1, work, start)
                    _evaluate(
                        work, start, FILTERS1, work, points + tile * FILTERS1, TILES * FILTERS1
                    )
                tile += 1
            hex += 1
            if tile == TILES:
                _convolve(conv2, bias2, work, seen, points, products, outputs, tile, steps_x,
                          first_hex)  # fmt: skip
                tile = 0
                first_hex = hex
    if tile > 0:
        _convolve(conv2, bias2, work, seen, points, products, outputs, tile, steps_x, first_hex)
    _lstm(counts, order, steps, gates_x, gates_h, gates_bias, dense, steps_x, work, stars)
    return 0


@njit(**_options, inline="always")
def _filled(count, steps):
    """Positions of the second convolution that see a token."""
    return min((count + POOL - 1) // POOL, POOL * steps)


@njit(**_options, inline="always")
def _steps(count, steps):
    return (_filled(count, steps) + POOL - 1) // POOL


@njit(**_options)
def _pool(ids, at, count, step, table, scale, bias, work, start):
    """The eight pooled positions that a step reads; a step shares four with the one before it."""
    known = 0
    if step > 0:
        known = REACH - POOL
        earlier = work[start : start + known * FILTERS1]
        later = work[start + POOL * FILTERS1 : start + REACH * FILTERS1]
        for i in range(known * FILTERS1):
            earlier[i] = later[i]
    for position in range(known, REACH):
        target = start + position * FILTERS1
        first = (step * POOL + position) * POOL
        if first >= count:
            unseen = work[target : target + FILTERS1]
            for i in range(FILTERS1):
                unseen[i] = 0
            continue
        words = (
            np.int64(ids[at, first]), np.int64(ids[at, first + 1]),
            np.int64(ids[at, first + 2]), np.int64(ids[at, first + 3]),
            np.int64(ids[at, first + 4]), np.int64(ids[at, first + 5]),
            np.int64(ids[at, first + 6]), np.int64(ids[at, first + 7]),
        )  # fmt: skip
        _pooled_sums(table, words, scale, bias, work, target)
        for ahead in range(first + AHEAD, min(first + AHEAD + POOL, count)):
            _fetch_row(table, np.int64(ids[at, ahead]) * ROW)


@njit(**_options)
def _convolve(conv2, bias2, work, seen, points, products, outputs, tiles, steps_x, first_hex):
    """The second convolution of some tiles, pooled: what the LSTM reads at a step."""
    for point in range(POINTS):
        for panel in range(FILTERS2 // COLUMNS):
            weights = (point * (FILTERS2 // COLUMNS) + panel) * FILTERS1 * COLUMNS
            for tile in range(0, tiles, ROWS):
                multiply_block(
                    work, points + (point * TILES + tile) * FILTERS1, FILTERS1,
                    conv2, weights, FILTERS1,
                    work, products + (point * TILES + tile) * FILTERS2 + panel * COLUMNS, FILTERS2,
                )  # fmt: skip
    for tile in range(tiles):
        filled = work[seen + tile]
        if filled <= 0:
            continue
        _interpolate(work, products + tile * FILTERS2, TILES * FILTERS2, work, outputs, FILTERS2)
        target = (first_hex * ROWS + tile) * FILTERS2
        best = work[outputs : outputs + FILTERS2]
        for position in range(1, min(np.int64(filled), POOL)):
            start = outputs + position * FILTERS2
            other = work[start : start + FILTERS2]
            for i in range(FILTERS2):
                best[i] = max(best[i], other[i])
        x = steps_x[target : target + FILTERS2]
        for i in range(FILTERS2):
            x[i] = max(best[i] + bias2[i], np.float32(0))


@njit(**_options)
def _lstm(counts, order, steps, gates_x, gates_h, gates_bias, dense, steps_x, work, stars):
    """The LSTM's last state and the dense layer, six reviews at a time."""
    n = order.shape[0]
    h, c, gates = 0, ROWS * UNITS, 2 * ROWS * UNITS
    back = gates + ROWS * 4 * UNITS
    hex = 0
    for first in range(0, n, ROWS):
        for i in range(back + ROWS * 4 * UNITS):
            work[i] = 0
        rows = min(ROWS, n - first)
        longest = 0
        for row in range(rows):
            longest = max(longest, _steps(counts[order[first + row]], steps))
        for step in range(longest):
            for panel in range(4 * UNITS // COLUMNS):
                multiply_block(
                    steps_x, hex * ROWS * FILTERS2, FILTERS2,
                    gates_x, panel * FILTERS2 * COLUMNS, FILTERS2,
                    work, gates + panel * COLUMNS, 4 * UNITS,
                )  # fmt: skip
                if step > 0:
                    multiply_block(
                        work, h, UNITS, gates_h, panel * UNITS * COLUMNS, UNITS,
                        work, back + panel * COLUMNS, 4 * UNITS,
                    )  # fmt: skip
            for row in range(rows):
                if step < _steps(counts[order[first + row]], steps):
                    own, given = gates + row * 4 * UNITS, back + row * 4 * UNITS
                    _remember(work, own, given, gates_bias, h + row * UNITS, c + row * UNITS)
            hex += 1
        for row in range(rows):
            total = dense[UNITS]
            last = work[h + row * UNITS : h + (row + 1) * UNITS]
            for i in range(UNITS):
                total += last[i] * dense[i]
            stars[order[first + row]] = total


@njit(**_options)
def _remember(work, own, given, bias, h, c):
    """One review's step: its sums of gates to its new state. Keras's order: i, f, g, o."""
    gates, back = work[own : own + 4 * UNITS], work[given : given + 4 * UNITS]
    for i in range(2 * UNITS):
        gates[i] = _sigmoid(gates[i] + back[i] + bias[i])
    for i in range(2 * UNITS, 3 * UNITS):
        gates[i] = _tanh(gates[i] + back[i] + bias[i])
    for i in range(3 * UNITS, 4 * UNITS):
        gates[i] = _sigmoid(gates[i] + back[i] + bias[i])
    state, cell = work[h : h + UNITS], work[c : c + UNITS]
    for i in range(UNITS):
        cell[i] = gates[UNITS + i] * cell[i] + gates[i] * gates[2 * UNITS + i]
    for i in range(UNITS):
        state[i] = gates[3 * UNITS + i] * _tanh(cell[i])


@njit(**_options, inline="always")
def _sigmoid(x):
    return np.float32(0.5) * _tanh(np.float32(0.5) * x) + np.float32(0.5)


_LIMIT = np.float32(10)
_N0, _N1, _N2 = np.float32(135135), np.float32(17325), np.float32(378)
_D1, _D2, _D3 = np.float32(62370), np.float32(3150), np.float32(28)


@njit(**_options, inline="always")
def _tanh(x):
    """To 1e-6: Lambert's continued fraction at x / 4, doubled twice, with one division."""
    t = np.float32(0.25) * min(max(x, -_LIMIT), _LIMIT)
    square = t * t
    n = t * (_N0 + square * (_N1 + square * (_N2 + square)))
    d = _N0 + square * (_D1 + square * (_D2 + square * _D3))
    n, d = np.float32(2) * n * d, d * d + n * n
    return np.float32(2) * n * d / (d * d + n * n)


KERNELS = {
    forward: (
        "int64(int32[:, ::1], int32[::1], int64[::1], int16[::1], float32[::1], float32[::1], "
        "float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], "
        "float32[::1], float32[::1], float32[::1])"
    ),
}
"""What is compiled, by signature."""
