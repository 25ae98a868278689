"""Version 2 of the tokenizer: the plain Python reference.

A text becomes tokens in four steps:

1. **Entities** that end in a semicolon are decoded once, by HTML 5's names and numbers
   (``&amp;`` is ``&``, ``&#39;`` is ``'``). A name that HTML 5 does not know stays as it is.
2. **Tags** become a space: ``<``, then a letter, ``/`` or ``!``, then anything but ``<`` and
   ``>``, then ``>``. So ``<br />`` goes, and ``i <3 this`` and ``a < b`` stay.
3. **Case**: every code point becomes its Unicode lower case by itself, whatever stands around
   it (a final sigma is therefore an ordinary sigma).
4. **Tokens** are read from left to right, and all that lies between them is dropped:

   * a *word*: letters and digits (Unicode's alphanumeric code points) with the combining marks
     that follow them. An apostrophe between two of them joins (``don't``), and so does a full
     stop or a slash between two of the digits 0 to 9 (``7.5``, ``8/10``). Typographic
     apostrophes, accents used as such, and what Latin-1 makes of Windows' apostrophe (U+0092)
     count as ``'`` and are written so in the token;
   * a *run of ! and ?*, cut to its first three characters (``!``, ``?!``, ``!!!``);
   * a *symbol*: one code point of `SYMBOLS`, emoji most of all. What varies an emoji, like the
     tone of its skin, is dropped;
   * a *grade*: a letter from a to f with + or - behind it, and no letter or digit beside (``a+``).

The version is stored in a bundle; a bundle made with another version is refused.
"""

from __future__ import annotations

import html
import re
import unicodedata

TOKENS_VERSION = 2

APOSTROPHES = "'\u2019`\u00b4\u0092"
"""Code points that join a word as an apostrophe does; a token writes the first of them."""

LONGEST_RUN = 3
"""Characters kept of a run of ! and ?."""

SYMBOLS = (0x2600, 0x27BF), (0x2B50, 0x2B55), (0x1F300, 0x1F3FA), (0x1F400, 0x1FAFF)
"""First and last code points of blocks of symbols and emoji; numbers in them are words."""

GRADES = "abcdef"
"""Letters of school grades."""

MARKS = "".join(
    chr(code)
    for low, high in ((0x300, 0x1F000), (0xE0100, 0xE01F0))  # outside these, Unicode 16 has none
    for code in range(low, high)
    if unicodedata.category(chr(code)).startswith("M")
)
"""Unicode's combining marks."""

ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
_LETTER = r"[^\W_]"  # a letter or a digit
# The large class of marks is slow to try: the guard before it spares nearly all text that.
_MARKED = rf"(?![\x00-\u02ff])[{MARKS}]+{_LETTER}*"
_WORD = rf"{_LETTER}+(?:'{_LETTER}+|(?<=[0-9])[./](?=[0-9]){_LETTER}+|{_MARKED})*"
_GRADE = rf"(?<!{_LETTER})[{GRADES}][+-](?!{_LETTER})"
_SYMBOL = "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in SYMBOLS) + "]"
TOKEN = re.compile(rf"{_GRADE}|{_WORD}|[!?]+|{_SYMBOL}")
_TO_APOSTROPHE = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))


def tokenize(text: str) -> list[str]:
    """The tokens of a text, in reading order.

    >>> tokenize("It&#39;s <b>NOT</b> good!!!! I\u2019d say 3/10...")
    ["it's", 'not', 'good', '!!!', "i'd", 'say', '3/10']
    >>> tokenize("A+ for the cast \u2764\ufe0f\U0001f60d\U0001f60d")
    ['a+', 'for', 'the', 'cast', '\u2764', '\U0001f60d', '\U0001f60d']
    """
    text = decode_entities(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    tokens = TOKEN.findall(lower(text))
    return [token[:LONGEST_RUN] if token[0] in "!?" else token for token in tokens]


def is_symbol(token: str) -> bool:
    """Whether a token is one of `SYMBOLS`."""
    is_one = len(token) == 1 and not token.isalnum()
    return is_one and any(first <= ord(token) <= last for first, last in SYMBOLS)


def decode_entities(text: str) -> str:
    """The first step of the definition."""
    if "&" in text:
        text = ENTITY.sub(lambda entity: html.unescape(entity.group()), text)
    return text


def lower(text: str) -> str:
    """The third step, with one apostrophe for all."""
    return text.lower().replace("\u03c2", "\u03c3").translate(_TO_APOSTROPHE)
