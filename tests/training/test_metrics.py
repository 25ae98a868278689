"""Each figure, worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from movierate.training.metrics import (
    auc,
    by_length,
    by_predicted_star,
    by_star,
    confusion,
    interval_metrics,
    metrics,
    movie_means,
    movie_metrics,
    rises_with_star,
)

TRUE = np.array([1, 3, 8, 10], dtype=np.float32)
PREDICTED = np.array([2, 3, 5, 10], dtype=np.float32)


def rated(**columns: list[object]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    return frame if "low" in frame else frame.assign(low=math.nan, high=math.nan)


def test_figures_worked_out_by_hand():
    figures = metrics(TRUE, PREDICTED, (1, 10))
    assert figures["reviews"] == 4
    assert figures["mae"] == pytest.approx(1.0)
    assert figures["rmse"] == pytest.approx(2.5**0.5)
    assert figures["r2"] == pytest.approx(1 - 10 / 53)
    assert figures["pearson"] == pytest.approx(41 / (53 * 38) ** 0.5)
    assert figures["accuracy"] == pytest.approx(0.75)  # 5 is below the middle, 8 above
    assert figures["auc"] == 1  # both good ones are above both bad ones


def test_ties_count_half_in_the_auc():
    good = np.array([True, True, False, False])
    assert auc(good, np.array([7, 3, 3, 1])) == pytest.approx(3.5 / 4)
    assert auc(good, np.array([5, 5, 5, 5])) == pytest.approx(0.5)
    assert auc(good, np.array([1, 2, 3, 4])) == 0


def test_ratings_that_are_all_the_same_explain_nothing():
    figures = metrics(np.full(3, 7.0), np.array([6.0, 7, 8]), (1, 10))
    assert figures["r2"] is figures["pearson"] is figures["auc"] is None
    assert figures["mae"] == pytest.approx(2 / 3)


def test_intervals():
    frame = rated(
        true=[1, 5, 9, 10, 2],
        predicted=[2, 5, 5, 10, 3],
        low=[1, 4, 4, 9, 2.5],
        high=[2.5, 6, 8, 10, 9],
    )
    assert interval_metrics(frame) == {
        "interval_coverage": pytest.approx(3 / 5),
        "interval_width": pytest.approx((1.5 + 2 + 4 + 1 + 6.5) / 5),
        "mae_narrowest_fifth": 0,  # the one of 9 to 10
    }
    without = interval_metrics(rated(true=[1.0], predicted=[2.0]))
    assert set(without.values()) == {None}


def test_error_by_star():
    frame = rated(true=[1, 1, 9.0], predicted=[2, 4, 9.0], low=[1.0, 2, 8], high=[3.0, 5, 10])
    assert by_star(frame) == [
        {
            **{"star": 1, "reviews": 2, "mean_true": 1, "mean_predicted": 3, "mae": 2},
            **{"interval_coverage": 0.5, "interval_width": 2.5},
        },
        {
            **{"star": 9, "reviews": 1, "mean_true": 9, "mean_predicted": 9, "mae": 0},
            **{"interval_coverage": 1, "interval_width": 2},
        },
    ]
    by_predicted = by_predicted_star(frame)
    assert [row["predicted_star"] for row in by_predicted] == [2, 4, 9]
    assert [row["interval_coverage"] for row in by_predicted] == [1, 0, 1]


def test_half_a_star_is_the_star_above():
    rows = by_star(rated(true=[2.5, 3.5, 3.4], predicted=[1.0, 1, 1]))
    assert [(row["star"], row["reviews"]) for row in rows] == [(3, 2), (4, 1)]
    assert rows[0]["interval_coverage"] is None


@pytest.mark.parametrize(
    ("means", "rises"), [([2, 5, 6], True), ([2, 6, 6], False), ([2, 6, 5], False), ([2], None)]
)
def test_whether_predictions_rise_with_the_stars(means, rises):
    true = list(range(1, len(means) + 1))
    assert rises_with_star(by_star(rated(true=true, predicted=means))) is rises


def test_error_by_quartile_of_the_length():
    rows = by_length(
        rated(
            true=[5.0] * 8,
            predicted=[5, 6, 7, 7, 8, 8, 9, 9.0],
            words=[1, 2, 30, 40, 50, 60, 100, 900],
        )
    )
    assert [(row["words"], row["reviews"], row["mae"]) for row in rows] == [
        *((2, 2, 0.5), (40, 2, 2.0), (60, 2, 3.0), (900, 2, 4.0))
    ]


def test_texts_of_one_length_are_one_group():
    rows = by_length(rated(true=[1.0, 2], predicted=[1.0, 2], words=[7, 7]))
    assert [(row["words"], row["reviews"]) for row in rows] == [(7, 2)]


def test_confusion():
    table = confusion(rated(true=[1, 1, 3.0], predicted=[1.2, 2.6, 2.4]), (1, 3))
    assert table == {"stars": [1, 2, 3], "reviews": [[1, 0, 1], [0, 0, 0], [0, 1, 0]]}


def test_means_of_movies_with_enough_reviews():
    frame = rated(
        movie_id=["a"] * 5 + ["b"] * 5 + ["few"] * 4 + [None] * 9,
        true=[2.0] * 5 + [8.0] * 5 + [1.0] * 13,
        predicted=[1, 2, 3, 4, 5] + [9.0] * 5 + [9.0] * 13,
    )
    figures = movie_metrics(movie_means(frame))
    assert figures == {"movies": 2, "movie_mae": 1, "movie_pearson": pytest.approx(1)}
    nothing = movie_metrics(movie_means(frame.assign(movie_id=None)))
    assert nothing == {"movies": 0, "movie_mae": None, "movie_pearson": None}
