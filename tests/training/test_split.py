import pandas as pd

from movierate.training.split import split_by_movie

REVIEWS = pd.DataFrame(
    {
        "movie_id": [f"m{row % 40}" for row in range(400)] + [None] * 20,
        "text": [f"review {row}" for row in range(420)],
    }
)


def test_no_movie_is_on_both_sides_and_no_review_is_lost():
    train, validation = split_by_movie(REVIEWS, 0.1, seed=1)
    assert not set(train["movie_id"].dropna()) & set(validation["movie_id"].dropna())
    assert sorted([*train["text"], *validation["text"]]) == sorted(REVIEWS["text"])


def test_about_the_share_is_set_aside():
    _, validation = split_by_movie(REVIEWS, 0.1, seed=1)
    assert 42 <= len(validation) <= 52


def test_the_seed_decides():
    first, again, other = (split_by_movie(REVIEWS, 0.1, seed)[1]["text"] for seed in (1, 1, 2))
    assert list(first) == list(again) != list(other)
