"""Sources of labelled texts, and what is set aside of them."""

import numpy as np
import pandas as pd
import pytest

from movierate.errors import UserError
from movierate.training.sources import PHRASES, Source, find_whole, split_sources


def reviews(n: int = 200) -> pd.DataFrame:
    movies = [f"m{number % 40}" for number in range(n)]
    return pd.DataFrame({"movie_id": movies, "rating": 7.0, "text": "a fine film"})


def treebank(sentences: int = 200) -> pd.DataFrame:
    """Sentences of words of their own but for two, each with some of its parts."""
    texts = []
    for number in range(sentences):
        words = [f"w{number}x{place}" for place in range(6)] + ["very", "good"]
        texts += [
            " ".join(words) + ".",
            " ".join(words),
            " ".join(words[:5]),
            words[2],
            "very good",
        ]
    return pd.DataFrame({"movie_id": None, "rating": 5.0, "text": texts})


def test_a_text_is_whole_if_no_longer_one_holds_it():
    texts = ["a b c d", "b c", "a c", "d", "c d a", "a b c d"]
    whole = find_whole([text.split() for text in texts])
    assert [text for text, is_whole in zip(texts, whole, strict=True) if is_whole] == [
        "a b c d",
        "a c",
        "c d a",
    ]
    assert find_whole([[], []]).tolist() == [False, False]


def test_whole_sentences_are_set_aside_and_their_parts_are_not_trained_on():
    source = Source("treebank", treebank(), kind=PHRASES)
    _, split = split_sources([Source("reviews", reviews()), source], 0.1, 0.1, seed=1)
    assert len(split.validation) == len(split.calibration) == 20
    held_out = set(split.held_out["text"].str.split(" ").str[0])
    assert len(held_out) == 40
    parts = split.training[~split.is_whole]["text"]
    numbers = {first.split("x")[0] for first in held_out}
    assert not parts.str.split("x").str[0].isin(numbers).any()
    assert len(split.whole) == 160
    assert (parts == "very good").sum() == 200  # other sentences have it, too


def test_the_rest_of_a_contraction_does_not_make_a_sentence_of_a_part():
    texts = ["It's a lovely little film", "'s a lovely little film"] * 30
    frame = pd.DataFrame({"movie_id": None, "rating": 5.0, "text": texts})
    frame["text"] = [f"{text} {row // 2}" for row, text in enumerate(texts)]
    source = Source("treebank", frame, kind=PHRASES)
    _, split = split_sources([Source("reviews", reviews()), source], 0.2, 0.1, seed=1)
    assert len(split.whole) + len(split.held_out) == 30


def test_every_source_has_a_part_of_its_own_set_aside():
    sources = [Source("one", reviews(200)), Source("two", reviews(400))]
    one, two = split_sources(sources, 0.1, 0.1, seed=1)
    for split, count in ((one, 200), (two, 400)):
        assert len(split.training) + len(split.held_out) == count
        assert not set(split.training["movie_id"]) & set(split.held_out["movie_id"])
        assert split.is_whole.all()


def test_phrases_alone_are_too_few_reviews():
    source = Source("treebank", treebank(), kind=PHRASES)
    with pytest.raises(UserError, match="only 50 have a text and a rating"):
        split_sources([Source("reviews", reviews(50)), source], 0.1, 0.1, seed=1)


def test_validation_texts_take_the_place_of_the_share():
    source = Source("reviews", reviews(), validation=reviews(30))
    (split,) = split_sources([source], 0.5, 0.1, seed=1)
    assert len(split.validation) == 30
    assert np.isclose(len(split.calibration), 20, atol=5)
