"""Is a text in the language of the vocabulary?

In any language, a hundred words make up about half of a text: "the", "and", "of", "is". Those of
the model's language are the first of its vocabulary. A text that has few of them, and many words
that the model does not know, is in another language. The counts are of all words of the text, not
only of those that the window takes: what is most salient of a foreign text looks familiar.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movierate.text.tokens import is_symbol
from movierate.text.vocabulary import UNKNOWN

COMMON = 100
"""Words of the vocabulary, the most frequent ones."""

STRANGE = 0.5
"""Known words, as a share, below which a text is foreign, whatever the words are."""

KNOWN, FAMILIAR = 0.7, 0.25
"""It is foreign, too, if less than these shares of its words are known, and common."""

FEWEST, FEWER = 4, 3
"""Words that are needed to tell, and to tell from unknown words alone."""


def is_foreign(words: NDArray[Any], known: NDArray[Any], common: NDArray[Any]) -> NDArray[np.bool_]:
    """Which texts are in another language; False for those that are too short to tell.

    Args:
        words: (n,) of each text.
        known: (n,) of them that are in the vocabulary.
        common: (n,) of them that are among its first.
    """
    is_strange = (words >= FEWER) & (known < STRANGE * words)
    is_odd = (words >= FEWEST) & (known < KNOWN * words) & (common < FAMILIAR * words)
    found: NDArray[np.bool_] = is_strange | is_odd
    return found


def count_words(tokens: Sequence[str], ids: Sequence[int]) -> tuple[int, int, int]:
    """How many words a text has, and how many are known and common.

    A symbol that is unknown is of no language: it does not count.

    Args:
        tokens: of the text.
        ids: of each.
    """
    known = [id for id in ids if id > UNKNOWN]
    pairs = zip(tokens, ids, strict=True)
    neutral = sum(id == UNKNOWN and is_symbol(token) for token, id in pairs)
    common = sum(id <= UNKNOWN + COMMON for id in known)
    return len(ids) - neutral, len(known), common
