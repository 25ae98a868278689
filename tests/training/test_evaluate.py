"""A report on anyone's reviews: what can't be told of them is null."""

import dataclasses
import json

import pandas as pd
import pytest

from movierate.errors import UserError
from movierate.inference.rater import Rater
from movierate.training.evaluate import evaluate, headline
from tests.support.intervals import INTERVALS

SCALE = (1.0, 10.0)
REVIEWS = pd.DataFrame(
    {
        "movie_id": ["a"] * 6 + ["b"] * 6,
        "rating": [1, 2, 3, 4, 6, 7, 7, 8, 8, 9, 10, 10],
        "text": ["bad plot", "the awful film", "not good", "the film and the plot"] * 3,
    }
)
PLOTS = ("predicted", "error_by_star", "error_by_length", "confusion")


@pytest.fixture
def rater(small_bundle) -> Rater:
    return Rater(dataclasses.replace(small_bundle, intervals=INTERVALS))


def strict(text: str) -> object:
    """JSON without NaN, which the standard does not know."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def test_all_figures_and_plots(rater, tmp_path):
    figures = evaluate(rater, SCALE, REVIEWS, tmp_path)
    assert None not in headline(figures).values()
    assert figures["reviews"] == 12
    assert figures["movies"] == 2
    assert sum(map(sum, figures["confusion"]["reviews"])) == 12
    assert strict((tmp_path / "figures.json").read_text()) == figures
    for name in (*PLOTS, "coverage", "movies"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_what_the_model_can_not_rate_is_counted_and_left_out(rater):
    more = pd.DataFrame({"movie_id": ["a"] * 2, "rating": [5, 5], "text": ["xqzzt", "🤩"]})
    figures = evaluate(rater, SCALE, pd.concat([REVIEWS, more]))
    assert figures["unrated"] == 2
    assert {**figures, "unrated": 0} == evaluate(rater, SCALE, REVIEWS)


def test_without_movies_and_intervals(small_bundle, tmp_path):
    reviews = REVIEWS.drop(columns="movie_id")
    figures = evaluate(Rater(small_bundle), SCALE, reviews, tmp_path)
    missing = {key for key, value in headline(figures).items() if value is None}
    assert missing == {
        *("interval_coverage", "interval_width", "mae_narrowest_fifth"),
        *("movie_mae", "movie_pearson"),
    }
    assert figures["movies"] == 0
    assert not (tmp_path / "coverage.png").exists()
    assert not (tmp_path / "movies.png").exists()


def test_one_review(rater, tmp_path):
    figures = evaluate(rater, SCALE, REVIEWS[:1], tmp_path)
    missing = {key for key, value in headline(figures).items() if value is None}
    assert missing == {
        *("r2", "pearson", "auc", "movie_mae", "movie_pearson", "rises_with_star"),
    }
    assert strict((tmp_path / "figures.json").read_text()) == figures


def test_good_reviews_alone(rater, tmp_path):
    figures = evaluate(rater, SCALE, REVIEWS[6:], tmp_path)
    assert figures["auc"] is None
    assert figures["pearson"] is not None


def test_none_that_can_be_rated(rater):
    with pytest.raises(UserError, match="could not rate any"):
        evaluate(rater, SCALE, REVIEWS.assign(text="🤩"))
