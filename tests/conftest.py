"""What the tests share: one Spark session, the example reviews, and a small model."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from movierate.model import geometry
from movierate.model.bundle import Bundle
from movierate.spark import start_spark, stop_spark
from movierate.text.vocabulary import RESERVED, Vocabulary

ROOT = Path(__file__).parent.parent
REVIEWS = ROOT / "examples" / "reviews.jsonl"


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A local session with two cores, as the jobs start it."""
    os.environ["PYSPARK_SUBMIT_ARGS"] = "--master local[2] pyspark-shell"
    yield start_spark("movierate tests")
    stop_spark()


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
    ids, conv1, conv2 = len(vocabulary), geometry.CONV1_FILTERS, geometry.CONV2_FILTERS
    width, units = geometry.CONV_WIDTH, geometry.LSTM_UNITS
    shapes = {
        "embedding/embeddings": (ids, geometry.EMBEDDING),
        "conv1/kernel": (width, geometry.EMBEDDING, conv1),
        "conv1/bias": (conv1,),
        "conv2/kernel": (width, conv1, conv2),
        "conv2/bias": (conv2,),
        "lstm/kernel": (conv2, 4 * units),
        "lstm/recurrent_kernel": (units, 4 * units),
        "lstm/bias": (4 * units,),
        "dense/kernel": (units, 1),
    }
    weights = {
        name: random.normal(0, 0.2, shape).astype(np.float16).astype(np.float32)
        for name, shape in shapes.items()
    }
    weights["embedding/embeddings"][0] = 0
    weights["dense/bias"] = np.array([5.5], dtype=np.float32)
    salience = np.linspace(0, 1, ids).astype(np.float32)
    return Bundle(
        name="small",
        window=50,
        choose="salient",
        vocabulary=vocabulary,
        salience=salience,
        weights=weights,
    )


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment to its end; `options` as subprocess.run's."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **options.pop("env", {})}  # type: ignore[dict-item]
    environment.pop("PYSPARK_SUBMIT_ARGS", None)
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        **{"cwd": ROOT, "timeout": 600, **options},  # type: ignore[call-overload]
    )
