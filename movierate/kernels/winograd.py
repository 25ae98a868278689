"""A convolution of width 5 at four positions with 8 products instead of 20.

For each pair of filters, the four outputs are ``INTERPOLATE @ ((EVALUATE_KERNEL @ kernel) *
(EVALUATE_INPUT @ inputs))`` of the kernel's five numbers and the eight inputs. The product of two
polynomials of degrees 4 and 3 is known from its values at eight points; a convolution is that
product's transpose.
"""

from __future__ import annotations

import numpy as np

OUTPUTS, WIDTH = 4, 5
POINTS = OUTPUTS + WIDTH - 1
_AT = np.array([0, 1, -1, 2, -2, 0.5, -0.5])  # and infinity: small numbers keep rounding small


def _powers(count: int) -> np.ndarray:
    finite = _AT[:, None] ** np.arange(count)
    infinite = np.eye(count)[-1:]
    return np.concatenate([finite, infinite])


_inverse = np.linalg.inv(_powers(POINTS)).T
_size = np.abs(_inverse).max(axis=1, keepdims=True)
EVALUATE_INPUT = np.where(np.abs(_inverse) < 1e-12, 0, _inverse) / _size
EVALUATE_KERNEL = _powers(WIDTH) * _size
INTERPOLATE = _powers(OUTPUTS).T.copy()
