"""One session for all stores, and a directory of its own in each for every test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pyspark.sql import SparkSession

from tests.support.session import local_session
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
    with local_session(settings) as spark:
        yield spark


@pytest.fixture(params=["hdfs", "moto", "versitygw"])
def store(request, stores, tmp_path) -> Store:
    """A store, with a directory of its own for the test."""
    name = request.param
    found = request.getfixturevalue("hadoop").store if name == "hdfs" else stores[name]
    return found.at(tmp_path.name)
