import pytest

from movierate.text.vocabulary import RESERVED, UNKNOWN, Vocabulary

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


def test_neighbours_that_are_a_phrase_become_one_token():
    vocabulary = Vocabulary([*RESERVED, "is", "not", "bad", "not bad"])
    assert vocabulary.ids(["is", "not", "bad", "not", "is", "bad"]) == [2, 5, 3, 2, 4]
    assert vocabulary.words == 5


def test_of_two_phrases_that_share_a_word_the_one_named_earlier_is_read():
    words = [*RESERVED, "is", "not", "bad"]
    text = ["is", "not", "bad"]
    assert Vocabulary([*words, "not bad", "is not"]).ids(text) == [2, 5]
    assert Vocabulary([*words, "is not", "not bad"]).ids(text) == [5, 4]
    assert Vocabulary([*words, "bad bad"]).ids(["bad"] * 3) == [5, 4]


def test_phrases_are_given_by_the_ids_of_their_words():
    vocabulary = Vocabulary([*RESERVED, "not", "bad", "bad bad"]).with_phrases([(2, 3)])
    assert vocabulary.tokens[2:] == ("not", "bad", "not bad")


@pytest.mark.parametrize("phrase", ["not good", "not", "not  bad", "bad not bad", " bad"])
def test_a_phrase_is_of_two_words_of_the_vocabulary(phrase):
    with pytest.raises(ValueError, match=r"vocabulary"):
        Vocabulary([*RESERVED, "not", "bad", phrase])


@pytest.mark.parametrize("tokens", [["good", "film"], ["<pad>", "<unk>", "good", "good"]])
def test_a_list_that_is_no_vocabulary_is_refused(tokens):
    with pytest.raises(ValueError, match="vocabulary"):
        Vocabulary(tokens)


def test_an_elongated_word_is_read_as_a_shorter_one_that_is_known():
    words = Vocabulary([*RESERVED, "good", "so", "sooo", "too", "bookkeeper"])
    read = {"goooood": "good", "soooooo": "so", "sooo": "sooo", "toooo": "too", "baaaad": "<unk>"}
    read |= {"1000": "<unk>", "so": "so", "go" + "o" * 40 + "d": "<unk>", "gooodé": "<unk>"}
    ids = words.word_ids(read)
    assert [words.tokens[id] for id in ids] == list(read.values())
