"""Texts to ids with compiled code: equal to `movierate.text.encoder`, id by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from movierate.inference.chunks import largest, pieces
from movierate.inference.tables import lay_out_vocabulary
from movierate.kernels import cache
from movierate.kernels.cache import Kernels
from movierate.kernels.constants import (
    BLOCK,
    BUCKET,
    DIGIT,
    ENDS,
    HAS_ENTITY,
    LAST,
    MASKS,
    SALIENT,
    SHORT,
    TOO_LONG,
    UNFORESEEN,
)
from movierate.text.encoder import Encoded, Encoder
from movierate.text.language import count_words, is_foreign
from movierate.text.tokens import decode_entities, tokenize
from movierate.text.vocabulary import LONGEST_SQUEEZED, PADDING, UNKNOWN, Vocabulary
from movierate.text.window import TOKEN_SELECTIONS, Ids

if TYPE_CHECKING:
    import pyarrow as pa

WAYS = {"last": LAST, "ends": ENDS, "salient": SALIENT}

NO_PHRASES = np.zeros((1, 2 * BUCKET), dtype=np.uint64)
"""A table of phrases, as `movierate.inference.tables.lay_out` makes them, that has none."""

NO_SERIES = (str, bytes, bytearray, memoryview, Mapping, Set)
"""What can be iterated over, and yields something else than texts in order."""

PIECE = 1 << 14
"""Bytes of a long text that are read at a time."""


@dataclass(frozen=True)
class Texts:
    """Texts as Arrow holds them."""

    data: NDArray[np.uint8]
    """UTF-8 of all of them."""

    offsets: NDArray[np.int64]
    """(n + 1,): where each begins, and where the last ends."""

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> Texts:
        """Python strings; None, NaN and pandas' NA and NaT stand for an empty text.

        Args:
            texts: a list, a pandas Series, an array, or anything else that yields them in order.

        Raises:
            TypeError: it is one text, no series of them, or holds something that is no text.
        """
        is_series = isinstance(texts, Iterable) and getattr(texts, "ndim", 1) == 1
        if not is_series or isinstance(texts, NO_SERIES):
            name = type(texts).__name__
            raise TypeError(f"texts: give a list of strings, not a {name}; [text] for one text")
        encoded = [
            # A lone surrogate becomes bytes that are no UTF-8, and so no part of a token.
            text.encode(errors="surrogatepass") if isinstance(text, str) else _empty(text, at)
            for at, text in enumerate(texts)
        ]
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of_arrow(cls, texts: pa.Array) -> Texts:
        """An Arrow array of strings; nothing is copied. A text that is null is empty."""
        import pyarrow as pa  # who rates Python strings does not wait for it

        if not pa.types.is_string(texts.type):
            texts = texts.cast(pa.large_string())
        _, places, data = texts.buffers()
        if not len(texts):
            return cls.of([])
        dtype = np.int32 if pa.types.is_string(texts.type) else np.int64
        offsets = np.frombuffer(places, dtype)[texts.offset : texts.offset + len(texts) + 1]
        if texts.null_count and np.diff(offsets)[texts.is_null().to_numpy(False)].any():
            return cls.of_arrow(texts.fill_null(""))  # Arrow allows bytes where a text is null
        bytes = np.frombuffer(data if data is not None else b"", np.uint8)
        return cls(bytes, offsets.astype(np.int64))

    def part(self, start: int, stop: int) -> Texts:
        """The texts from start on and before stop."""
        return Texts(self.data, self.offsets[start : stop + 1])

    def bytes(self, row: int) -> NDArray[np.uint8]:
        """A text's UTF-8; not a copy."""
        return self.data[self.offsets[row] : self.offsets[row + 1]]

    def text(self, row: int) -> str:
        """A text as a Python string."""
        return self.bytes(row).tobytes().decode(errors="replace")


