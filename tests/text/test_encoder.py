"""Which tokens of a review the model reads."""

import numpy as np
import pytest

from movierate.text.encoder import Encoder
from movierate.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["<pad>", "<unk>", "a", "b", "c", "d", "e", "f"])
#                    <pad> <unk>  a    b    c    d    e    f
SALIENCE = np.array([0.0, 0.0, 0.1, 0.9, 0.5, 0.5, 0.1, 0.8], dtype=np.float32)


def read(text: str, token_selection: str, live: int = 3) -> str:
    encoder = Encoder(VOCABULARY, SALIENCE, window=5, live=live, token_selection=token_selection)
    ids = encoder.encode([text]).ids[0]
    assert ids.dtype == np.int32
    return " ".join(VOCABULARY.tokens[id] for id in ids)


@pytest.mark.parametrize("token_selection", ["last", "ends", "salient"])
def test_a_short_review_is_read_whole_from_the_left(token_selection):
    assert read("A b.", token_selection) == "a b <pad> <pad> <pad>"


@pytest.mark.parametrize(
    ("token_selection", "window"),
    [
        ("last", "d e f <pad> <pad>"),
        ("ends", "a e f <pad> <pad>"),  # a third from the start, the rest from the end
        ("salient", "b d f <pad> <pad>"),  # d and not c: ties go to the later token
    ],
)
def test_a_long_review_gives_the_tokens_that_were_chosen_in_reading_order(token_selection, window):
    assert read("a b c d e f", token_selection) == window


def test_no_more_tokens_are_read_than_can_reach_the_output():
    assert read("a b c d e f", "last", live=2) == "e f <pad> <pad> <pad>"


def test_repeated_salient_words_are_all_read():
    assert read("b a b a b a b", "salient") == "b b b <pad> <pad>"


def test_words_read_and_known_are_counted():
    encoder = Encoder(VOCABULARY, SALIENCE, window=5, live=3, token_selection="last")
    encoded = encoder.encode(["a b zzz yyy", "zzz", "", None, "a"])
    assert encoded.words_read.tolist() == [3, 1, 0, 0, 1]
    assert encoded.words_known.tolist() == [1, 0, 0, 0, 1]


def test_no_texts_are_encoded_to_none():
    encoded = Encoder(VOCABULARY, SALIENCE, 5, 3, "salient").encode([])
    assert encoded.not_english.tolist() == []
    assert len(encoded.ids) == 0
