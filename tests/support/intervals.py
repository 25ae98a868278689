"""Intervals of a model that is surer of long reviews."""

from movierate.model.intervals import Intervals

INTERVALS = Intervals(
    rating_scale=(1.0, 10.0),
    coverage=0.9,
    words=(0, 3),
    low=((1.0, 1.0, 2.0), (1.0, 4.0, 8.0)),  # at 1, 5.5 and 10 stars
    high=((9.0, 10.0, 10.0), (2.0, 6.5, 10.0)),
)
