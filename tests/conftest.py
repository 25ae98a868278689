"""What the tests share: one Spark session, the example reviews, and a small model."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from py4j.java_gateway import JVMView
from pyspark.sql import SparkSession

from movierate.model import shapes
from movierate.model.bundle import Bundle
from movierate.text.vocabulary import RESERVED, Vocabulary
from tests.support.cluster import QUICK_START
from tests.support.process import REVIEWS, ROOT, run
from tests.support.session import local_session

os.environ.setdefault("SPARK_SUBMIT_OPTS", QUICK_START)


MARKERS = {"test_readme.py": "docs", "test_cluster.py": "cluster", "test_connect.py": "cluster"}
"""The marker of a module. Other tests that have none are `spark` if they take the session."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test one of the markers unit, slow, spark, cluster and docs."""
    for item in items:
        if any(item.get_closest_marker(name) for name in ("spark", "slow", "stores", "packages")):
            continue
        needs_spark = "spark" in getattr(item, "fixturenames", ())
        item.add_marker(MARKERS.get(item.path.name, "spark" if needs_spark else "unit"))
    # The longest modules first, so that two workers end at the same time.
    items.sort(key=lambda item: item.path.name not in (*MARKERS, "test_cli.py", "test_jobs.py"))


FOR_FEW_ROWS = {
    "spark.sql.shuffle.partitions": 2,
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Settings of the shared session. Processes that tests start have the usual ones."""


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A local session with two cores, as the jobs start it."""
    # py4j asks Java for every class again, and Java looks for some in all of Spark's 300 JARs.
    JVMView.__getattr__ = cache(JVMView.__getattr__)
    with local_session(FOR_FEW_ROWS) as spark:
        yield spark


@pytest.fixture(scope="session")
def examples() -> pd.DataFrame:
    """The example reviews."""
    return pd.read_json(REVIEWS, lines=True, dtype={"rating": "float32"})


WORDS = ("good", "bad", "not", "film", "the", "great", "awful", "and", "plot", "it's", "!", "8/10")


@pytest.fixture
def small_bundle() -> Bundle:
    """A model of twelve words with random weights: it rates, if not well."""
    random = np.random.default_rng(7)
    vocabulary = Vocabulary([*RESERVED, *WORDS])
    ids = len(vocabulary)
    weights = {
        name: random.normal(0, 0.2, shape).astype(np.float16).astype(np.float32)
        for name, shape in shapes.weight_shapes(ids).items()
    }
    weights["embedding/embeddings"][0] = 0
    weights["dense/bias"] = np.array([5.5], dtype=np.float32)
    salience = np.linspace(0, 1, ids).astype(np.float32)
    return Bundle(
        name="small",
        window=50,
        token_selection="salient",
        vocabulary=vocabulary,
        salience=salience,
        weights=weights,
    )


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's files in another place, with this environment as their .venv."""
    folder = tmp_path_factory.mktemp("clone") / "movierate"
    for name in run("git", "ls-files", "-co", "--exclude-standard").stdout.splitlines():
        source, target = ROOT / name, folder / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / ".venv" / ".demo").touch()
    return folder


@pytest.fixture(scope="session")
def packed(clone: Path) -> Path:
    """The environment for executors, as the README makes it."""
    result = run("make", "env", cwd=clone)
    assert result.returncode == 0, result.stderr
    return clone / "dist" / "movierate-env.tar.gz"
