"""Texts to ratings, without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from movierate.inference.encoder import FastEncoder, Texts
from movierate.inference.network import FastForward
from movierate.inference.tables import Arrays, lay_out, shared
from movierate.kernels import cache
from movierate.kernels.cache import Kernels
from movierate.model.bundle import Bundle, BundleFiles
from movierate.model.intervals import Intervals
from movierate.model.ratings import Ratings
from movierate.model.shapes import receptive_length
from movierate.text.encoder import Encoder

BATCH = 480
"""Texts that are encoded before they are rated: their ids stay in the processor's cache."""


@dataclass(frozen=True)
class Settings:
    """What a rater needs to know of a bundle besides its words and weights."""

    model_id: str
    window: int
    token_selection: str
    rating_scale: tuple[float, float]
    intervals: Intervals | None

    @classmethod
    def of(cls, bundle: Bundle) -> Settings:
        """A bundle's settings."""
        return cls(
            bundle.model_id,
            bundle.window,
            bundle.token_selection,
            bundle.rating_scale,
            bundle.intervals,
        )


class Rater:
    """Applies a model to texts, with compiled code."""

    def __init__(self, bundle: Bundle) -> None:
        """Open a bundle; do it once and keep the rater."""
        kernels = cache.kernels()
        self._open(Settings.of(bundle), kernels, lay_out(bundle, kernels), bundle.encoder)

    @classmethod
    def of_host(
        cls, settings: Settings, files: BundleFiles, kernels: Kernels, directory: Path
    ) -> Rater:
        """A rater whose tables are shared by all processes of a host.

        Args:
            settings: the bundle's.
            files: the bundle, opened only if no other process has laid it out before.
            kernels: the compiled code.
            directory: where the tables lie.

        Raises:
            OSError: the directory can't be used.
        """
        rater = cls.__new__(cls)
        arrays = shared(settings.model_id, directory, lambda: lay_out(files.bundle, kernels))
        rater._open(settings, kernels, arrays, lambda: files.bundle.encoder())  # noqa: PLW0108 - the bundle is opened late
        return rater

    def _open(
        self, settings: Settings, kernels: Kernels, arrays: Arrays, encoder: Callable[[], Encoder]
    ) -> None:
        self._scale = settings.rating_scale
        self._intervals = settings.intervals
        live = receptive_length(settings.window)
        self._encoder = FastEncoder(kernels, arrays, live, settings.token_selection, encoder)
        self._forward = FastForward(kernels, arrays)

    def rate(self, texts: Iterable[str | None] | Texts) -> Ratings:
        """Rate any number of texts; null ones and those without words get no rating.

        Args:
            texts: a list, a pandas Series or anything else that yields strings in order; None,
                NaN and pandas' NA and NaT are null.

        Raises:
            TypeError: it is one text instead of a list, or holds something that is no text.
        """
        read = texts if isinstance(texts, Texts) else Texts.of(texts)
        starts = range(0, max(1, len(read)), BATCH)
        batches = [self._rate(read.part(start, start + BATCH)) for start in starts]
        fields = zip(*batches, strict=True)
        return Ratings(*(np.concatenate(field) for field in fields))

    def _rate(self, texts: Texts) -> tuple[NDArray[np.generic], ...]:
        encoded = self._encoder.encode(texts)
        stars = np.clip(self._forward(encoded.ids, encoded.words_read), *self._scale)
        stars = np.where(encoded.words_known > 0, stars, np.nan).astype(np.float32)
        if self._intervals:
            low, high = self._intervals.of(stars, encoded.words_read)
        else:
            low = high = np.full(len(texts), np.nan, dtype=np.float32)
        known_words = encoded.words_known / np.maximum(1, encoded.words_read)
        known_words = known_words.astype(np.float32)
        return stars, low, high, encoded.words_read, known_words, encoded.not_english
