"""The lengths of the layers: all follow from the window.

Convolutions are "valid" and pooling drops its remainder, so the end of a window may never reach
the output: of 50 positions, 46 -> 11 -> 7 -> 1, the first 36 do.
"""

from __future__ import annotations

from typing import NamedTuple

EMBEDDING = 100
CONV_WIDTH = 5
CONV1_FILTERS = 128
CONV2_FILTERS = 64
POOL = 4
LSTM_UNITS = 64

SHORTEST_WINDOW = CONV_WIDTH - 1 + POOL * (CONV_WIDTH - 1 + POOL)
"""36: the shortest window that leaves the LSTM a step to read."""


class Lengths(NamedTuple):
    """Positions after each layer."""

    window: int
    conv1: int
    pool1: int
    conv2: int
    pool2: int


def lengths(window: int) -> Lengths:
    """The lengths for a window of so many tokens.

    Raises:
        ValueError: the window is shorter than `SHORTEST_WINDOW`.
    """
    if window < SHORTEST_WINDOW:
        raise ValueError(
            f"window: {window} is too short: the network needs at least {SHORTEST_WINDOW}"
        )
    conv1 = window - (CONV_WIDTH - 1)
    pool1 = conv1 // POOL
    conv2 = pool1 - (CONV_WIDTH - 1)
    return Lengths(window, conv1, pool1, conv2, conv2 // POOL)


def sufficient_window(words: int) -> int:
    """The shortest window that reads so many tokens as every longer one does.

    Padding never reaches the output; so a step of the LSTM that would see nothing else can go.
    """
    steps = max(1, -(-words // POOL**2))
    return SHORTEST_WINDOW + POOL**2 * (steps - 1)


def weight_shapes(vocabulary_size: int) -> dict[str, tuple[int, ...]]:
    """The shape of each of the stack's weights, named as Keras names them in our layers."""
    return {
        "embedding/embeddings": (vocabulary_size, EMBEDDING),
        "conv1/kernel": (CONV_WIDTH, EMBEDDING, CONV1_FILTERS),
        "conv1/bias": (CONV1_FILTERS,),
        "conv2/kernel": (CONV_WIDTH, CONV1_FILTERS, CONV2_FILTERS),
        "conv2/bias": (CONV2_FILTERS,),
        "lstm/kernel": (CONV2_FILTERS, 4 * LSTM_UNITS),
        "lstm/recurrent_kernel": (LSTM_UNITS, 4 * LSTM_UNITS),
        "lstm/bias": (4 * LSTM_UNITS,),
        "dense/kernel": (LSTM_UNITS, 1),
        "dense/bias": (1,),
    }


def receptive_length(window: int) -> int:
    """How many positions of a window, from the left, can reach the output (50 -> 36)."""
    pool1 = POOL * lengths(window).pool2 + CONV_WIDTH - 1
    return POOL * pool1 + CONV_WIDTH - 1
