import gzip

import numpy as np
import pytest

from movierate.errors import UserError
from movierate.text.vocabulary import Vocabulary
from movierate.training.vectors import read_vectors, train_vectors

VOCABULARY = Vocabulary(["<pad>", "<unk>", "good", "bad", "unheard"])
GLOVE = "".join(f"{word} {' '.join([str(n)] * 100)}\n" for word, n in (("good", 1), ("bad", -2)))


@pytest.mark.parametrize("header", ["", "2 100\n"])
@pytest.mark.parametrize("compress", [False, True])
def test_glove_and_word2vec_files_give_each_word_its_vector(tmp_path, header, compress):
    path = tmp_path / ("vectors.txt.gz" if compress else "vectors.txt")
    data = (header + GLOVE).encode()
    path.write_bytes(gzip.compress(data) if compress else data)
    vectors, covered = read_vectors(path, VOCABULARY, seed=1)
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
    ],
)
def test_a_file_that_is_no_use_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "vectors.txt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=message) as error:
        read_vectors(path, VOCABULARY, seed=1)
    assert "\n" not in str(error.value)


def test_vectors_trained_on_the_same_texts_are_the_same():
    texts = ["a good film", "a bad film", "good good plot", "bad bad plot"] * 20
    first, covered = train_vectors(texts, VOCABULARY, epochs=2, seed=1)
    again, _ = train_vectors(texts, VOCABULARY, epochs=2, seed=1)
    np.testing.assert_array_equal(first, again)
    assert covered == pytest.approx(2 / 3)
