import pytest

from movierate.model.shapes import SHORTEST_WINDOW, lengths, receptive_length


def test_the_original_window():
    assert lengths(50) == (50, 46, 11, 7, 1)
    assert receptive_length(50) == 36


@pytest.mark.parametrize(("window", "live"), [(36, 36), (51, 36), (52, 52), (112, 100), (400, 388)])
def test_pooling_drops_remainders(window, live):
    assert receptive_length(window) == live


def test_a_window_that_leaves_nothing_to_read_is_refused():
    assert lengths(SHORTEST_WINDOW).pool2 == 1
    with pytest.raises(ValueError, match="too short"):
        lengths(SHORTEST_WINDOW - 1)
