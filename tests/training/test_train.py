"""Training, from a table of reviews to a bundle."""

import multiprocessing
import os
import signal
import time

import numpy as np
import pandas as pd
import pytest

from movierate.config.jobs import TrainConfig
from movierate.errors import UserError
from movierate.inference.rater import Rater
from movierate.model.bundle import load
from movierate.model.describe import describe
from movierate.training.sources import PHRASES, Source
from movierate.training.train import train

CONFIG = TrainConfig(
    window=36,
    vocabulary_size=500,
    min_count=1,
    epochs=6,
    batch_size=32,
    learning_rate=5e-3,
    refit=False,
)

pytestmark = pytest.mark.slow


PARTS = ("labelled", "validation", "calibration")


def made_up_reviews(n: int) -> pd.DataFrame:
    """Reviews whose words tell their rating."""
    random = np.random.default_rng(3)
    ratings = random.choice([1, 2, 3, 8, 9, 10], n)
    filler = [f"word{number}" for number in range(60)]
    texts = []
    for rating in ratings:
        words = [*random.choice(filler, 30), *["awful" if rating < 5 else "superb"] * 2]
        texts.append(" ".join(random.permutation(words)))
    movies = [f"m{number % 50}" for number in range(n)]
    return pd.DataFrame({"movie_id": movies, "rating": ratings.astype("float32"), "text": texts})


def made_up_source(n: int) -> list[Source]:
    return [Source("reviews", made_up_reviews(n))]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    output = tmp_path_factory.mktemp("train") / "model"
    lines: list[str] = []
    return output, train(CONFIG, made_up_source(600), output, progress=lines.append), lines


def test_it_learns_what_the_words_say(trained):
    _, bundle, _ = trained
    assert bundle.metrics["validation"]["accuracy"] > 0.9
    bad, good = Rater(bundle).rate(["word1 awful word2", "word1 superb word2"]).predicted_rating
    assert good - bad > 3


def test_every_epoch_is_told_and_the_best_is_kept(trained):
    output, bundle, lines = trained
    epochs = [line for line in lines if line.startswith("epoch")]
    assert len(epochs) == CONFIG.epochs
    history = pd.read_json(output / "report" / "epochs.json")
    kept = bundle.metrics["validation"]["mae"]
    assert kept == pytest.approx(history["validation_mae"].min(), abs=0.01)  # float16 rounds


def test_intervals_are_learned_from_movies_that_are_not_trained_on(trained):
    _, bundle, _ = trained
    parts = [bundle.training_data[f"{part}_reviews"] for part in PARTS]
    assert sum(parts) == 600
    assert min(parts) >= 60
    assert bundle.metrics["calibration"]["reviews"] == parts[2]
    assert bundle.metrics["calibration"]["interval_coverage"] >= 0.85
    ratings = Rater(bundle).rate(list(made_up_reviews(600)["text"]))
    assert (ratings.rating_low <= ratings.predicted_rating).all()
    assert (ratings.predicted_rating <= ratings.rating_high).all()
    assert (ratings.rating_high - ratings.rating_low).mean() < 7
    assert bundle.baseline.reviews == parts[1] + parts[2]
    assert bundle.baseline.words_read.rows[-2] == bundle.baseline.reviews  # 32 words of 36


def test_without_a_calibration_share_there_are_none(tmp_path):
    config = CONFIG.model_copy(update={"epochs": 1, "calibration_share": 0.0})
    bundle = train(config, made_up_source(200), tmp_path / "m")
    assert bundle.intervals is None
    assert list(bundle.metrics) == ["validation"]
    assert bundle.baseline.reviews == bundle.metrics["validation"]["reviews"]


def test_the_card_says_what_the_data_lacks(trained):
    output, bundle, _ = trained
    card = (output / "report" / "card.md").read_text()
    assert "no training reviews with 4, 5, 6, 7 stars" in card
    assert f"{bundle.training_data['labelled_reviews']} reviews with ratings" in card
    assert f"| MAE, stars | {bundle.metrics['validation']['mae']:.3f} |" in card
    assert "vocabulary_size: 500" in card
    assert bundle.training_data["sha256"] in card
    assert describe(output).endswith(card.rstrip())


def test_the_report_has_its_pictures(trained):
    output, _, _ = trained
    for name in ("loss.png", "predicted.png", "error_by_star.png", "coverage.png"):
        assert (output / "report" / name).read_bytes().startswith(b"\x89PNG")


