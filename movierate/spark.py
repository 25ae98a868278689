"""Spark as the jobs use it: the session, and Hadoop's file systems."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from movierate.errors import UserError

CONF = Path(__file__).parent / "conf"
"""Spark's settings for a run that we start ourselves: quiet, with a progress bar."""

SPARK_ERRORS = (PySparkException, Py4JJavaError)
"""What a failure within Spark or the JVM raises."""

SETTINGS = {
    # Instants are stored as such, whatever time zone the machine is in.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # What is kept at hand has as few partitions as its rows want, as what is not.
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
}


def start_spark(name: str, driver_memory: str | None = None, verbose: bool = False) -> SparkSession:
    """The session that spark-submit configured, else a local one on all cores.

    Args:
        name: of the application.
        driver_memory: of a JVM that is started here; None leaves it to spark-defaults.conf.
        verbose: whether Spark says what it does, and not only what goes wrong.

    Raises:
        UserError: no Java, or the cluster can't be reached.
    """
    conf = SparkConf().setAppName(name)
    if "PYSPARK_GATEWAY_PORT" not in os.environ:  # not under spark-submit: we start the JVM
        _require_java()
        if driver_memory is not None:
            conf.set("spark.driver.memory", driver_memory)
        if "SPARK_CONF_DIR" not in os.environ and "SPARK_HOME" not in os.environ:
            os.environ["SPARK_CONF_DIR"] = str(CONF)
    try:
        for key, value in SETTINGS.items():
            conf.set(key, value)
        spark = SparkSession.builder.config(conf=conf).getOrCreate()
    except SPARK_ERRORS as error:
        raise UserError(f"spark: it did not start ({first_line(error)})") from None
    _set_noise(spark, verbose)
    # Spark's handler would cancel its jobs first, and fail where the JVM has had the signal, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return spark


def _set_noise(spark: SparkSession, verbose: bool) -> None:
    """Spark's own lines on stderr: warnings at most, or all that it has to say."""
    jvm: Any = spark._jvm
    log4j = jvm.org.apache.logging.log4j
    root = log4j.LogManager.ROOT_LOGGER_NAME
    if verbose:
        log4j.core.config.Configurator.setAllLevels(root, log4j.Level.INFO)
    elif log4j.LogManager.getRootLogger().getLevel().isLessSpecificThan(log4j.Level.INFO):
        log4j.core.config.Configurator.setLevel(root, log4j.Level.WARN)


def check_local(paths: Sequence[str], what: str = "input") -> None:
    """Tell of local files that are not there at once, and not after the seconds Spark takes.

    Patterns, and paths that may lie in another file system, are left to Spark. The error says
    what the paths are.

    Raises:
        UserError: there is no such file or directory.
    """
    missing = [path for path in paths if _LOCAL.fullmatch(path) and not Path(path).exists()]
    if missing and _is_local_by_default():
        raise UserError(f"{what}: there is no file or directory {missing[0]}")


_LOCAL = re.compile(r"[^:*?\[\]{}\\]*")
"""A path without a scheme, and no pattern."""


def _is_local_by_default() -> bool:
    """Whether a path without a scheme is certainly one of this machine's."""
    if SparkContext._jvm is None and "PYSPARK_GATEWAY_PORT" not in os.environ:
        # The JVM that would know does not run yet.
        configured = ("HADOOP_CONF_DIR", "YARN_CONF_DIR", "SPARK_CONF_DIR", "SPARK_HOME")
        return not any(name in os.environ for name in (*configured, "PYSPARK_SUBMIT_ARGS"))
    context: Any = SparkContext
    context._ensure_initialized()
    conf: Any = SparkConf()
    jvm = context._jvm
    hadoop = jvm.org.apache.spark.deploy.SparkHadoopUtil.get().newConfiguration(conf._jconf)
    return str(hadoop.get("fs.defaultFS")).startswith("file:")


@contextmanager
def running_spark(name: str, driver_memory: str | None = None) -> Iterator[SparkSession]:
    """`start_spark`, and the session stopped at the end."""
    try:
        yield start_spark(name, driver_memory)
    finally:
        stop_spark()


def stop_spark() -> None:
    """Stop the session, if there is one."""
    context = SparkContext._active_spark_context
    if context is not None:
        context.stop()


def file_system(spark: SparkSession, path: str) -> tuple[Any, Any]:
    """Hadoop's FileSystem that holds a path, and the path, qualified, as a Hadoop Path.

    Raises:
        UserError: no file system of the path's scheme is known or can be reached.
    """
    jvm: Any = spark._jvm
    configuration = spark._jsc.hadoopConfiguration()  # type: ignore[attr-defined]
    try:
        hadoop_path = jvm.org.apache.hadoop.fs.Path(path)
        fs = hadoop_path.getFileSystem(configuration)
        return fs, fs.makeQualified(hadoop_path)
    except SPARK_ERRORS as error:
        raise UserError(f"path: {path} can't be used ({first_line(error)})") from None


def read_text(spark: SparkSession, fs: Any, path: Any, charset: str = "UTF-8") -> str:
    """A small file's text. fs and path: as `file_system` gives them; charset: as Java names it."""
    jvm: Any = spark._jvm
    stream = fs.open(path)
    try:
        return str(jvm.org.apache.commons.io.IOUtils.toString(stream, charset))
    finally:
        stream.close()


def first_line(error: BaseException) -> str:
    """What an exception of Spark or of the JVM says, without its stack, on one line."""
    if isinstance(error, Py4JJavaError):
        text = str(error.java_exception.getMessage() or error.java_exception)
    else:
        text = str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    found = (Path(home) / "bin" / "java").exists() if home else shutil.which("java") is not None
    if not found:
        where = f"in JAVA_HOME ({home})" if home else "on the PATH"
        raise UserError(
            f"java: none was found {where}: Spark needs Java 17 or newer, "
            "install it with: apt-get install openjdk-17-jre-headless"
        )
