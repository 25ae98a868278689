import gzip

import numpy as np
import pytest

from movierate.errors import UserError
from movierate.text.vocabulary import Vocabulary
from movierate.training.vectors import (
    add_phrases,
    add_topics,
    place_vectors,
    read_vectors,
    word2vec,
)

VOCABULARY = Vocabulary(["<pad>", "<unk>", "good", "bad", "unheard"])
GLOVE = "".join(f"{word} {' '.join([str(n)] * 100)}\n" for word, n in (("good", 1), ("bad", -2)))


@pytest.mark.parametrize("header", ["", "2 100\n"])
@pytest.mark.parametrize("compress", [False, True])
def test_glove_and_word2vec_files_give_each_word_its_vector(tmp_path, header, compress):
    path = tmp_path / ("vectors.txt.gz" if compress else "vectors.txt")
    data = (header + GLOVE).encode()
    path.write_bytes(gzip.compress(data) if compress else data)
    vectors, covered = place_vectors(read_vectors(path), VOCABULARY, seed=1)
    assert covered == pytest.approx(2 / 3)
    assert vectors.shape == (5, 100)
    np.testing.assert_allclose(vectors[3], -2 * vectors[2], rtol=1e-6)
    assert not vectors[0].any()
    assert vectors[4].any()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file"),
        ("good 1 2 3\nbad 1 2 3\n", "have 3 numbers"),
        ("not a file\nof vectors\n", "is not a text file of"),
        ("", "is not a text file of"),
    ],
)
def test_a_file_that_is_no_use_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "vectors.txt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=message) as error:
        read_vectors(path)
    assert "\n" not in str(error.value)


def test_vectors_trained_on_the_same_texts_are_the_same():
    texts = ["a good film", "a bad film", "good good plot", "bad bad plot"] * 20
    first, covered = place_vectors(word2vec(texts, epochs=2, seed=1), VOCABULARY, seed=1)
    again, _ = place_vectors(word2vec(texts, epochs=2, seed=1), VOCABULARY, seed=1)
    np.testing.assert_array_equal(first, again)
    assert covered == pytest.approx(2 / 3)


def test_a_phrase_has_the_mean_of_its_words(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text(GLOVE)
    of_words, _ = place_vectors(read_vectors(path), VOCABULARY, seed=1)
    vectors = add_phrases(of_words, VOCABULARY.with_phrases([(2, 3)]))
    np.testing.assert_allclose(vectors[5], (vectors[2] + vectors[3]) / 2)
    np.testing.assert_array_equal(vectors[:5], of_words)


def test_a_file_that_knows_none_of_the_words_is_refused(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text(GLOVE.replace("good", "gut").replace("bad", "schlecht"))
    with pytest.raises(UserError, match="none of the 3 words"):
        place_vectors(read_vectors(path), VOCABULARY, seed=1)


def test_words_of_like_reviews_have_like_topics():
    random = np.random.default_rng(0)
    kind = np.arange(200) % 2  # words 2 to 21 stand in one kind of review, 22 to 41 in the other
    reviews = [random.integers(2, 22, 10).astype(np.int32) + 20 * k for k in kind]
    documents = random.normal(0, 0.3, (200, 60)).astype(np.float32)
    documents[:, 0] += kind
    random_ones = np.vstack(
        [np.zeros((2, 100), np.float32), random.normal(0, 1, (40, 100)).astype(np.float32)]
    )
    vectors = add_topics(random_ones, reviews, documents)
    assert vectors.shape == (42, 100)
    assert vectors.dtype == np.float32
    assert not vectors[:2].any()
    assert np.sqrt(np.mean(vectors[2:] ** 2)) == pytest.approx(0.1, rel=0.05)
    topics = np.corrcoef(vectors[2:, 50:])
    assert topics[:20, :20].mean() > topics[:20, 20:].mean() + 0.5
