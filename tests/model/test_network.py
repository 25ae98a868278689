"""The original stack, and that padding never reaches its output."""

from pathlib import Path

import keras
import numpy as np
import pytest

from movierate.config.jobs import TrainConfig
from movierate.config.load import make_config
from movierate.model import network
from movierate.model.reference import forward
from tests.support.process import ROOT

SEED = [
    (keras.layers.Embedding, (None, 50, 100), 10_785_300),
    (keras.layers.Conv1D, (None, 46, 128), 64_128),
    (keras.layers.MaxPooling1D, (None, 11, 128), 0),
    (keras.layers.Conv1D, (None, 7, 64), 41_024),
    (keras.layers.MaxPooling1D, (None, 1, 64), 0),
    (keras.layers.LSTM, (None, 64), 33_024),
    (keras.layers.Dense, (None, 1), 65),
]

pytestmark = pytest.mark.slow


def test_conf_original_gives_the_original_architecture_layer_by_layer():
    config = make_config(TrainConfig, ROOT / "conf" / "original.yaml", {})
    model = network.build(config.window, config.vocabulary_size)
    assert len(model.layers) == len(SEED)
    for layer, (kind, shape, parameters) in zip(model.layers, SEED, strict=True):
        assert isinstance(layer, kind)
        assert layer.output.shape == shape
        assert layer.count_params() == parameters
    for conv in (model.layers[1], model.layers[3]):
        assert conv.kernel_size == (5,)
        assert conv.activation is keras.activations.relu
    assert model.layers[2].pool_size == model.layers[4].pool_size == (4,)


@pytest.mark.parametrize("window", [36, 50, 112])
def test_the_numpy_pass_equals_keras_for_reviews_of_every_length(window, small_bundle):
    random = np.random.default_rng(window)
    ids = random.integers(1, len(small_bundle.vocabulary), (window + 1, window)).astype(np.int32)
    for length in range(window + 1):
        ids[length, length:] = 0
    model = network.build(window, len(small_bundle.vocabulary))
    network.set_weights(model, dict(small_bundle.weights))
    expected = model.predict(ids, verbose=0)[:, 0]
    np.testing.assert_allclose(forward(small_bundle.weights, ids), expected, atol=1e-5)


def test_how_much_padding_follows_a_short_review_does_not_change_its_rating(small_bundle):
    words = np.arange(2, 14, dtype=np.int32)
    windows = [np.pad(words, (0, window - len(words)))[None] for window in (36, 50, 112, 400)]
    stars = [forward(small_bundle.weights, ids)[0] for ids in windows]
    np.testing.assert_allclose(stars, stars[0], atol=1e-6)


def test_the_vector_of_padding_does_not_matter(small_bundle):
    words = np.pad(np.arange(2, 14, dtype=np.int32), (0, 38))[None]
    model = network.build(50, len(small_bundle.vocabulary))
    weights = {name: array.copy() for name, array in small_bundle.weights.items()}
    weights["embedding/embeddings"][0] = 100
    network.set_weights(model, weights)
    stars = model.predict(words, verbose=0)[0, 0]
    np.testing.assert_allclose(stars, forward(small_bundle.weights, words)[0], atol=1e-5)


def test_a_model_saved_by_keras_comes_back(small_bundle, tmp_path: Path):
    model = small_bundle.to_keras()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    ids = np.pad(np.arange(2, 14, dtype=np.int32), (0, 38))[None]
    assert again.predict(ids, verbose=0) == model.predict(ids, verbose=0)
