"""Why a run failed, in one line that says what to do.

The signs are parts of the messages with which Spark, Python and Java fail.
"""

from __future__ import annotations

from movierate.errors import RunFailed, UserError
from movierate.spark.errors import first_line

NO_PACKAGE = "No module named 'movierate'"
OTHER_PYTHON = "PYTHON_VERSION_MISMATCH"

NOEXEC = "UnsatisfiedLinkError"
"""Java unpacks snappy and zstd into its directory for temporary files, and runs them there."""

NO_MEMORY = (
    *("MemoryError", "Cannot allocate memory", "failed to map segment"),
    "Could not find/load shared object file",  # llvmlite
)
"""What Python and its libraries say where a limit on a worker's address space is reached."""

CRASHED = "Python worker exited unexpectedly"
"""Spark's words for a worker that ended without a word of its own."""

WORKER_MEMORY = "500 MB"
"""Address space with which a worker of the shipped model runs; with 200 MB it does not."""

MORE_MEMORY = (
    f"raise spark.executor.pyspark.memory, of which the worker of each core needs {WORKER_MEMORY}, "
    "or do not set it; in a container, raise spark.executor.memoryOverhead"
)


def explain(error: Exception, left: str) -> UserError | RunFailed:
    """The cause of a failed run.

    Args:
        error: what Spark raised.
        left: what is left of the run.

    Returns:
        UserError if a setting has to change before any run can succeed, else RunFailed.
    """
    said = str(error)
    if NO_PACKAGE in said:
        return UserError(
            "executors: they can't import movierate: send them the environment, see docs/cluster.md"
        )
    if OTHER_PYTHON in said:
        return UserError(
            f"executors: {first_line(error)} Set spark.pyspark.python and "
            f"spark.pyspark.driver.python to one version; {left}"
        )
    if NOEXEC in said:
        return UserError(
            "executors: Java can't load a library from its directory for temporary files, which "
            "may be mounted noexec: name another by --driver-java-options and "
            f"spark.executor.extraJavaOptions, as -Djava.io.tmpdir=DIR; {left}"
        )
    if any(sign in said for sign in NO_MEMORY):
        return RunFailed(f"a Python worker has no memory left: {MORE_MEMORY}; {left}")
    if CRASHED in said:
        return RunFailed(f"a Python worker crashed, as without memory: {MORE_MEMORY}; {left}")
    return RunFailed(f"{first_line(error)}: {left}")
