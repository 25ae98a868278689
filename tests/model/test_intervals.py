"""Intervals are looked up by rating and words read, and go with the bundle."""

import copy
import dataclasses
import json

import numpy as np
import pytest

from movierate.errors import UserError
from movierate.inference.rater import Rater
from movierate.model import bundle as bundles
from movierate.model.bundle import load
from tests.support.intervals import INTERVALS


def ends(predicted: list[float], words_read: list[int]) -> tuple[list[float], list[float]]:
    low, high = INTERVALS.of(
        np.array(predicted, dtype=np.float32), np.array(words_read, dtype=np.int32)
    )
    assert low.dtype == high.dtype == np.float32
    return low.tolist(), high.tolist()


def test_the_ends_at_the_knots_and_between():
    low, high = ends([1, 5.5, 10, 7.75], [9, 9, 9, 9])
    assert low == [1, 4, 8, 6]
    assert high == [2, 6.5, 10, 8.25]


def test_few_words_have_intervals_of_their_own():
    low, high = ends([5.5, 5.5, 5.5], [2, 3, 60_000])
    assert low == [1, 4, 4]
    assert high == [10, 6.5, 6.5]


def test_an_interval_holds_the_predicted_rating():
    low, high = ends([1.9, 9.2], [9, 9])
    assert low[0] <= 1.9 <= high[0]
    sharp = dataclasses.replace(INTERVALS, low=((8.0,) * 3,) * 2, high=((8.0,) * 3,) * 2)
    low, high = sharp.of(np.array([2, 9], np.float32), np.array([5, 5], np.int32))
    assert low.tolist() == [2, 8]
    assert high.tolist() == [8, 9]


def test_no_rating_no_interval():
    low, high = ends([float("nan")], [0])
    assert np.isnan([low, high]).all()


def test_a_bundle_keeps_them_and_its_ratings_have_them(small_bundle, tmp_path):
    with_them = dataclasses.replace(small_bundle, intervals=INTERVALS)
    with_them.save(tmp_path / "model")
    bundle = load(tmp_path / "model")
    assert bundle.intervals == INTERVALS
    ratings = Rater(bundle).rate(["a good film", "awful", "xqzzt"])
    rated = ~np.isnan(ratings.predicted_rating)
    assert rated.tolist() == [True, True, False]
    assert (ratings.rating_low <= ratings.predicted_rating)[rated].all()
    assert (ratings.predicted_rating <= ratings.rating_high)[rated].all()
    assert np.isnan(ratings.rating_low[2])
    assert np.isnan(ratings.rating_high[2])
    assert bundle.model_id != small_bundle.save(tmp_path / "without").model_id


def test_a_bundle_without_them_rates_without(small_bundle):
    ratings = Rater(small_bundle).rate(["a good film"])
    assert not np.isnan(ratings.predicted_rating).any()
    assert np.isnan(ratings.rating_low).all()
    assert np.isnan(ratings.rating_high).all()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ([], {}),
        ([], [1, 2]),
        ([], False),
        (["more"], 1),
        (["coverage"], 90),
        (["coverage"], "0.9"),
        (["words"], [1, 3]),
        (["words"], [0, 0]),
        (["words"], [0, 2.5]),
        (["words"], [0]),
        (["words"], None),
        (["low"], [[1, 1, 2]]),
        (["low", 0], [1, 1]),
        (["low", 0], "112"),
        (["low", 0, 1], None),
        (["low", 0, 1], float("nan")),
        (["low", 0, 1], 0.5),
        (["high", 0, 1], 10.5),
        (["high", 1, 1], 3.0),
    ],
)
def test_a_damaged_section_is_refused_in_one_line(small_bundle, tmp_path, path, value):
    dataclasses.replace(small_bundle, intervals=INTERVALS).save(tmp_path / "model")
    file = tmp_path / "model" / "bundle.json"
    manifest = json.loads(file.read_text())
    place, key = manifest, "intervals"
    for step in path:
        place, key = place[key], step
    place[key] = copy.deepcopy(value)
    manifest.pop("sha256")
    manifest["sha256"] = bundles.manifest_digest(manifest)
    file.write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="do not fit together") as error:
        load(tmp_path / "model")
    assert "\n" not in str(error.value)
