"""A local session in a test's own process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.sql import SparkSession

from movierate.spark.session import start_spark, stop_spark
from tests.support.process import conf_options


@contextmanager
def local_session(
    options: Mapping[str, object], settings: Mapping[str, str] | None = None
) -> Iterator[SparkSession]:
    """A session with two cores, as the jobs start it.

    Args:
        options: of spark-submit.
        settings: as `start_spark`.
    """
    submit = ["--master", "local[2]", *conf_options(options), "pyspark-shell"]
    os.environ["PYSPARK_SUBMIT_ARGS"] = " ".join(submit)
    yield start_spark("movierate tests", settings=settings)
    stop_spark()
