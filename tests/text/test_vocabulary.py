import pytest

from movierate.text.vocabulary import UNKNOWN, Vocabulary

TEXTS = ["good film", "good, good plot", "bad film"]


def test_frequent_words_come_first_and_equals_in_alphabetical_order():
    vocabulary = Vocabulary.from_texts(TEXTS, size=100)
    assert vocabulary.tokens == ("<pad>", "<unk>", "good", "film", "bad", "plot")


def test_size_counts_padding_and_unknown():
    assert Vocabulary.from_texts(TEXTS, size=3).tokens == ("<pad>", "<unk>", "good")


def test_rare_words_are_left_out():
    assert Vocabulary.from_texts(TEXTS, size=100, min_count=2).tokens[2:] == ("good", "film")


def test_a_word_that_is_not_in_it_is_unknown():
    vocabulary = Vocabulary.from_texts(TEXTS, size=100)
    assert vocabulary.ids(["good", "splendid"]) == [2, UNKNOWN]


@pytest.mark.parametrize("tokens", [["good", "film"], ["<pad>", "<unk>", "good", "good"]])
def test_a_list_that_is_no_vocabulary_is_refused(tokens):
    with pytest.raises(ValueError, match="vocabulary"):
        Vocabulary(tokens)
