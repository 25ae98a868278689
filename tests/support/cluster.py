"""A standalone cluster of Spark's on this machine, each part a process of its own.

benchmarks/faults.py kills its parts; tests/test_cluster.py runs the job on it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pyspark

from tests.support.process import conf_options

SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"

QUICK_START = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=200m -XX:+UseSerialGC"
"""For JVMs that live for seconds: half of their time is the second compiler's otherwise."""

LOG_SETTINGS = """\
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %m%n
"""


class Cluster:
    """A master and two workers of one core each."""

    def __init__(self, folder: Path) -> None:
        """Take a directory for logs and the workers' files; `running` starts the processes."""
        self.folder, self.master = folder, ""
        self.processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[Cluster]:
        """A cluster that runs to the end of the block."""
        cluster = cls(folder)
        try:
            log = cluster._start(MASTER)
            cluster.master = "spark://" + wait_for(log, "Starting Spark master at spark://")
            cluster.restart_workers()
            yield cluster
        finally:
            for process in cluster.processes:
                stop_daemon(process)

    def restart_workers(self) -> None:
        """Two workers, as somebody who looks after the cluster sees to."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < 2:
            resources = ("--cores", "1", "--memory", "1g", "--work-dir", str(self.work))
            log = self._start(WORKER, *resources, self.master)
            self.workers.append(self.processes[-1])
            wait_for(log, "Successfully registered with master")

    @property
    def work(self) -> Path:
        """The workers' directory: in it one for each application, in that one for each executor."""
        return self.folder / "work"

    def submit(self, python: Path | str, *options: str) -> list[str]:
        """A command that submits to the cluster; the job and its arguments are to follow.

        Args:
            python: of the executors.
            options: more of spark-submit's.
        """
        settings = {
            "spark.pyspark.python": python,
            "spark.pyspark.driver.python": sys.executable,
            "spark.executor.memory": "512m",
            "spark.driver.extraJavaOptions": QUICK_START,
            "spark.executor.extraJavaOptions": QUICK_START,
            "spark.driver.host": "127.0.0.1",
        }
        return ["spark-submit", "--master", self.master, *conf_options(settings), *options]

    def _start(self, kind: str, *arguments: str) -> Path:
        """Start a daemon; returns its log."""
        log = self.folder / f"{len(self.processes)}.log"
        at = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        self.processes.append(start_daemon([SPARK_CLASS, kind, *at, *arguments], log))
        return log


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """A server of Spark Connect with two cores; gives its address."""
    conf = ("--conf", "spark.connect.grpc.binding.port=0")
    kind = ("--class", "org.apache.spark.sql.connect.service.SparkConnectServer")
    log = folder / "connect.log"
    submit = SPARK_CLASS.with_name("spark-submit")
    command = [submit, "--master", "local[2]", *conf, *kind, "spark-internal"]
    server = start_daemon(command, log, PYSPARK_PYTHON=sys.executable)
    try:
        started = wait_for(log, "Spark Connect server started at: ")
        yield f"sc://127.0.0.1:{started.rpartition(':')[2]}"
    finally:
        stop_daemon(server)


def start_daemon(
    command: Sequence[str | Path], log: Path, **variables: str
) -> subprocess.Popen[bytes]:
    """Start a daemon of Spark's in an environment of its own: nothing of ours is in it."""
    (log.parent / "log4j2.properties").write_text(LOG_SETTINGS)
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "SPARK_HOME": str(SPARK_CLASS.parent.parent),
        "SPARK_CONF_DIR": str(log.parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_JAVA_OPTS": QUICK_START,
        **variables,
    }
    if "JAVA_HOME" in os.environ:
        environment["JAVA_HOME"] = os.environ["JAVA_HOME"]
    with log.open("wb") as out:
        return subprocess.Popen(
            command, cwd=log.parent, env=environment, stdout=out, stderr=out, start_new_session=True
        )


def stop_daemon(process: subprocess.Popen[bytes]) -> None:
    """Stop a daemon and what it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.wait()


def wait_for(log: Path, text: str) -> str:
    """What follows the text on its line in a log, once it has come."""
    for _ in range(3_000):
        for line in log.read_text().splitlines():
            if text in line:
                return line.split(text)[1]
        time.sleep(0.1)
    raise TimeoutError(f"{text!r} did not come: {log.read_text()}")
