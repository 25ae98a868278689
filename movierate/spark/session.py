"""Starts the Spark session of a job."""

from __future__ import annotations

import locale
import logging
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyspark
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from movierate.errors import UserError
from movierate.spark.connect import NEEDS_CLASSIC, check_classic
from movierate.spark.errors import SPARK_ERRORS, first_line

CONF = Path(__file__).parents[1] / "conf"
"""Spark's settings for a run that we start ourselves: quiet, with a progress bar."""

UTF8_LOCALE = "C.UTF-8"

OLDEST_JAVA = 17

LOGGERS_OF_EXCEPTIONS = ("DataFrameQueryContextLogger", "SQLQueryContextLogger")
"""PySpark logs an exception through these when it raises it. The exception itself is enough."""

SETTINGS = {
    # Instants are stored as such, whatever time zone the machine is in.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # PySpark would look up the caller of each column expression, which takes longer than it.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    # Cached rows have as few partitions as others.
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
}


def start_spark(
    name: str,
    driver_memory: str | None = None,
    verbose: bool = False,
    settings: Mapping[str, str] | None = None,
) -> SparkSession:
    """The session that spark-submit configured, else a local one on all cores.

    Args:
        name: of the application.
        driver_memory: of a JVM that is started here; None leaves it to spark-defaults.conf.
        verbose: whether Spark says what it does, and not only what goes wrong.
        settings: more of Spark's, for where the user has set no others.

    Raises:
        UserError: no Java or no Spark, or the cluster can't be reached.
    """
    conf = SparkConf().setAppName(name)
    if "SPARK_REMOTE" in os.environ or conf.contains("spark.remote"):
        raise UserError(NEEDS_CLASSIC)
    if "PYSPARK_GATEWAY_PORT" not in os.environ:  # not under spark-submit: we start the JVM
        _require_java()
        _require_spark()
        _share_charset()
        if driver_memory is not None:
            conf.set("spark.driver.memory", driver_memory)
        if "SPARK_CONF_DIR" not in os.environ and "SPARK_HOME" not in os.environ:
            os.environ["SPARK_CONF_DIR"] = str(CONF)
    if _is_utf8():
        conf.setIfMissing("spark.executorEnv.LC_ALL", UTF8_LOCALE)
    try:
        for key, value in SETTINGS.items():
            conf.set(key, value)
        for key, value in (settings or {}).items():
            conf.setIfMissing(key, value)
        spark = SparkSession.builder.config(conf=conf).getOrCreate()
    except (*SPARK_ERRORS, OSError) as error:
        raise UserError(f"spark: can't start ({first_line(error)})") from None
    check_classic(spark)
    _use_this_python(spark)
    _set_log_level(spark, verbose)
    # Spark's handler would cancel its jobs first, and fail where the JVM has had the signal, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return spark


def _use_this_python(spark: SparkSession) -> None:
    """Let local workers run the driver's Python, unless a setting names one.

    Spark would run the `python3` on the PATH, which may be another one.
    """
    context = spark.sparkContext
    is_given = "PYSPARK_PYTHON" in os.environ or context.getConf().get("spark.pyspark.python")
    if str(context.master).startswith("local") and not is_given:
        context.pythonExec = sys.executable


def _set_log_level(spark: SparkSession, verbose: bool) -> None:
    """Log Spark's warnings on stderr; with verbose, from INFO."""
    for name in LOGGERS_OF_EXCEPTIONS:
        logging.getLogger(name).disabled = True
    jvm: Any = spark._jvm
    log4j = jvm.org.apache.logging.log4j
    root = log4j.LogManager.ROOT_LOGGER_NAME
    if verbose:
        log4j.core.config.Configurator.setAllLevels(root, log4j.Level.INFO)
    elif log4j.LogManager.getRootLogger().getLevel().isLessSpecificThan(log4j.Level.INFO):
        log4j.core.config.Configurator.setLevel(root, log4j.Level.WARN)


def has_class(spark: SparkSession, name: str) -> bool:
    """Whether a class of Java's is on Spark's class path, with its packages."""
    jvm: Any = spark._jvm
    return bool(jvm.org.apache.spark.util.Utils.classIsLoadable(name))


