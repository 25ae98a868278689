"""The charset of a text dump."""

from __future__ import annotations

import codecs
import difflib
from encodings.aliases import aliases

from movierate.errors import UserError

AUTO = "auto"
"""Stands for what is detected, of the charset and of the format."""
UTF8 = "utf-8"

_ASCII = bytes(range(128))
_ESCAPES = rb"C:\new \x41 xn--bcher-kva +AGE- a-1ga"
"""Text that encodings of other uses take for escapes."""


def check_encoding(name: str) -> str:
    """The charset's usual name.

    Lines and separators are found before text is decoded, so ASCII must mean itself in it: true
    of UTF-8, ISO 8859, Windows-125x, KOI8, EUC, Big5, GBK and Shift JIS; not of UTF-16.

    Raises:
        UserError: Python does not know it, or ASCII does not mean itself in it.
    """
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        near = difflib.get_close_matches(name.lower().replace("-", "_"), aliases, n=1)
        hint = f", did you mean {near[0]}?" if near else ""
        raise UserError(f"encoding: {name!r} is not a known charset{hint}") from None
    if not _holds_ascii(codec):
        raise UserError(
            f"encoding: {name} can't be read line by line: convert the dump first, "
            f"with: iconv -f {name} -t UTF-8"
        )
    return codec.name


def _holds_ascii(codec: codecs.CodecInfo) -> bool:
    if not codec._is_text_encoding:  # rot13, base64 and the like
        return False
    try:
        codec.decode(b"\xff", "surrogateescape")  # as texts are decoded
        return all(codec.decode(text)[0] == text.decode("ascii") for text in (_ASCII, _ESCAPES))
    except UnicodeError:
        return False


def guess_encoding(sample: bytes) -> str:
    """The charset of a file from its beginning: UTF-8 if valid, else Windows-1252 or Latin-1."""
    for encoding in (UTF8, "cp1252"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(sample)  # may end within a character
        except UnicodeDecodeError:
            continue
        return encoding
    return "iso8859-1"
