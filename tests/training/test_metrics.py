import numpy as np
import pytest

from movierate.training.metrics import error_by_star, metrics

TRUE = np.array([1, 3, 8, 10], dtype=np.float32)
PREDICTED = np.array([2, 3, 5, 10], dtype=np.float32)


def test_figures_worked_out_by_hand():
    figures = metrics(TRUE, PREDICTED, (1, 10))
    assert figures["reviews"] == 4
    assert figures["mae"] == pytest.approx(1.0)
    assert figures["rmse"] == pytest.approx(2.5**0.5)
    assert figures["r2"] == pytest.approx(1 - 10 / 53)
    assert figures["accuracy"] == pytest.approx(0.75)  # 5 is below the middle, 8 above


def test_ratings_that_are_all_the_same_explain_nothing():
    assert np.isnan(metrics(np.full(3, 7.0), np.array([6.0, 7, 8]), (1, 10))["r2"])


def test_error_by_star():
    rows = error_by_star(np.array([1, 1, 9.0]), np.array([2, 4, 9.0]))
    assert rows == [
        {"star": 1, "reviews": 2, "mean_predicted": 3, "mae": 2},
        {"star": 9, "reviews": 1, "mean_predicted": 9, "mae": 0},
    ]
