"""The stack's forward pass in NumPy: the plain reference, equal to Keras's to float noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from movierate.model.shapes import CONV_WIDTH, LSTM_UNITS, POOL, receptive_length
from movierate.text.vocabulary import PADDING

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Weights = Mapping[str, Floats]


def forward(weights: Weights, ids: NDArray[np.int32]) -> Floats:
    """Ids (n, window) int32 to stars (n,) float32.

    Args:
        weights: float32 arrays under the names of `movierate.model.network.get_weights`.
        ids: tokens from the left, then padding.
    """
    ids = ids[:, : receptive_length(ids.shape[1])]  # the rest can't reach the output
    mask = ids != PADDING
    x = weights["embedding/embeddings"][ids] * mask[..., None]
    x, mask = _convolve(x, mask, weights["conv1/kernel"], weights["conv1/bias"])
    x, mask = _pool(x, mask)
    x, mask = _convolve(x, mask, weights["conv2/kernel"], weights["conv2/bias"])
    x, mask = _pool(x, mask)
    h = _lstm(
        x, mask, weights["lstm/kernel"], weights["lstm/recurrent_kernel"], weights["lstm/bias"]
    )
    return (h @ weights["dense/kernel"] + weights["dense/bias"])[:, 0]


def _convolve(x: Floats, mask: Mask, kernel: Floats, bias: Floats) -> tuple[Floats, Mask]:
    """(n, length, in), (n, length) -> (n, length - 4, out), zero where no token is seen."""
    windows = sliding_window_view(x, CONV_WIDTH, axis=1).transpose(0, 1, 3, 2)
    columns = windows.reshape(-1, CONV_WIDTH * x.shape[2])
    y = np.maximum(columns @ kernel.reshape(-1, kernel.shape[2]) + bias, 0)
    seen = np.logical_or.reduce(sliding_window_view(mask, CONV_WIDTH, axis=1), axis=-1)
    return y.reshape(*seen.shape, kernel.shape[2]) * seen[..., None], seen


def _pool(x: Floats, mask: Mask) -> tuple[Floats, Mask]:
    """(n, length, channels), (n, length) -> (n, length // 4, channels), (n, length // 4)."""
    n, length = mask.shape
    whole = length // POOL * POOL
    largest: Floats = x[:, :whole].reshape(n, length // POOL, POOL, x.shape[2]).max(axis=2)
    seen = np.logical_or.reduce(mask[:, :whole].reshape(n, length // POOL, POOL), axis=-1)
    return largest, seen


def _lstm(x: Floats, mask: Mask, kernel: Floats, recurrent: Floats, bias: Floats) -> Floats:
    """(n, steps, in), (n, steps) -> (n, units): the last state; a masked step changes nothing."""
    h = np.zeros((len(x), LSTM_UNITS), dtype=np.float32)
    c = np.zeros_like(h)
    for step in range(x.shape[1]):
        gates = x[:, step] @ kernel + h @ recurrent + bias
        i, f, g, o = np.split(gates, 4, axis=1)  # Keras's order
        c_next = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        live = mask[:, step, None]
        h = np.where(live, _sigmoid(o) * np.tanh(c_next), h)
        c = np.where(live, c_next, c)
    return h


def _sigmoid(x: Floats) -> Floats:
    y: Floats = (0.5 * (np.tanh(0.5 * x) + 1)).astype(np.float32)
    return y
