"""Settings of each job: a dataclass whose values are checked."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from movierate.errors import UserError
from movierate.model.bundle import DEFAULT_MODEL
from movierate.model.shapes import SHORTEST_WINDOW
from movierate.text.window import CHOICES


@dataclass(frozen=True)
class DumpConfig:
    """How to read a review dump. A column that is not named is found by its common aliases."""

    format: str = "auto"
    text: str | None = None
    movie: str | None = None
    id: str | None = None
    rating: str | None = None
    rating_scale: tuple[float, float] | None = None
    encoding: str | None = None
    sep: str | None = None
    strict: bool = False

    def __post_init__(self) -> None:
        if self.rating_scale is not None and self.rating_scale[0] >= self.rating_scale[1]:
            raise UserError("rating_scale: give the lowest and the highest rating, as 1-5")
        if self.sep is not None:
            object.__setattr__(self, "sep", _separator(self.sep))


@dataclass(frozen=True)
class ScoreConfig(DumpConfig):
    """Settings of the scoring job; conf/score.yaml says what each does."""

    model: str = DEFAULT_MODEL
    keep: tuple[str, ...] = ()
    date: datetime.date | None = None
    limit: int | None = None
    max_rejected: float | None = None
    max_drift: float | None = None
    drift_baseline: str | None = None
    drift_nights: int = 7
    gate_before_publish: bool = False
    skip_rated: bool = False
    incremental: bool = False
    files_per_batch: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        _at_least("files_per_batch", self.files_per_batch, 1)
        if self.incremental and self.limit is not None:
            raise UserError("limit: an incremental run reads whole files: leave one of the two out")
        if self.max_rejected is not None:
            _between("max_rejected", self.max_rejected, 0, 1)
        if self.max_drift is not None:
            _at_least("max_drift", self.max_drift, 0)
        _at_least("drift_nights", self.drift_nights, 1)
        if self.limit is not None:
            _at_least("limit", self.limit, 1)


@dataclass(frozen=True)
class TrainConfig(DumpConfig):
    """Settings of the training job; conf/train.yaml says what each does."""

    name: str | None = None
    data: str | None = None
    window: int = 100
    choose: str = "salient"
    vocabulary_size: int = 45_000
    phrases: float = 0.45
    min_count: int = 2
    salience_shrinkage: float = 100.0
    word_vectors: str = "train"
    word_vector_epochs: int = 5
    embedding_rate: float = 0.15
    validation_share: float = 0.1
    calibration_share: float = 0.1
    teacher: float = 0.5
    excerpts: float = 0.3
    joined: float = 0.1
    epochs: int = 8
    batch_size: int = 256
    learning_rate: float = 2e-3
    dropout: float = 0.1
    word_dropout: float = 0.05
    loss: str = "huber"
    weights_dtype: str = "float16"
    stars: tuple[float, float] = (1.0, 10.0)
    seed: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        _at_least("window", self.window, SHORTEST_WINDOW)
        _one_of("choose", self.choose, tuple(CHOICES))
        _at_least("vocabulary_size", self.vocabulary_size, 3)
        _between("phrases", self.phrases, 0, 0.9)
        _at_least("min_count", self.min_count, 1)
        _at_least("salience_shrinkage", self.salience_shrinkage, 0)
        _at_least("word_vector_epochs", self.word_vector_epochs, 1)
        _between("embedding_rate", self.embedding_rate, 0, 1)
        _between("validation_share", self.validation_share, 0.01, 0.9)
        _between("calibration_share", self.calibration_share, 0, 0.5)
        _between("teacher", self.teacher, 0, 1)
        _between("excerpts", self.excerpts, 0, 10)
        _between("joined", self.joined, 0, 10)
        _at_least("epochs", self.epochs, 1)
        _at_least("batch_size", self.batch_size, 1)
        _between("learning_rate", self.learning_rate, 1e-9, 10)
        _at_least("seed", self.seed, 0)
        _between("dropout", self.dropout, 0, 0.9)
        _between("word_dropout", self.word_dropout, 0, 0.9)
        _one_of("loss", self.loss, ("mae", "mse", "huber"))
        _one_of("weights_dtype", self.weights_dtype, ("float16", "float32"))
        if self.stars[0] >= self.stars[1]:
            raise UserError("stars: give the model's lowest and highest rating, as [1, 10]")


def _separator(text: str) -> str:
    text = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(text) != 1 or not text.isascii() or text in '\r\n"':
        raise UserError(f"sep: {text!r} is not one ASCII character: give , or ; or | or tab")
    return text


def _one_of(key: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UserError(f"{key}: {value} is none of {', '.join(known)}")


def _at_least(key: str, value: float, least: float) -> None:
    if value < least:
        raise UserError(f"{key}: {value} is too small, give at least {least}")


def _between(key: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UserError(f"{key}: {value} is not between {low} and {high}")
