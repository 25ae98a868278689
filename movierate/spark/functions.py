"""Functions of columns that older Sparks lack."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F


def is_valid_utf8(text: Column) -> Column:
    """Whether a string holds nothing but UTF-8: Spark's `is_valid_utf8`, which is new in 4.0."""
    return F.is_valid_utf8(text) if hasattr(F, "is_valid_utf8") else text == _replace_invalid(text)


def make_valid_utf8(text: Column) -> Column:
    """A string with U+FFFD for what is no UTF-8: Spark's `make_valid_utf8`, new in 4.0."""
    return F.make_valid_utf8(text) if hasattr(F, "make_valid_utf8") else _replace_invalid(text)


def _replace_invalid(text: Column) -> Column:
    """A pattern is found in a Java string, where U+FFFD stands for what is no UTF-8."""
    return F.regexp_extract(text, "(?s).*", 0)
