"""Nights that are like the model's reviews pass the gate, others trip it."""

import dataclasses
import datetime
import json
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from movierate.cli.main import main
from movierate.config.jobs import ScoreConfig
from movierate.errors import UserError
from movierate.inference.rater import Rater
from movierate.model.baseline import Baseline, Histogram
from movierate.model.bundle import load
from movierate.model.ratings import Ratings
from movierate.scoring.drift import Reference, by_chance, count_reached, measure_drift, psi
from movierate.scoring.gates import evaluate_gates
from movierate.scoring.job import score
from tests.support.process import REVIEWS

DAY = datetime.date(2026, 1, 31)
SPANISH = "muy buen producto llegó a tiempo la batería dura mucho pero no me gustó nada se rompió"
STARS = np.array([850, 900, 500, 400, 350, 450, 600, 800, 150])
"""Rows by predicted star, about those of the shipped model."""


@pytest.fixture(scope="module")
def model(tmp_path_factory, examples) -> Path:
    """The shipped model, as if it had been measured on the example reviews."""
    bundle = load("imdb")
    ratings = Rater(bundle).rate(list(examples["text"]))
    folder = tmp_path_factory.mktemp("model") / "m"
    dataclasses.replace(bundle, baseline=Baseline.of(ratings, (1, 10), 100)).save(folder)
    return folder


def reference(baseline: Baseline) -> Reference:
    return Reference("the model's baseline", baseline.edges, baseline)


def write(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return path


def test_psi_is_the_textbook_sum_and_an_empty_bin_does_not_break_it():
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.3, 0.3])
    many = 10**8  # so that half a row is nothing
    textbook = ((p - q) * np.log(p / q)).sum()
    assert psi((p * many).astype(int), (q * many).astype(int)) == pytest.approx(textbook, abs=1e-6)
    assert psi(STARS, STARS) == 0
    assert 0.25 < psi(np.array([100, 100, 0]), np.array([0, 100, 100])) < np.inf


@pytest.mark.parametrize("rows", [1, 20, 50, 200, 5_000])
def test_a_night_of_any_size_from_the_same_source_does_not_trip_the_gate(rows):
    nights = np.random.default_rng(3).multinomial(rows, STARS / STARS.sum(), 20_000)
    alarms = (psi(STARS, nights) > by_chance(STARS, rows)).mean()
    assert alarms < 0.002
    # Without that, a gate at 0.1 would trip on most small nights.
    assert (psi(STARS, nights) > 0.1).mean() > 0.6 or rows > 50


def test_a_night_that_has_shifted_trips_it_when_it_is_large_enough_to_tell():
    baseline = Baseline(*3 * [Histogram((5.0,), (500, 500))])
    config = ScoreConfig(max_drift=0.1)

    def trips(low: int, high: int) -> list[str]:
        found = measure_drift(reference(baseline), [[low + high, high] * 3])
        rows = {"read": 0, "rated": 0, "rejected": 0}
        return evaluate_gates(rows, found, "the model's baseline", config)

    assert trips(6, 14) == []
    assert len(trips(300, 700)) == 3
    assert trips(300, 700)[0] == (
        "predicted_rating drifted from the model's baseline by a PSI of 0.17, 0.1 is allowed "
        "(--max-drift)"
    )


def test_spark_puts_a_value_into_the_bin_that_training_did(spark):
    stars = np.array([1, 1.99, 2, 5.5, 9, 10, np.nan], dtype=np.float32)
    words = np.array([0, 13, 49, 50, 99, 100, 7], dtype=np.int32)
    known = np.array([0.01, 0.5, 0.9, 0.95, 0.999, 1, 0], dtype=np.float32)
    ratings = Ratings(stars, stars, stars, words, known, np.zeros(len(stars), bool))
    baseline = Baseline.of(ratings, (1, 10), 100)
    frame = pd.DataFrame({"predicted_rating": stars, "words_read": words, "known_words": known})
    (counted,) = spark.createDataFrame(frame[:6]).agg(count_reached(baseline.edges)).first()
    rows = [histogram.rows for histogram in vars(baseline).values()]
    found = measure_drift(reference(baseline), [counted])
    assert [tuple(column["rows"]) for column in found.values()] == rows
    assert {column["psi"] for column in found.values()} == {0}


def test_the_models_own_reviews_pass(spark, model, tmp_path):
    config = ScoreConfig(date=DAY, model=str(model), max_drift=0.25)
    record = score(spark, [str(REVIEWS)], str(tmp_path / "out"), config).record
    assert record.gates_tripped == []
    assert {found["psi"] for found in record.drift.values()} == {0}
    assert sum(record.drift["words_read"]["rows"]) == record.rows["rated"]


def test_spanish_trips_it_and_is_not_published_if_so_wished(
    spark, model, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("movierate.spark.session.stop_spark", lambda: None)  # the session is shared
    dice = random.Random(1)
    words = SPANISH.split()
    dump = write(tmp_path / "dump.jsonl", [" ".join(dice.choices(words, k=60)) for _ in range(60)])
    arguments = ["--input", str(dump), "--output", str(tmp_path / "out"), "--model", str(model)]
    gate = ["--max-drift", "0.25", "--gate-before-publish"]
    assert main(["score", *arguments, *gate]) == 3
    out, err = capsys.readouterr()
    said = err.splitlines()[-1]
    assert "known_words drifted from the model's baseline by a PSI of" in said
    assert said.endswith("nothing was published")
    assert "ratings/" not in out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["runs"]
    (record,) = (json.loads(path.read_text()) for path in (tmp_path / "out").rglob("*.json"))
    assert record["status"] == "withheld"
    assert len(record["gates_tripped"]) >= 1


def test_empty_shells_trip_it_and_are_published(spark, model, tmp_path):
    dump = write(tmp_path / "dump.jsonl", ["ok", "good", "fine", "see title", "it was"] * 20)
    config = ScoreConfig(date=DAY, model=str(model), max_drift=0.25)
    record = score(spark, [str(dump)], str(tmp_path / "out"), config).record
    assert any(gate.startswith("words_read drifted") for gate in record.gates_tripped)
    assert record.status == "done"
    assert len(pd.read_parquet(tmp_path / "out" / "ratings")) == 100


def test_a_model_without_a_baseline_says_that_it_has_to_be_trained_again(
    spark, small_bundle, tmp_path
):
    small_bundle.save(tmp_path / "old")
    config = ScoreConfig(date=DAY, model=str(tmp_path / "old"), max_drift=0.25)
    with pytest.raises(
        UserError, match=r"has no baseline.*--drift-baseline, train the model again"
    ):
        score(spark, [str(REVIEWS)], str(tmp_path / "out"), config)
    assert not (tmp_path / "out").exists()
