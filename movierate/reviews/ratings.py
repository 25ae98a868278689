"""Parses ratings as people write them. docs/formats.md has the rules."""

from __future__ import annotations

import math
import re
from functools import lru_cache

Scale = tuple[float, float]
"""The lowest and the highest rating."""

GRADES = ("A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F")
"""From the best, at equal distances."""

GOOD = ("positive", "pos", "fresh")
BAD = ("negative", "neg", "rotten")
"""Words for the upper and the lower half of the scale: they count as the middle of it."""

_N = r"([0-9]+(?:[.,][0-9]+)?)"
NUMBER = rf"\s*\+?{_N}\s*"
"""A rating that is a number; in Java's regular expressions, too."""
_NUMBER = re.compile(NUMBER)
_FRACTION = re.compile(rf"{_N}\s*(?:/|out\s+of|of)\s*{_N}(?:\s*stars?)?")
_STARS = re.compile(rf"{_N}\s*(?:stars?|★)")
_DRAWN = re.compile(r"([★⭐]*)\s*(½?)\s*(☆*)")
_PERCENT = re.compile(rf"{_N}\s*%")
_GRADE = re.compile(r"([A-DF])\s*([+-]?)")


@lru_cache(maxsize=100_000)  # ratings are few and repeat
def parse_rating(written: str, numbers: Scale | None, stars: Scale) -> float | None:
    """A rating in stars, or None if it can't be read.

    >>> parse_rating("3.5/5", None, (1, 10)), parse_rating("B+", None, (1, 10))
    (7.0, 7.75)

    Args:
        written: as in the dump.
        numbers: the scale of a number that stands alone; None if it is not known.
        stars: the scale wanted.
    """
    text = written.strip().replace("−", "-").replace("\ufe0f", "")
    low, high = stars
    share = _share(text)
    if share is not None:
        return max(low, share * high) if 0 <= share <= 1 else None
    place = _place(text, numbers)
    return None if place is None or not 0 <= place <= 1 else low + place * (high - low)


SCALE_TOPS = (10.0, 100.0)
"""Where scales end. Most ratings of a column lie below the end of its scale: the others are slips,
which can't be read. One 88 among ratings up to 10 does not make 100 the best.
"""


def guess_scale(low: float, high: float) -> Scale | None:
    """The scale of a column of numbers, by the least and the largest; None if that is too large."""
    if high <= 1:
        return 0.0, 1.0
    if high <= 5:
        return (0.0 if low < 0.5 else 0.5 if low < 1 else 1.0), 5.0
    if high <= 10:
        return (0.0 if low < 0.5 else 0.5 if low < 1 else 1.0), 10.0
    return (0.0, 100.0) if high <= 100 else None


def _share(text: str) -> float | None:
    """The share of the top that a rating gives that names its top: 4/5 is 0.8."""
    folded = text.casefold()
    if match := _FRACTION.fullmatch(folded):
        top = _float(match[2])
        return _float(match[1]) / top if top else math.nan
    if match := _PERCENT.fullmatch(folded):
        return _float(match[1]) / 100
    if match := _STARS.fullmatch(folded):
        stars = _float(match[1])
        return stars / (5 if stars <= 5 else 10)
    if text and (match := _DRAWN.fullmatch(text)):
        stars = len(match[1]) + 0.5 * len(match[2])
        drawn = len(match[1]) + len(match[2]) + len(match[3])
        return stars / (5 if drawn <= 5 else 10)
    return None


def _place(text: str, numbers: Scale | None) -> float | None:
    """Where on its scale a rating lies: 0 the lowest, 1 the highest."""
    if match := _GRADE.fullmatch(text.upper()):
        grade = match[1] if match[1] == "F" else match[1] + match[2]
        return 1 - GRADES.index(grade) / (len(GRADES) - 1)
    word = text.casefold()
    if word in GOOD or word in BAD:
        return 0.75 if word in GOOD else 0.25
    number = _number(text)
    if number is None or numbers is None:
        return None
    return (number - numbers[0]) / (numbers[1] - numbers[0])


def _number(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    return _float(match[1]) if match else None


def _float(text: str) -> float:
    return float(text.replace(",", "."))
