"""The compiled rater: the reference's stars, whatever is rated with what, and shared tables."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from movierate.inference.rater import Rater, Settings
from movierate.inference.tables import lay_out, shared
from movierate.kernels.cache import kernels
from movierate.model.bundle import Bundle, load, read
from movierate.model.reference import forward
from movierate.model.shapes import receptive_length
from movierate.text.tokens import tokenize

STARS = 0.005
"""What the compiled rater may differ by."""


@cache
def _shipped() -> Bundle:
    return load("imdb")


@cache
def _texts() -> list[str]:
    """Reviews of 0 to 600 words of the vocabulary, the frequent ones more often."""
    generator = np.random.default_rng(1)
    words = [word for word in _shipped().vocabulary.tokens[2:20_000] if word[0].isalpha()]
    sizes = [*range(60), 100, 200, 330, 340, 341, 400, 600]
    places = [(generator.random(size) ** 4 * len(words)).astype(int) for size in sizes]
    return [" ".join(words[place] for place in row) for row in places]


def _expected(bundle: Bundle, texts: list[str]) -> np.ndarray:
    encoded = bundle.encoder().encode(texts)
    stars = np.clip(forward(bundle.weights, encoded.ids), *bundle.rating_scale)
    return np.where(encoded.words_known > 0, stars, np.nan)


@pytest.mark.parametrize("token_selection", ["last", "ends", "salient"])
@pytest.mark.parametrize("window", [36, 50, 67, 68, 112, 400])
def test_stars_are_the_references(window: int, token_selection: str) -> None:
    bundle = dataclasses.replace(_shipped(), window=window, token_selection=token_selection)
    found = Rater(bundle).rate(_texts()).predicted_rating
    np.testing.assert_allclose(found, _expected(bundle, _texts()), atol=STARS)
    assert receptive_length(window) <= window


def test_weights_of_any_size_keep_the_precision() -> None:
    """Random weights, a filter that is always off, one with a large bias."""
    generator = np.random.default_rng(2)
    weights = {
        name: generator.normal(0, 0.08, array.shape).astype(np.float32)
        for name, array in _shipped().weights.items()
    }
    weights["conv1/kernel"][:, :, 3] = 0
    weights["conv1/bias"][3:5] = [-1, 5]
    bundle = dataclasses.replace(_shipped(), weights=weights)
    found = Rater(bundle).rate(_texts()).predicted_rating
    np.testing.assert_allclose(found, _expected(bundle, _texts()), atol=STARS)


@pytest.mark.parametrize("window", [50, 400])
def test_a_rating_does_not_depend_on_the_batch_or_the_order(window: int) -> None:
    rater = Rater(dataclasses.replace(_shipped(), window=window))
    texts = _texts() * 20
    together = rater.rate(texts).predicted_rating
    alone = [rater.rate([text]).predicted_rating[0] for text in _texts()]
    np.testing.assert_allclose(together, np.tile(alone, 20), atol=1e-5)
    backwards = rater.rate(texts[::-1]).predicted_rating
    np.testing.assert_allclose(backwards[::-1], together, atol=1e-5)


def test_texts_without_known_words_have_no_rating() -> None:
    ratings = Rater(_shipped()).rate([None, "", "  ", "\U0001f600", "qqqzzzxxx", "good"])
    assert np.isnan(ratings.predicted_rating).tolist() == [True] * 5 + [False]
    assert ratings.words_read.tolist() == [0, 0, 0, 1, 1, 1]
    assert ratings.known_words.tolist() == [0, 0, 0, 0, 0, 1]
    assert len(Rater(_shipped()).rate([]).words_read) == 0


def test_a_text_of_megabytes_is_rated() -> None:
    text = "a wonderful film, not a bad one. " * 100_000
    ratings = Rater(_shipped()).rate([text, "good"])
    assert ratings.words_read[0] == receptive_length(_shipped().window)
    assert not np.isnan(ratings.predicted_rating).any()
    assert len(tokenize(text[:330])) == 70


def _rate_on_host(directory: Path) -> float:
    files = read("imdb")
    rater = Rater.of_host(Settings.of(files.bundle), files, kernels(), directory)
    return float(rater.rate(["a wonderful film"]).predicted_rating[0])


@pytest.mark.slow
def test_processes_of_a_host_make_one_table_and_agree(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        stars = pool.map(_rate_on_host, [tmp_path] * 3)
    assert len(set(stars)) == 1
    assert len(list(tmp_path.glob("*.tables"))) == 1
    assert not list(tmp_path.glob(".*"))  # no partial files
    assert stars[0] == pytest.approx(
        float(Rater(_shipped()).rate(["a wonderful film"]).predicted_rating[0]), abs=1e-5
    )


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "nonsense"])
def test_a_damaged_table_is_made_again(tmp_path: Path, damage: str) -> None:
    def make() -> dict[str, np.ndarray]:
        return dict(lay_out(_shipped(), kernels()))

    before = shared("m", tmp_path, make)["table"][:1000].copy()
    (path,) = tmp_path.glob("*.tables")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()  # a mapped file must not shrink
    path.write_bytes(
        {"cut": data[:9999], "changed": data, "empty": b"", "nonsense": b"{}\n"}[damage]
    )
    assert (shared("m", tmp_path, make)["table"][:1000] == before).all()


def test_rating_imports_neither_numba_nor_spark_nor_tensorflow() -> None:
    kernels()  # compiled and kept, if it was not before
    program = (
        "import sys, movierate; movierate.open_rater().rate(['good']);"
        "print([m for m in ('numba', 'pyspark', 'tensorflow') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.slow
def test_without_a_place_for_code_it_is_compiled_and_works(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("not a directory")
    program = "import movierate; print(movierate.open_rater().rate(['good']).predicted_rating.size)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "MOVIERATE_CACHE": str(place)},
    )
    assert done.stdout.strip() == "1", done.stderr
