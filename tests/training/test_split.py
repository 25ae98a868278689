import pandas as pd

from movierate.training.split import set_aside, split_by_movie

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


def test_three_parts_have_no_movie_in_common():
    parts = set_aside(REVIEWS, None, 0.1, 0.1, seed=1)
    movies = [set(part["movie_id"].dropna()) for part in parts]
    assert not movies[0] & movies[1]
    assert not movies[0] & movies[2]
    assert not movies[1] & movies[2]
    assert sorted(text for part in parts for text in part["text"]) == sorted(REVIEWS["text"])
    assert 42 <= len(parts.calibration) <= 52
    assert list(parts.validation["text"]) == list(split_by_movie(REVIEWS, 0.1, 1)[1]["text"])
