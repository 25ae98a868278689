import decimal

import numpy as np
import pandas as pd
import pytest

import movierate
from movierate.model.reference import forward
from movierate.model.shapes import receptive_length


@pytest.fixture(scope="module")
def rater():
    return movierate.open_rater()


def test_good_reviews_beat_bad_ones(rater):
    good, fair, bad = rater.rate(
        [
            "An excellent film, beautifully acted. One of the best I have seen. 10/10",
            "It was okay. Some good scenes, but rather predictable and a bit too long.",
            "The worst film ever. Boring, stupid and badly acted. A complete waste of time.",
        ]
    ).predicted_rating
    assert good > 8 > fair > bad
    assert bad < 3


def test_middling_reviews_land_in_the_middle_though_training_had_none(rater, examples):
    stars = pd.Series(rater.rate(list(examples["text"])).predicted_rating)
    mean = stars.groupby(examples["rating"]).mean()
    assert 4.5 < mean[5] < 6.5
    assert 4.5 < mean[6] < 6.5
    assert mean[2] < mean[4] < mean[6] < mean[7]


def test_texts_without_a_known_word_get_no_rating(rater):
    ratings = rater.rate(["🤩🤩", "", None, "xqzzt qqqzz", "good"])
    assert np.isnan(ratings.predicted_rating).tolist() == [True, True, True, True, False]
    assert ratings.words_read.tolist() == [2, 0, 0, 2, 1]
    assert ratings.known_words.tolist() == [0, 0, 0, 0, 1]


def test_ratings_are_on_the_scale_and_typed_as_the_output(rater, examples):
    ratings = rater.rate(list(examples["text"]))
    stars = ratings.predicted_rating[~np.isnan(ratings.predicted_rating)]
    assert stars.min() >= 1
    assert stars.max() <= 10
    assert ratings.predicted_rating.dtype == np.float32
    assert ratings.words_read.dtype == np.int32
    assert ratings.known_words.dtype == np.float32
    assert ratings.words_read.max() == receptive_length(movierate.load("imdb").window)


def test_a_rating_does_not_depend_on_the_texts_beside_it(rater, examples):
    texts = list(examples["text"]) * 3
    together = rater.rate(texts).predicted_rating
    reverse = rater.rate(texts[::-1]).predicted_rating[::-1]
    alone = np.array([rater.rate([text]).predicted_rating[0] for text in texts[:50]])
    np.testing.assert_allclose(together, reverse, atol=1e-5)
    np.testing.assert_allclose(together[:50], alone, atol=1e-5)


def test_no_texts_no_ratings(rater):
    assert rater.rate([]).predicted_rating.shape == (0,)


@pytest.mark.slow
def test_the_rater_and_its_plain_reference_equal_keras_on_the_example_reviews(rater, examples):
    bundle = movierate.load("imdb")
    texts = list(examples["text"])
    ids = bundle.encoder().encode(texts).ids
    expected = bundle.to_keras().predict(ids, verbose=0)[:, 0]
    reference = np.clip(forward(bundle.weights, ids), *bundle.rating_scale)
    np.testing.assert_allclose(reference, expected, atol=1e-4)
    stars = rater.rate(texts).predicted_rating
    rated = ~np.isnan(stars)
    np.testing.assert_allclose(stars[rated], expected[rated], atol=0.005)


TEXTS = ["a great film", None, "awful"]


@pytest.mark.parametrize(
    "texts",
    [
        ["a great film", float("nan"), "awful"],
        ["a great film", pd.NA, "awful"],
        ["a great film", pd.NaT, "awful"],
        ["a great film", np.float32("nan"), "awful"],
        ["a great film", decimal.Decimal("nan"), "awful"],
        tuple(TEXTS),
        (text for text in TEXTS),
        pd.Series(TEXTS),
        pd.Series(["a great film", np.nan, "awful"], index=[7, 7, 9]),
        pd.Series(TEXTS, dtype="string"),
        pd.Series(TEXTS, dtype="string[pyarrow]"),
        pd.Series(TEXTS, dtype="category"),
        np.array(TEXTS, dtype=object),
        np.array(["a great film", "", "awful"]),
    ],
)
def test_what_pandas_and_numpy_call_null_is_null(rater, texts):
    good, none, bad = rater.rate(texts).predicted_rating
    assert good > bad
    assert np.isnan(none)


@pytest.mark.parametrize(
    "texts",
    [
        "a great film",
        b"a great film",
        bytearray(b"a great film"),
        memoryview(b"a great film"),
        {"text": "a great film"},
        {"a great film"},
        pd.DataFrame({"text": ["a great film"]}),
        np.array("a great film"),
        np.array([["a great film"]]),
        None,
        5,
    ],
)
def test_what_is_no_list_of_texts_is_refused(rater, texts):
    with pytest.raises(TypeError, match=f"texts: give a list .*not a {type(texts).__name__}"):
        rater.rate(texts)


@pytest.mark.parametrize("text", [5, 5.5, True, b"film", {"text": "film"}, ["film"], np.ones(2)])
@pytest.mark.parametrize("at", [0, 700])
def test_what_is_no_text_is_refused_with_its_position(rater, text, at):
    texts = [*["good"] * at, text, "good"]
    with pytest.raises(TypeError, match=f"a {type(text).__name__} is at position {at}"):
        rater.rate(texts)
