"""Unicode as the scanner needs it: what each code point is, and its lower case.

The reference is `movierate.text.tokens`; this turns its definition into a table of two steps:
``POINTS[PAGES[code >> 8] * 256 + (code & 255)]`` is the kind, shifted by `KIND_SHIFT`, and what
leads from the code point to its lower case, plus `BIAS`.
"""

from __future__ import annotations

import sys

import numpy as np

from movierate.text.tokens import APOSTROPHES, MARKS, SYMBOLS

OTHER, LETTER, MARK, APOSTROPHE, TO_ASCII, SYMBOL = range(6)
"""Kinds. `TO_ASCII`: not ASCII, and its lower case begins with an ASCII letter."""

KIND_SHIFT = 24
BIAS = 1 << 20
DOTTED_I, DOT_ABOVE = 0x130, 0x307


def _entry(code: int) -> int:
    lower = chr(code).lower().replace("\u03c2", "\u03c3")
    if code >= 0x80 and lower[0].isascii():
        # KELVIN SIGN and LATIN CAPITAL LETTER I WITH DOT ABOVE, which leaves its dot behind.
        if lower[1:] != (chr(DOT_ABOVE) if code == DOTTED_I else ""):
            raise AssertionError(f"U+{code:04X}: an unforeseen lower case")
        return TO_ASCII << KIND_SHIFT | ord(lower[0]) - code + BIAS
    if len(lower) != 1:
        raise AssertionError(f"U+{code:04X}: an unforeseen lower case")
    if lower in APOSTROPHES:
        kind = APOSTROPHE
    elif lower.isalnum():
        kind = LETTER
    elif lower in _MARKS:
        kind = MARK
    elif any(first <= code <= last for first, last in SYMBOLS):
        kind = SYMBOL
    else:
        return 0
    return kind << KIND_SHIFT | ord(lower) - code + BIAS


_MARKS = frozenset(MARKS)


def _tables() -> tuple[np.ndarray, np.ndarray]:
    entries = np.array([_entry(code) for code in range(sys.maxunicode + 1)], dtype=np.uint32)
    points, pages = np.unique(entries.reshape(-1, 256), axis=0, return_inverse=True)
    return pages.ravel().astype(np.uint16), points.ravel()


PAGES, POINTS = _tables()
