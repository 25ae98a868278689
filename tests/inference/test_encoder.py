"""The compiled encoder gives the reference's ids, for every text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from movierate.inference.encoder import PIECE, FastEncoder, Texts, join_phrases
from movierate.inference.tables import lay_out
from movierate.kernels.cache import kernels
from movierate.model.bundle import Bundle, load
from movierate.text.encoder import Encoder
from movierate.text.vocabulary import RESERVED, Vocabulary
from tests.support.texts import SEPARATORS, WORDS

WAYS = ("last", "ends", "salient")
LIVE = 7


PHRASES = (
    *("the good", "good the", "good good", "is a", "a is", "a good", "don't good", "7.5 the"),
    *("! a", "! !", "q caf\u00e9", "caf\u00e9 q", "\u03c3\u03c3 the", "n n".replace("n", "n" * 40)),
)


@cache
def _vocabulary(phrases: bool) -> Vocabulary:
    return Vocabulary([*RESERVED, *dict.fromkeys(WORDS), *(PHRASES if phrases else ())])


def _bundle(vocabulary: Vocabulary) -> Bundle:
    """Salience with ties, as a real vocabulary has."""
    salience = np.resize(np.float32([0, 0, 0.5, 0.25, 0.5, 1]), len(vocabulary))
    shipped = load("imdb")
    weights = dict(shipped.weights)
    weights["embedding/embeddings"] = weights["embedding/embeddings"][: len(vocabulary)]
    return Bundle("words", 50, "last", vocabulary, salience, weights)


@cache
def _encoders(
    token_selection: str, live: int, piece: int, phrases: bool = False
) -> tuple[FastEncoder, Encoder]:
    return _encoders_of(_bundle(_vocabulary(phrases)), token_selection, live, piece)


def _encoders_of(
    bundle: Bundle, token_selection: str, live: int, piece: int
) -> tuple[FastEncoder, Encoder]:
    reference = Encoder(bundle.vocabulary, bundle.salience, live, live, token_selection)
    arrays = lay_out(bundle, kernels())
    return FastEncoder(
        kernels(), arrays, live, token_selection, lambda: reference, piece
    ), reference


def _assert_equal(
    texts: list[str],
    token_selection: str,
    live: int = LIVE,
    piece: int = PIECE,
    with_phrases: Sequence[bool] = (False, True),
) -> None:
    for phrases in with_phrases:
        fast, reference = _encoders(token_selection, live, piece, phrases)
        found, expected = fast.encode(Texts.of(texts)), reference.encode(texts)
        for row, text in enumerate(texts):
            assert found.ids[row].tolist() == expected.ids[row].tolist(), repr(text)
        assert found.words_read.tolist() == expected.words_read.tolist()
        assert found.words_known.tolist() == expected.words_known.tolist()
        assert found.not_english.tolist() == expected.not_english.tolist()


@pytest.mark.parametrize("token_selection", WAYS)
@settings(max_examples=300, deadline=None)
@given(texts=st.lists(st.text(st.characters(), max_size=200), min_size=1, max_size=20))
def test_any_unicode_text(token_selection: str, texts: list[str]) -> None:
    _assert_equal(texts, token_selection)


@pytest.mark.parametrize("token_selection", WAYS)
@settings(max_examples=500, deadline=None)
@given(
    texts=st.lists(
        st.lists(st.sampled_from((*WORDS, *SEPARATORS)), max_size=120).map("".join),
        min_size=1,
        max_size=20,
    )
)
def test_words_tags_entities_and_marks_in_any_order(token_selection: str, texts: list[str]) -> None:
    _assert_equal(texts, token_selection)


@pytest.mark.slow
def test_every_code_point_between_words_and_behind_an_angle_bracket() -> None:
    points = [chr(code) for code in range(0x110000)]
    texts = [
        " ".join(f"i{point}k <{point}> a'{point}" for point in points[start : start + 64])
        for start in range(0, len(points), 64)
    ]
    _assert_equal(texts, "last", live=340, with_phrases=[False])


@pytest.mark.parametrize("token_selection", WAYS)
def test_every_second_pair_of_words_is_a_phrase(token_selection: str) -> None:
    dice = np.random.default_rng(1)
    words = [f"w{number}" for number in range(100)]
    pairs = [f"{one} {two}" for one in words for two in words]
    phrases = dice.permutation(pairs)[: len(pairs) // 2].tolist()
    bundle = _bundle(Vocabulary([*RESERVED, *words, *phrases]))
    fast, reference = _encoders_of(bundle, token_selection, LIVE, PIECE)
    texts = [" ".join(dice.choice(words, size=40)) for _ in range(300)]
    assert np.array_equal(fast.encode(Texts.of(texts)).ids, reference.encode(texts).ids)


@pytest.mark.parametrize("token_selection", WAYS)
@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 700, 5000])
def test_texts_that_end_anywhere_in_a_block(token_selection: str, size: int) -> None:
    texts = [
        ("good " * 1000)[:size],
        ("don't!!! " * 600)[-size:] if size else "",
        ("<br /><br />the a" * 400)[:size],
        ("a < b > c " * 600)[:size],
        ("\u00e9 good caf\u00e9 " * 500)[:size],
        "n" * size,
        "!" * size,
    ]
    _assert_equal(texts, token_selection)


def test_a_tag_that_closes_far_from_where_it_opened() -> None:
    inside = "good " * 500
    texts = [f"the <b {inside}> is", f"the <b {inside}", f"{inside}>", f"&lt;b {inside}> a", inside]
    for token_selection in WAYS:
        _assert_equal(texts, token_selection)


def test_as_many_salient_words_as_the_window_takes_wherever_they_stand() -> None:
    generator = np.random.default_rng(0)
    texts = [" ".join(generator.choice(WORDS, size)) for size in range(0, 400, 3)]
    for live in (1, LIVE, 36, 340):
        _assert_equal(texts, "salient", live)


def test_arrow_arrays_of_every_kind() -> None:
    texts = ["good", None, "", "caf\u00e9 good", "the 7.5"]
    fast, reference = _encoders("last", LIVE, PIECE)
    expected = reference.encode(texts).ids.tolist()
    kinds = (pa.string(), pa.large_string(), pa.string_view())
    for kind in kinds:
        array = pa.array(["before", *texts, "behind"], kind)
        assert fast.encode(Texts.of_arrow(array.slice(1, 5))).ids.tolist() == expected
        assert len(Texts.of_arrow(array.slice(0, 0))) == 0


def test_a_null_whose_place_in_the_array_is_not_empty() -> None:
    data = [None, pa.array([0, 4, 8], pa.int32()).buffers()[1], pa.py_buffer(b"goodgood")]
    texts = pa.Array.from_buffers(pa.string(), 2, [pa.py_buffer(b"\x01"), *data[1:]])
    assert texts.to_pylist() == ["good", None]
    fast, _ = _encoders("last", LIVE, PIECE)
    assert fast.encode(Texts.of_arrow(texts)).words_read.tolist() == [1, 0]


@pytest.mark.slow
@pytest.mark.parametrize("token_selection", WAYS)
@settings(max_examples=50, deadline=None)
@given(
    parts=st.lists(st.sampled_from((*WORDS, *SEPARATORS, "n" * 400, "!" * 400)), max_size=30),
    piece=st.integers(1, 50),
    live=st.sampled_from((1, LIVE, 36)),
)
@example(parts=["n" * 400, "'", "<br />"], piece=1, live=1)
def test_texts_longer_than_there_is_room_for(
    token_selection: str, parts: list[str], piece: int, live: int
) -> None:
    random = np.random.default_rng(len(parts))
    texts = ["".join(random.permutation([*parts, *WORDS] * 3)), "".join(parts) * 10]
    _assert_equal([*texts, "good"], token_selection, live, piece)


def test_a_damaged_argument_is_refused_and_not_read() -> None:
    with pytest.raises(TypeError, match="contiguous"):
        kernels().build(*[np.zeros(3, np.float32)] * 6)


def test_phrases_of_many_texts_are_joined_as_the_vocabulary_joins_them() -> None:
    random = np.random.default_rng(5)
    vocabulary = _vocabulary(True)
    texts = [
        random.integers(0, vocabulary.words, size).astype(np.int32)
        for size in (0, 1, 2, *[40] * 50)
    ]
    for joined, text in zip(join_phrases(vocabulary, texts), texts, strict=True):
        assert joined.tolist() == vocabulary.join(text.tolist())
    assert join_phrases(_vocabulary(False), texts) == texts
