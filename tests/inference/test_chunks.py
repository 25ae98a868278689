"""The pieces of a long text have its tokens, and reading it takes room for a piece."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from movierate.inference.chunks import largest, pieces
from movierate.model.bundle import load
from movierate.model.shapes import receptive_length
from movierate.text.tokens import tokenize
from tests.support.texts import SEPARATORS, WORDS

LONGEST = 16


def _known(tokens: list[str]) -> list[str | None]:
    """Tokens as a vocabulary sees them that has every word up to the longest."""
    return [token if len(token.encode()) <= LONGEST else None for token in tokens]


def _assert_same_tokens(text: str, size: int) -> None:
    found = list(pieces(np.frombuffer(text.encode(), np.uint8), size, LONGEST))
    assert max(len(piece.encode()) for piece in found) <= largest(size, LONGEST)
    tokens = [token for piece in found for token in tokenize(piece.replace("&", "&amp;"))]
    assert _known(tokens) == _known(tokenize(text)), (text, found)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(
    parts=st.lists(
        st.one_of(st.sampled_from((*WORDS, *SEPARATORS)), st.text(max_size=5)), max_size=60
    ),
    size=st.integers(1, 40),
)
@example(parts=["<"], size=1)
@example(parts=["<", "b " * 30, "&gt;a"], size=8)
@example(parts=["a", "<b " * 30, "c"], size=8)
@example(parts=["'\u0301" * 60, "a"], size=8)
@example(parts=["7." * 60, "a", "'" * 60, "a"], size=8)
@example(parts=["a'" * 60, "a\u0301" * 60, "!?" * 60, "a"], size=8)
def test_any_text_in_pieces_of_any_size(parts: list[str], size: int) -> None:
    _assert_same_tokens("".join(parts).encode(errors="replace").decode(), size)


@pytest.mark.slow
def test_every_code_point_beside_words() -> None:
    points = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    for start in range(0, len(points), 4096):
        some = points[start : start + 4096]
        _assert_same_tokens("".join(f"a{point}" for point in some), size=64)


def test_bytes_that_are_no_utf_8() -> None:
    text = np.frombuffer(b"good\x80\x80\x80\x80\xf0\x90 film\xc3", np.uint8)
    assert re.findall("[a-z]+", "".join(pieces(text, 99, LONGEST))) == ["good", "film"]


MEGABYTES = 16
NASTY = {
    "words": "a good film, <br /> not bad &amp; long. ",
    "no space": "n",
    "marks": "\u0301",
    "short words without a space": "a.b'c'!?",
    "angle brackets": "<",
    "tags that never close": "<b ",
    "a tag": "<b",
    "entities": "&amp;",
    "ampersands": "&",
    "no ASCII": "\u4e16\u754c\U0001f600\u0130",
    "no UTF-8": "\udc80",
}
READ = {"no space": 1, "words": receptive_length(load("imdb").window), "a tag": 0}
"""Words that are read, where that is plain."""
PROGRAM = """
import sys, numpy, pyarrow
from movierate.model.bundle import load
from movierate.inference.rater import Rater
from movierate.inference.encoder import Texts

def peak():
    return int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])

part = {part!r}.encode(errors="surrogateescape")
text = ({head!r}.encode() + part * ({size} // len(part)) + {tail!r}.encode())
offsets = pyarrow.py_buffer(numpy.array([0, len(text)], numpy.int32))
texts = pyarrow.Array.from_buffers(pyarrow.string(), 1, [None, offsets, pyarrow.py_buffer(text)])
rater = Rater(load("imdb"))
rater.rate(["<K> &amp; a good film"])
open("/proc/self/clear_refs", "w").write("5")  # the peak is what there is now
before = peak()
words_read = rater.rate(Texts.of_arrow(texts)).words_read[0]
print(words_read, (peak() - before) / 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", NASTY)
def test_16_megabytes_take_2_more(name: str) -> None:
    head, tail = ("<b ", ">") if name == "a tag" else ("", "")
    part = "b " if name == "a tag" else NASTY[name]
    program = PROGRAM.format(part=part, head=head, tail=tail, size=MEGABYTES << 20)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    words_read, megabytes = done.stdout.split()
    assert float(megabytes) <= 2
    if name in READ:
        assert int(words_read) == READ[name]
