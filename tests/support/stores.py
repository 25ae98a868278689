"""Real stores: HDFS and YARN in one process, and servers of S3."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from movierate.spark.filesystem import FileSystem
from tests.support.cluster import start_daemon, stop_daemon, wait_for
from tests.support.maven import SPARK_JARS, find_jars, hadoop_version, scala_version

MINI_HADOOP = Path(__file__).parents[1] / "stores" / "MiniHadoop.java"

WITH_MINI_HADOOP = (
    "org.junit.jupiter:junit-jupiter-api:5.13.4",
    "org.mockito:mockito-core:4.11.0",
    "org.bouncycastle:bcpkix-jdk18on:1.78.1",
)
"""What its classes name, and its JAR has not."""

COMMITTER_OF = {"2.12": "3.5.8", "2.13": "4.1.2"}
"""The newest spark-hadoop-cloud on Maven Central, by Scala's version."""

KEY, SECRET = "test", "testtest"
"""What the servers of S3 are started with."""

S3A = {
    "spark.hadoop.fs.s3a.access.key": KEY,
    "spark.hadoop.fs.s3a.secret.key": SECRET,
    "spark.hadoop.fs.s3a.path.style.access": "true",
    "spark.hadoop.fs.s3a.endpoint.region": "us-east-1",
    "spark.hadoop.fs.s3a.committer.name": "magic",
    "spark.sql.sources.commitProtocolClass": "org.apache.spark.internal.io.cloud"
    ".PathOutputCommitProtocol",
    "spark.sql.parquet.output.committer.class": "org.apache.spark.internal.io.cloud"
    ".BindingParquetOutputCommitter",
}
"""The settings that docs/nightly.md gives."""


@dataclass(frozen=True)
class Store:
    """A place in a store, and the settings with which Spark reaches it."""

    name: str
    root: str
    settings: dict[str, str]
    client: Any = None
    """Of S3."""

    def at(self, name: str) -> Store:
        """A directory within it."""
        return dataclasses.replace(self, root=f"{self.root}/{name}")

    def upload(self, spark: SparkSession, path: Path, name: str) -> str:
        """Copy a file or a directory of this machine; returns where it is."""
        target = f"{self.root}/{name}"
        if self.client is None:
            FileSystem(spark, self.root).copy_from_local(path, target)
        else:
            _, bucket, prefix = target.replace("://", "/").split("/", 2)
            for file in [path] if path.is_file() else filter(Path.is_file, path.rglob("*")):
                key = f"{prefix}/{file.relative_to(path)}".removesuffix("/.")
                self.client.upload_file(str(file), bucket, key)
        return target


@contextmanager
def s3_server(name: str, folder: Path) -> Iterator[Store]:
    """A server of S3 with an empty bucket: moto, or versitygw on a local directory."""
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    if name == "moto":
        pytest.importorskip("moto.server", reason="needs moto[server]")
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    else:
        gateway = shutil.which("versitygw", path=f"{os.environ['PATH']}:{Path.home()}/go/bin")
        if gateway is None:
            pytest.skip(
                "needs versitygw: go install github.com/versity/versitygw/cmd/versitygw@latest"
            )
        (folder / "data").mkdir()
        (folder / "attributes").mkdir()
        command = [gateway, "--port", f"127.0.0.1:{port}", "posix"]
        command += ["--sidecar", str(folder / "attributes"), str(folder / "data")]
    variables = {**os.environ, "ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, env=variables, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for_port(port)
        client = _client(endpoint)
        client.create_bucket(Bucket=name)
        settings = {**S3A, f"spark.hadoop.fs.s3a.bucket.{name}.endpoint": endpoint}
        settings["spark.driver.extraClassPath"] = s3a_jars()
        yield Store(name, f"s3a://{name}", settings, client)
    finally:
        stop_daemon(server)


def s3a_jars() -> str:
    """The class path of S3A and of its committers."""
    scala = scala_version()
    committer = f"org.apache.spark:spark-hadoop-cloud_{scala}:{COMMITTER_OF[scala]}"
    store = find_jars(
        f"org.apache.hadoop:hadoop-aws:{hadoop_version()}", without=("org.apache.hadoop",)
    )
    return os.pathsep.join([*store, *find_jars(committer, without=("*",))])


@dataclass(frozen=True)
class Hadoop:
    """HDFS and YARN."""

    conf: Path
    """HADOOP_CONF_DIR."""
    logs: Path
    """Where YARN's containers write theirs."""
    store: Store


@contextmanager
def mini_hadoop(folder: Path) -> Iterator[Hadoop]:
    """HDFS with one data node, and YARN with one node manager."""
    jars = find_jars(
        f"org.apache.hadoop:hadoop-client-minicluster:{hadoop_version()}",
        *WITH_MINI_HADOOP,
        without=("org.apache.hadoop",),
    )
    (folder / "conf").mkdir()
    classes = os.pathsep.join([*jars, f"{SPARK_JARS}/*"])
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"
    log_settings = f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"
    log = folder / "log"
    command = [java, log_settings, "-cp", classes, MINI_HADOOP, folder]
    process = start_daemon([str(word) for word in command], log)
    try:
        root = wait_for(log, "Hadoop started at: ")
        yield Hadoop(folder / "conf", folder / "build", Store("hdfs", root, {}))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _client(endpoint: str) -> Any:
    import boto3

    keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for_port(port: int) -> None:
    for _ in range(300):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")
