"""Long texts in pieces, so that memory does not grow with the text.

The tokens of the pieces, one piece after the other, are the text's (see `movierate.text.tokens`),
but for a word that is longer than all that the vocabulary has: that becomes another such word.
A piece ends where no entity, tag or token goes on; what may go on is held back for the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from movierate.text.tokens import (
    APOSTROPHES,
    ENTITY,
    LONGEST_RUN,
    MARKS,
    TOKEN,
    decode_entities,
    lower,
)

LONGEST_ENTITY = 34
"""Bytes from & to semicolon."""

_OPENED = re.compile(r"<[A-Za-z/!][^<>]*\Z")
_ANGLE = re.compile("[<>]")
# To behind the last character that is part of no token. A last < may begin a tag.
_ENDED = re.compile(rf"(?s).*(?:[^\w{MARKS}{APOSTROPHES}./!?<+-]|_|<(?!\Z))")


def pieces(text: NDArray[np.uint8], size: int, longest: int) -> Iterator[str]:
    """The pieces of a text, their entities decoded.

    Args:
        text: its UTF-8.
        size: bytes that are read at a time, at least 1.
        longest: bytes of the longest word that must stay as it is.

    Yields:
        Pieces of at most `largest(size, longest)` bytes of UTF-8.
    """
    rest, at = "", 0
    while at < len(text):
        chunk, at = _decoded(text, at, size)
        rest += chunk
        while opened := _OPENED.search(rest):
            yield rest[: opened.start()]
            rest, at = _behind_tag(opened.group(), text, at, size)
        ended = _ENDED.match(rest)
        if ended:
            yield ended.group()
            rest = rest[ended.end() :]
        if len(rest) > longest + 3:
            piece, rest = _without_last_token(rest)
            yield piece
            rest = _shortened(rest, longest)
    yield rest


def largest(size: int, longest: int) -> int:
    """Bytes of a piece at most.

    It has what was held back, of 4 bytes a character, and what was read, perhaps to the end of an
    entity. In lower case both may be half as long again; a byte that is no UTF-8 becomes 3 bytes.
    """
    return 3 * (size + LONGEST_ENTITY) + 6 * (longest + 4)


def _decoded(text: NDArray[np.uint8], at: int, size: int) -> tuple[str, int]:
    """About size bytes from at on, with entities decoded; and where what follows begins.

    Neither an entity nor a character is cut.
    """
    end = min(at + size, len(text))
    first = max(at, end - LONGEST_ENTITY)
    around = text[first : end + LONGEST_ENTITY].tobytes().decode("latin-1")  # a character a byte
    for entity in ENTITY.finditer(around):
        if first + entity.start() < end < first + entity.end():
            end = first + entity.end()
    for _ in range(3):
        if end < len(text) and text[end] & 0xC0 == 0x80:
            end += 1
    return decode_entities(text[at:end].tobytes().decode(errors="replace")), end


def _behind_tag(tag: str, text: NDArray[np.uint8], at: int, size: int) -> tuple[str, int]:
    """What follows a tag that begins before at, and where what follows that begins.

    If it is none, since it is not closed: the same with a space that makes that plain.
    """
    ahead = at
    while ahead < len(text):
        chunk, ahead = _decoded(text, ahead, size)
        angle = _ANGLE.search(chunk)
        if angle:
            if angle.group() == ">":
                return chunk[angle.end() :], ahead
            break
    return f"< {tag[1:]}", at


def _without_last_token(rest: str) -> tuple[str, str]:
    """A text of letters, marks and what joins, up to what may go on, a token or a tag; and that."""
    rest = lower(rest)
    last = len(rest) - rest.endswith("<")
    ended = before = 0
    for token in TOKEN.finditer(rest):
        if token.end() >= len(rest) - 1:  # one character behind it may join
            last, before = token.start(), ended
        ended = token.end()
    # A sign between two tokens: without what follows, it would make a letter a grade.
    is_sign = before < last and rest[last - 1] in "+-"
    return (f"{rest[: last - 1]} " if is_sign else rest[:last]), rest[last:]


def _shortened(token: str, longest: int) -> str:
    """A token with the same meaning and the same end; with one more character, perhaps."""
    if len(token) <= longest + 3:
        return token
    if token[0] in "!?":
        return token[:LONGEST_RUN] + token[-1]
    return "0" * (longest + 1) + token[-2:]  # two decide what may join
