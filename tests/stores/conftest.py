"""One session for all stores, and a directory of its own in each for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pyspark.sql import SparkSession

from movierate.spark.session import start_spark, stop_spark
from tests.support.stores import Hadoop, Store, mini_hadoop, s3_server


@pytest.fixture(scope="session")
def hadoop(tmp_path_factory) -> Iterator[Hadoop]:
    with mini_hadoop(tmp_path_factory.mktemp("hadoop")) as hadoop:
        yield hadoop


@pytest.fixture(scope="session")
def stores(tmp_path_factory) -> Iterator[dict[str, Store]]:
    """The servers of S3; HDFS is started where a test asks for it."""
    with ExitStack() as servers:
        yield {
            name: servers.enter_context(s3_server(name, tmp_path_factory.mktemp(name)))
            for name in ("moto", "versitygw")
        }


@pytest.fixture(scope="session")
def spark(stores) -> Iterator[SparkSession]:
    """A local session that reaches all stores."""
    settings = {key: value for store in stores.values() for key, value in store.settings.items()}
    conf = " ".join(f"--conf {key}={value}" for key, value in settings.items())
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--master local[2] {conf} pyspark-shell"
    yield start_spark("movierate stores")
    stop_spark()


@pytest.fixture(params=["hdfs", "moto", "versitygw"])
def store(request, stores, tmp_path) -> Store:
    """A store, with a directory of its own for the test."""
    name = request.param
    found = request.getfixturevalue("hadoop").store if name == "hdfs" else stores[name]
    return found.at(tmp_path.name)
