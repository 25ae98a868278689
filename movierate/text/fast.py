"""Texts to ids with compiled code: equal to `movierate.text.encoder`, id by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from movierate.compiled.code import Kernels
from movierate.text.encoder import Encoded
from movierate.text.tokens import decode_entities

if TYPE_CHECKING:
    import pyarrow as pa

WAYS = {"last": 0, "ends": 1, "salient": 2}
ENCODED, HAS_ENTITY, UNFORESEEN = range(3)

USUAL, LARGE = 1 << 14, 1 << 20
"""Bytes of a text for which there is always room, and for which room is not kept."""


@dataclass(frozen=True)
class Texts:
    """Texts as Arrow holds them."""

    data: NDArray[np.uint8]
    """UTF-8 of all of them."""

    offsets: NDArray[np.int64]
    """(n + 1,): where each begins, and where the last ends."""

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Texts:
        """Python strings; a text that is None is empty."""
        encoded = [(text or "").encode(errors="replace") for text in texts]
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
        if texts.null_count:
            texts = texts.fill_null("")
        _, places, data = texts.buffers()
        if not len(texts):
            return cls.of([])
        dtype = np.int32 if pa.types.is_string(texts.type) else np.int64
        offsets = np.frombuffer(places, dtype)[texts.offset : texts.offset + len(texts) + 1]
        bytes = np.frombuffer(data if data is not None else b"", np.uint8)
        return cls(bytes, offsets.astype(np.int64))

    def part(self, start: int, stop: int) -> Texts:
        """The texts from start on and before stop."""
        return Texts(self.data, self.offsets[start : stop + 1])

    def text(self, row: int) -> str:
        """A text as a Python string."""
        return self.data[self.offsets[row] : self.offsets[row + 1]].tobytes().decode()


class FastEncoder:
    """Fills windows with the tokens of texts."""

    def __init__(
        self,
        kernels: Kernels,
        arrays: Mapping[str, NDArray[np.generic]],
        live: int,
        choose: str,
        reference: Callable[[Sequence[str]], Encoded],
    ) -> None:
        """Take what decides which tokens are read.

        Args:
            kernels: the compiled code.
            arrays: the vocabulary as `movierate.model.tables.lay_out` makes them.
            live: tokens that are read at most.
            choose: one of `WAYS`.
            reference: encodes the few texts that the compiled code does not foresee.
        """
        self._kernels = kernels
        names = ("short", "long", "long_bytes")
        self._vocabulary = [arrays[name] for name in names]
        self._live = live
        self._choose = WAYS[choose]
        self._reference = reference
        self._room: tuple[NDArray[np.generic], ...] = ()

    def encode(self, texts: Texts) -> Encoded:
        """Encode a batch: ids are (n, live)."""
        encoded, outcome = self._scan(texts, decoded=False)
        rows = np.flatnonzero(outcome == HAS_ENTITY)
        if len(rows):
            plain = Texts.of([decode_entities(texts.text(row)) for row in rows.tolist()])
            again, outcome[rows] = self._scan(plain, decoded=True)
            self._insert(encoded, rows, again)
        rows = np.flatnonzero(outcome == UNFORESEEN)
        if len(rows):
            self._insert(encoded, rows, self._reference([texts.text(row) for row in rows.tolist()]))
        return encoded

    def _scan(self, texts: Texts, decoded: bool) -> tuple[Encoded, NDArray[np.uint8]]:
        n = len(texts)
        longest = int(np.diff(texts.offsets).max(initial=0))
        encoded = Encoded(
            ids=np.empty((n, self._live), dtype=np.int32),
            words_read=np.empty(n, dtype=np.int32),
            words_known=np.empty(n, dtype=np.int32),
        )
        outcome = np.empty(n, dtype=np.uint8)
        self._kernels.scan(
            *(texts.data, texts.offsets, decoded, self._choose, self._live, *self._vocabulary),
            *self._work(longest),
            *(encoded.ids, encoded.words_read, encoded.words_known, outcome),
        )
        return encoded, outcome

    def _insert(self, encoded: Encoded, rows: NDArray[np.intp], part: Encoded) -> None:
        encoded.ids[rows] = part.ids[:, : self._live]
        encoded.words_read[rows] = part.words_read
        encoded.words_known[rows] = part.words_known

    def _work(self, longest: int) -> tuple[NDArray[np.generic], ...]:
        """Room for the longest text: in lower case it may have half as many bytes more.

        The room is kept for the next texts, but for what a text of megabytes needs.
        """
        size = max(longest + longest // 2 + 192, USUAL)
        if self._room and len(self._room[0]) >= size:
            return self._room
        room = (
            np.empty(size, dtype=np.uint8),
            np.empty(5 * (size // 64 + 1), dtype=np.uint64),
            np.empty(size, dtype=np.int32),
            np.empty(size, dtype=np.int32),
            np.empty(size + 128, dtype=np.uint64),
        )
        if size <= LARGE:
            self._room = room
        return room
