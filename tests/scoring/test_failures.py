"""What users read where Spark says what happened, and not what to do. The messages were seen."""

from __future__ import annotations

import pytest

from movierate.errors import RunFailed, UserError
from movierate.scoring.failures import explain

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("message", "kind", "advice"),
    [
        ("ModuleNotFoundError: No module named 'movierate'", UserError, "docs/cluster.md"),
        (
            "PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in worker has different "
            "version: 3.12 than that in driver: 3.11.",
            UserError,
            r"3\.12 .* 3\.11.* to one version",
        ),
        (
            "java.lang.UnsatisfiedLinkError: /tmp/snappy-1.1.10-libsnappyjava.so: failed to map "
            "segment from shared object",
            UserError,
            "noexec.*-Djava.io.tmpdir=DIR",
        ),
        (
            "ImportError: libarrow.so.2600: failed to map segment from shared object",
            RunFailed,
            "no memory left: raise spark.executor.pyspark.memory",
        ),
        (
            "SparkException: Python worker exited unexpectedly (crashed)",
            RunFailed,
            "crashed.* raise spark.executor.memoryOverhead",
        ),
        (
            "SparkException: Job aborted\n\tat org.apache",
            RunFailed,
            "^SparkException: Job aborted:",
        ),
    ],
)
def test_a_failure_is_one_line_that_says_what_to_do(message, kind, advice):
    explained = explain(Exception(message), "nothing was published")
    with pytest.raises(kind, match=advice) as error:
        raise explained
    assert len(str(error.value).splitlines()) == 1
