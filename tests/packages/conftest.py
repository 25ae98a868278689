"""A session with packages beside Spark, Delta and Avro, which reaches a server of S3, too."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from movierate.scoring.output.delta import DELTA_SETTINGS
from tests.support.maven import find_jars
from tests.support.process import SPARK
from tests.support.session import local_session
from tests.support.stores import Store, s3_server

AVRO = "org.apache.spark:spark-avro"

RELEASES = {
    (3, 5): ("io.delta:delta-spark_2.12:3.3.3", f"{AVRO}_2.12:3.5.9"),
    (4, 0): ("io.delta:delta-spark_2.13:4.0.1", f"{AVRO}_2.13:4.0.2"),
    (4, 1): ("io.delta:delta-spark_4.1_2.13:4.3.1", f"{AVRO}_2.13:4.1.1"),
    (4, 2): ("io.delta:delta-spark_4.2_2.13:4.4.0", f"{AVRO}_2.13:4.2.0"),
}
"""The releases of Delta and of Spark's reader of Avro for each Spark."""

SPARK_BRINGS = (
    *("org.apache.hadoop", "org.apache.logging.log4j", "org.slf4j", "org.scala-lang"),
    *("com.fasterxml.jackson.core", "com.fasterxml.jackson.datatype", "org.apache.parquet"),
    *("org.xerial.snappy", "com.github.luben"),
)


@pytest.fixture(scope="session")
def s3(tmp_path_factory) -> Iterator[Store]:
    with s3_server("moto", tmp_path_factory.mktemp("moto")) as store:
        yield store


@pytest.fixture(scope="session")
def settings(s3) -> dict[str, str]:
    """Spark's settings for Delta in the store, and on this machine."""
    if SPARK not in RELEASES:
        pytest.skip(f"Delta has no release for Spark {SPARK[0]}.{SPARK[1]}")
    delta, avro = RELEASES[SPARK]
    jars = [*find_jars(delta, without=SPARK_BRINGS), *find_jars(avro, without=("*",))]
    s3_jars = s3.settings["spark.driver.extraClassPath"]
    usual = {key: value for key, value in s3.settings.items() if "commit" not in key.lower()}
    few = {"spark.databricks.delta.snapshotPartitions": "2"}
    return {**usual, **few, "spark.driver.extraClassPath": os.pathsep.join([*jars, s3_jars])}


@pytest.fixture(scope="session")
def spark(settings) -> Iterator[SparkSession]:
    with local_session(settings, DELTA_SETTINGS) as spark:
        yield spark