def check_path(path: str, what: str) -> None:
    """Make sure that Hadoop can take a text for a path; the error says what the path is.

    Raises:
        UserError: it is empty, or has a colon, or bytes that are no text.
    """
    if not path.strip():
        raise UserError(f"{what}: the path is empty: name a file or a directory")
    check_readable(path, what)
    if ":" in _SCHEME.sub("", path):
        raise UserError(
            f"{what}: {path} has a colon, which Spark reads as the end of a scheme, as in s3a://: "
            "choose another name"
        )


def check_readable(path: str, what: str) -> None:
    """Make sure that a path is text.

    Raises:
        UserError: it has a character that is in no name, or bytes that are no text.
    """
    if _UNREADABLE.search(path):
        raise UserError(f"{what}: {path!r} has a character that Spark can't read in a path")


_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:(//[^/]*)?(?=/|$)")
_UNREADABLE = re.compile(r"[\0\ud800-\udfff]")
"""What no name has, and bytes that are no text in the locale's charset."""


def check_local(paths: Sequence[str], what: str = "input") -> None:
    """Fail at once if a local input does not exist, without waiting for Spark.

    Patterns, and paths that may lie in another file system, are left to Spark. The error says
    what the paths are.

    Raises:
        UserError: there is no such file or directory, or it is not a path.
    """
    for path in paths:
        check_path(path, what)
    missing = [path for path in paths if _LOCAL.fullmatch(path) and not Path(path).exists()]
    if missing and _is_local_by_default():
        raise UserError(f"{what}: there is no file or directory {missing[0]}")


_LOCAL = re.compile(r"[^:*?\[\]{}\\]*")
"""A path without a scheme, and no pattern."""


def _is_local_by_default() -> bool:
    """Whether a path without a scheme is certainly local."""
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


def _share_charset() -> None:
    """Let the JVM read names of files in UTF-8 if Python does, which needs no locale for that."""
    if _is_utf8() and "UTF-8" not in locale.nl_langinfo(locale.CODESET).upper():
        os.environ["LC_ALL"] = UTF8_LOCALE


def _is_utf8() -> bool:
    return sys.getfilesystemencoding() == "utf-8"


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    where = f"in JAVA_HOME ({home})" if home else "on the PATH"
    needed = (
        f"Spark needs Java {OLDEST_JAVA} or newer, "
        f"install it with: apt-get install openjdk-{OLDEST_JAVA}-jre-headless"
    )
    if java is None:
        raise UserError(f"java: not found {where}: {needed}")
    version = _java_version(Path(java))
    if version is not None and version < OLDEST_JAVA:
        raise UserError(f"java: the one {where} is Java {version}: {needed}")


def _java_version(java: Path) -> int | None:
    """The version of a Java program, by the file beside it; None if that does not tell."""
    try:
        release = (java.resolve().parents[1] / "release").read_text("utf-8", "replace")
    except OSError:
        return None
    found = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', release, re.MULTILINE)  # 1.8 is Java 8
    return int(found[1]) if found else None


def _require_spark() -> None:
    """Make sure that the Spark and the settings that the environment names are there."""
    home, settings = os.environ.get("SPARK_HOME"), os.environ.get("SPARK_CONF_DIR")
    if home:
        if not Path(home, "bin", "spark-submit").is_file():
            raise UserError(
                f"spark: there is no Spark in SPARK_HOME ({home}): "
                "unset it to use the one installed with movierate"
            )
        jars = [jar.name for jar in Path(home, "jars").glob("spark-core_*.jar")]
        ours = ".".join(pyspark.__version__.split(".")[:2])
        if jars and not any(f"-{ours}." in name for name in jars):
            raise UserError(
                f"spark: SPARK_HOME ({home}) has {jars[0]}, but Python has pyspark "
                f"{pyspark.__version__}: install pyspark of that version, or unset SPARK_HOME"
            )
    if settings and not Path(settings).is_dir():
        raise UserError(f"spark: there is no directory SPARK_CONF_DIR ({settings}): unset it")
