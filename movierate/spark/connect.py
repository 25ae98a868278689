"""Spark Connect: a session whose Spark runs elsewhere, without a JVM here."""

from __future__ import annotations

from typing import Any

from movierate.errors import UserError


def is_connect(spark: Any) -> bool:
    """Whether a session is one of Spark Connect. Nothing of Spark is imported for it."""
    return type(spark).__module__.startswith("pyspark.sql.connect.")


def check_classic(spark: Any) -> None:
    """Make sure that a session is none of Spark Connect.

    Raises:
        UserError: it is. Jobs list, rename and lock files, for which Connect has no commands.
    """
    if is_connect(spark):
        raise UserError(NEEDS_CLASSIC)


NEEDS_CLASSIC = (
    "spark: a job needs a classic session, and this is one of Spark Connect, which can't list, "
    "rename or lock files: run the job with spark-submit; movierate.rating_udf works with Connect"
)
