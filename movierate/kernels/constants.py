"""What the kernels and their callers agree on; without numba, which takes long to import."""

from __future__ import annotations

from movierate.kernels.winograd import POINTS
from movierate.model.shapes import CONV1_FILTERS, CONV2_FILTERS, CONV_WIDTH, POOL

LAST, ENDS, SALIENT = range(3)
"""Ways to choose tokens."""

ENCODED, HAS_ENTITY, UNFORESEEN, TOO_LONG = range(4)
"""What became of a text. `HAS_ENTITY`: decode its entities and scan again. `UNFORESEEN`: ask the
reference. `TOO_LONG`: there is no room for as much of it as must be read."""

BLOCK = 64
"""Bytes of text that one mask describes."""

MASKS = 5
"""Masks that are kept of each block."""

SHORT = 16
"""Bytes of a token that fits in two numbers."""

BUCKET = 4
"""Phrases that are looked up together: their words, ranks and ids fill a line of the cache."""

DIGIT = 7
"""Bits of a rank that are looked at together."""

ROWS, COLUMNS = 6, 16
"""What `simd.multiply_block` computes at once: reviews, and columns of a matrix, which lie
together. 12 of the 16 vector registers of AVX2 hold its sums."""

REACH = POOL + CONV_WIDTH - 1
"""Positions that a pooled position sees: 8."""

TILES = 8 * ROWS
"""Steps whose second convolution is computed at a time: they and a panel of weights fit in L1."""

WORK = (
    ROWS * REACH * CONV1_FILTERS
    + TILES
    + POINTS * TILES * (CONV1_FILTERS + CONV2_FILTERS)
    + POOL * CONV2_FILTERS
)
"""float32 numbers that `layers.forward` works in."""