def test_what_was_returned_is_what_was_written(trained):
    output, bundle, _ = trained
    assert load(output).model_id == bundle.model_id
    assert bundle.name == "model"


def test_the_same_seed_and_data_give_the_same_model(trained, tmp_path):
    _, bundle, _ = trained
    again = train(CONFIG, made_up_source(600), tmp_path / "model")
    assert again.vocabulary.tokens == bundle.vocabulary.tokens
    for name, array in bundle.weights.items():
        np.testing.assert_allclose(again.weights[name], array, atol=2e-3, err_msg=name)


def test_validation_reviews_and_unlabelled_text_may_be_given(tmp_path):
    reviews, config = made_up_reviews(300), CONFIG.model_copy(update={"epochs": 1})
    more = pd.Series(["a marvellous spectacle"] * 5)
    source = Source("reviews", reviews[:200], more, reviews[200:])
    bundle = train(config, [source], tmp_path / "m")
    trained = bundle.training_data
    assert trained["labelled_reviews"] + trained["calibration_reviews"] == 200
    assert bundle.metrics["validation"]["reviews"] == 100
    assert "spectacle" in bundle.vocabulary.tokens


@pytest.mark.parametrize(
    ("reviews", "message"),
    [
        (made_up_reviews(20), "only 20 have a text and a rating"),
        (made_up_reviews(200).assign(movie_id="m"), "fewer than two movies are left"),
        (made_up_reviews(200).assign(rating=73.0), r"outside the scale of 1 to 10 \(one is 73\)"),
    ],
)
def test_reviews_that_can_not_train_are_refused(reviews, message, tmp_path):
    with pytest.raises(UserError, match=message):
        train(CONFIG, [Source("reviews", reviews)], tmp_path / "m")


def test_interrupted_it_leaves_nothing_under_the_name(tmp_path):
    child = multiprocessing.get_context("spawn").Process(
        target=train,
        args=(CONFIG.model_copy(update={"epochs": 100_000}), made_up_source(600), tmp_path / "m"),
    )
    child.start()
    time.sleep(9)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert not (tmp_path / "m").exists()


def made_up_phrases(n: int) -> pd.DataFrame:
    random = np.random.default_rng(5)
    texts, ratings = [], []
    for number in range(n):
        word, rating = random.choice(["awful", "superb"]), 2.0
        if word == "superb":
            rating = 9.0
        texts += [f"word{number % 60} is {word} number{number} indeed", word]
        ratings += [rating, rating]
    return pd.DataFrame({"movie_id": None, "rating": ratings, "text": texts})


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A model of reviews and phrases."""
    output = tmp_path_factory.mktemp("train") / "model"
    reviews = made_up_reviews(600)
    reviews["text"] = [f"{text}. It is so superb, very awful." for text in reviews["text"]]
    sources = [
        Source("site", reviews, weight=2.0, citation="Some Site (2020)"),
        Source("treebank", made_up_phrases(300), kind=PHRASES),
    ]
    update = {
        "window": 68,
        "refit": True,
        "composed_sentences": 300,
        "sentences": 200,
        "sentence_epochs": 2,
    }
    lines: list[str] = []
    bundle = train(CONFIG.model_copy(update=update), sources, output, lines.append)
    return output, bundle, lines


def test_several_sources_have_figures_of_their_own(mixed):
    output, bundle, _ = mixed
    assert list(bundle.metrics) == [
        f"{source}, {part}"
        for source in ("site", "treebank")
        for part in ("validation", "calibration")
    ]
    assert [source["name"] for source in bundle.training_data["sources"]] == ["site", "treebank"]
    card = (output / "report" / "card.md").read_text()
    assert "`site`: Some Site (2020). " in card
    assert "of weight 2" in card
    assert "trained again" in card


def test_phrases_teach_short_texts(mixed):
    _, bundle, _ = mixed
    bad, good = Rater(bundle).rate(["awful", "superb"]).predicted_rating
    assert good - bad > 1.5


def test_the_last_fit_sees_what_was_held_out(mixed):
    _, _, lines = mixed
    said = lines.index("the same again, with the texts that were held out")
    first = [line for line in lines[:said] if line.startswith("epoch")]
    again = [line for line in lines[said:] if line.startswith("epoch")]
    best = [line for line in first if "best so far" in line][-1]
    assert len(first) == CONFIG.epochs
    assert again[-1].startswith(best.split("/")[0] + "/")