def _empty(text: Any, at: int) -> bytes:
    """The bytes of a text that is null."""
    if text is not None:
        import pandas as pd  # who rates strings alone does not wait for it

        if not pd.api.types.is_scalar(text) or not pd.isna(text):
            raise TypeError(
                f"texts: a {type(text).__name__} is at position {at}, where a string should be, "
                "or None or NaN for no text"
            )
    return b""


class FastEncoder:
    """Fills windows with the tokens of texts. Its memory does not grow with a text."""

    def __init__(
        self,
        kernels: Kernels,
        arrays: Mapping[str, NDArray[Any]],
        live: int,
        token_selection: str,
        reference: Callable[[], Encoder],
        piece: int = PIECE,
    ) -> None:
        """Take what decides which tokens are read.

        Args:
            kernels: the compiled code.
            arrays: the vocabulary as `movierate.inference.tables.lay_out` makes them.
            live: tokens that are read at most.
            token_selection: one of `WAYS`.
            reference: opens what encodes the few texts that the compiled code does not foresee.
            piece: bytes of a long text that are read at a time.
        """
        self._kernels = kernels
        names = ("short", "long", "long_bytes")
        self._vocabulary = [arrays[name] for name in names]
        self._phrases = arrays["phrases"]
        self._salience = arrays["salience"]
        self._live = live
        self._way = WAYS[token_selection]
        self._looks_at_all = self._way == SALIENT or len(arrays["phrases"]) > 1
        self._select = TOKEN_SELECTIONS[token_selection]
        self._reference = reference
        self._piece = piece
        self._longest = max(SHORT, LONGEST_SQUEEZED, int(arrays["long"][-1, 0]))
        self._room = _room(largest(piece, self._longest))

    def encode(self, texts: Texts) -> Encoded:
        """Encode a batch: ids are (n, live)."""
        encoded, outcome, _ = self._scan(texts, decoded=False)
        rows = np.flatnonzero(outcome == HAS_ENTITY)
        if len(rows):
            outcome[rows[np.diff(texts.offsets)[rows] > self._piece]] = TOO_LONG
            rows = rows[outcome[rows] == HAS_ENTITY]
            plain = Texts.of(decode_entities(texts.text(row)) for row in rows.tolist())
            again, outcome[rows], _ = self._scan(plain, decoded=True)
            _insert(encoded, rows, again)
        for row in np.flatnonzero(outcome == UNFORESEEN).tolist():
            _insert(encoded, [row], self._reference().encode([texts.text(row)]))
        for row in np.flatnonzero(outcome == TOO_LONG).tolist():
            _insert(encoded, [row], self._in_pieces(texts.bytes(row)))
        return encoded

    def _in_pieces(self, text: NDArray[np.uint8]) -> Encoded:
        """Encode one text of any length: what is chosen of all is chosen of each piece, too."""
        chosen, words = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.uint64)
        counts = np.zeros(3, dtype=np.int64)
        join = partial(join_words, self._kernels, self._phrases)
        for piece in pieces(text, self._piece, self._longest):
            found, count = self._word_ids(piece)
            words, counts = np.concatenate([words, found]), counts + count
            joined, words = join(words, is_end=False)
            chosen = self._select(np.concatenate([chosen, joined]), self._live, self._salience)
        joined, _ = join(words, is_end=True)
        chosen = self._select(np.concatenate([chosen, joined]), self._live, self._salience)
        ids = np.full((1, self._live), PADDING, dtype=np.int32)
        ids[0, : len(chosen)] = chosen
        known = np.count_nonzero(chosen > UNKNOWN)
        return Encoded(
            ids,
            np.array([len(chosen)], np.int32),
            np.array([known], np.int32),
            not_english=is_foreign(*counts[:, None]) & self._looks_at_all,
        )

    def _word_ids(self, piece: str) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The ids of all words of a piece, whose entities are decoded; and `count_words` of it."""
        text = Texts.of([piece])
        found, outcome, counts = self._scan(text, True, SALIENT, len(text.data) + 1, NO_PHRASES)
        if outcome[0] == UNFORESEEN:
            tokens = tokenize(piece.replace("&", "&amp;"))
            ids = self._reference().word_ids(piece.replace("&", "&amp;"))
            return ids.astype(np.uint64), np.array(count_words(tokens, ids.tolist()))
        return found.ids[0, : found.words_read[0]].astype(np.uint64), counts[0].astype(np.int64)

    def _scan(
        self,
        texts: Texts,
        decoded: bool,
        way: int | None = None,
        live: int | None = None,
        phrases: NDArray[np.uint64] | None = None,
    ) -> tuple[Encoded, NDArray[np.uint8], NDArray[np.int32]]:
        """The ids of texts, what came of each, and what `count_words` says of it."""
        n = len(texts)
        way = self._way if way is None else way
        live = live or self._live
        phrases = self._phrases if phrases is None else phrases
        encoded = Encoded(
            ids=np.empty((n, live), dtype=np.int32),
            words_read=np.empty(n, dtype=np.int32),
            words_known=np.empty(n, dtype=np.int32),
            not_english=np.empty(n, dtype=np.bool_),
        )
        words = np.empty((n, 3), dtype=np.int32)
        outcome = np.empty(n, dtype=np.uint8)
        self._kernels.scan(
            *(texts.data, texts.offsets, decoded, way, live, *self._vocabulary, phrases),
            *self._room,
            *(encoded.ids, encoded.words_read, encoded.words_known, words, outcome),
        )
        encoded.not_english[:] = is_foreign(*words.T)  # no words are counted of what is not told
        return encoded, outcome, words


def join_phrases(vocabulary: Vocabulary, texts: Sequence[Ids]) -> list[Ids]:
    """As `Vocabulary.join`, of many texts: ids of words to ids of words and phrases."""
    if not vocabulary.phrases:
        return list(texts)
    compiled = cache.kernels()
    unranked = np.zeros(len(vocabulary), dtype=np.int64)
    phrases = lay_out_vocabulary(vocabulary, unranked, compiled)["phrases"]
    words = (np.asarray(text, dtype=np.uint64) for text in texts)
    return [join_words(compiled, phrases, text, is_end=True)[0] for text in words]


def join_words(
    kernels: Kernels, phrases: NDArray[Any], words: NDArray[np.uint64], is_end: bool
) -> tuple[Ids, NDArray[np.uint64]]:
    """The ids with phrases joined; and of a text that goes on, the words not yet decided.

    Args:
        kernels: the compiled code.
        phrases: as `movierate.inference.tables.lay_out` makes them.
        words: (words,) ids.
        is_end: whether the text ends here.
    """
    left = np.zeros(1, dtype=np.int64)
    tokens, pairs = words.copy(), np.empty(len(words) + 1, dtype=np.uint64)
    kept = kernels.join(tokens, len(tokens), is_end, phrases, pairs, left)
    ids = (tokens[:kept] & np.uint64(0xFFFFFFFF)).astype(np.int32)
    return ids, words[len(words) - left[0] :]


def _insert(encoded: Encoded, rows: Sequence[int] | NDArray[np.intp], part: Encoded) -> None:
    encoded.ids[rows] = part.ids[:, : encoded.ids.shape[1]]
    encoded.words_read[rows] = part.words_read
    encoded.words_known[rows] = part.words_known
    encoded.not_english[rows] = part.not_english


def _room(most: int) -> tuple[NDArray[np.generic], ...]:
    """What `movierate.kernels.scan.scan` works in, for texts of so many bytes."""
    size = most * 3 // 2 + 3 * BLOCK  # in lower case a text may be half as long again
    return (
        np.empty(size, dtype=np.uint8),
        np.empty(MASKS * (size // BLOCK + 1), dtype=np.uint64),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.int32),
        np.empty(size + (1 << DIGIT), dtype=np.uint64),
        np.empty(size, dtype=np.uint64),
    )
