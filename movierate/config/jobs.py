"""The settings of each job. Pydantic checks types and ranges."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from movierate.errors import UserError
from movierate.model.bundle import DEFAULT_MODEL
from movierate.model.shapes import SHORTEST_WINDOW

PARQUET, DELTA = "parquet", "delta"
"""The formats of output tables."""

LARGEST = 2**31 - 1
"""The largest whole number that Spark takes."""


def parse_date(written: object) -> datetime.date:
    """A date written YYYY-MM-DD.

    Raises:
        UserError: it is written in another way, or there is no such day.
    """
    if type(written) is datetime.date:
        return written
    try:
        return datetime.datetime.strptime(str(written), "%Y-%m-%d").date()
    except ValueError:
        raise UserError(f"date: {written!s:.80} is not a date: write it as YYYY-MM-DD") from None


def _split_names(written: Any) -> Any:
    """Column names from a YAML list, or from one string with commas."""
    if isinstance(written, str):
        return tuple(name for part in written.split(",") if (name := part.strip()))
    return tuple(written) if isinstance(written, list) else written


def _list_paths(written: Any) -> Any:
    """Paths from a YAML list, or from one path."""
    if isinstance(written, str):
        return (written,)
    return tuple(written) if isinstance(written, list) else written


def _split_range(written: Any) -> Any:
    """The two ends of a range from a YAML list, or from a string like 1-5."""
    if isinstance(written, str):
        try:
            return tuple(float(end) for end in written.split("-"))
        except ValueError:
            raise ValueError("write a range of two numbers, like 1-5") from None
    return tuple(written) if isinstance(written, list) else written


def _check_range(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] >= ends[1]:
        raise ValueError("give the lowest and the highest rating, like 1-5")
    return ends


def _check_separator(written: str) -> str:
    text = {"\\t": "\t", "tab": "\t"}.get(written, written)
    if len(text) != 1 or not text.isascii() or text in '\r\n"':
        raise ValueError("give one ASCII character: , or ; or | or tab")
    return text


Text = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]
Count = Annotated[int, Field(ge=1, le=LARGEST)]
Share = Annotated[float, Field(ge=0, le=1)]
Names = Annotated[tuple[Text, ...], BeforeValidator(_split_names)]
Paths = Annotated[tuple[Text, ...], BeforeValidator(_list_paths)]
Weight = Annotated[float, Field(gt=0, le=100)]
Date = Annotated[datetime.date, BeforeValidator(parse_date)]
Range = Annotated[tuple[float, float], BeforeValidator(_split_range), AfterValidator(_check_range)]
Separator = Annotated[str, AfterValidator(_check_separator)]


class Settings(BaseModel):
    """Settings that cannot change. An unknown key or a value of another type is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class DumpConfig(Settings):
    """How to read a review dump. A column without a name is found by its common aliases."""

    format: Text = "auto"
    text: Text | None = None
    movie: Text | None = None
    id: Text | None = None
    rating: Text | None = None
    rating_scale: Range | None = None
    encoding: Text | None = None
    sep: Separator | None = None
    strict: bool = False


class ScoreConfig(Settings):
    """Settings of the scoring job. conf/score.yaml explains each one."""

    dump: DumpConfig = DumpConfig()
    model: Text = DEFAULT_MODEL
    keep: Names = ()
    date: Date | None = None
    limit: Count | None = None
    reject_not_english: bool = False
    max_rejected: Share | None = None
    max_drift: Annotated[float, Field(ge=0)] | None = None
    drift_baseline: Text | None = None
    drift_nights: Count = 7
    output_format: Literal["parquet", "delta"] = "parquet"
    gate_before_publish: bool = False
    skip_rated: bool = False
    incremental: bool = False
    files_per_batch: Count = 100

    @model_validator(mode="after")
    def _check(self) -> ScoreConfig:
        if self.incremental and self.limit is not None:
            raise UserError(
                "limit: an incremental run reads whole files: remove limit or incremental"
            )
        return self


class SourceConfig(DumpConfig):
    """A source of labelled texts for training, and how to read it."""

    reviews: Annotated[Paths, Field(min_length=1)]
    unlabelled: Paths = ()
    kind: Literal["reviews", "phrases"] = "reviews"
    weight: Weight = 1.0
    citation: Text | None = None


class TrainConfig(Settings):
    """Settings of the training job. conf/train.yaml explains each one."""

    dump: DumpConfig = DumpConfig()
    name: Text | None = None
    data: Text | None = None
    sources: dict[Text, SourceConfig] = {}
    window: Annotated[int, Field(ge=SHORTEST_WINDOW, le=LARGEST)] = 100
    token_selection: Literal["last", "ends", "salient"] = "salient"  # noqa: S105 (no password)
    vocabulary_size: Annotated[int, Field(ge=3, le=LARGEST)] = 45_000
    phrase_share: Annotated[float, Field(ge=0, le=0.9)] = 0.45
    min_count: Count = 2
    salience_shrinkage: Annotated[float, Field(ge=0)] = 100.0
    word_vectors: Text = "train"
    word_vector_epochs: Count = 5
    embedding_lr_multiplier: Share = 0.15
    validation_share: Annotated[float, Field(ge=0.01, le=0.9)] = 0.1
    calibration_share: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    distillation_weight: Share = 0.5
    excerpts: Annotated[float, Field(ge=0, le=10)] = 0.3
    concat_ratio: Annotated[float, Field(ge=0, le=10)] = 0.1
    sentences: Annotated[int, Field(ge=0, le=LARGEST)] = 400_000
    composed_sentences: Annotated[int, Field(ge=0, le=LARGEST)] = 60_000
    sentence_epochs: Count = 6
    refit: bool = True
    epochs: Count = 8
    batch_size: Count = 256
    learning_rate: Annotated[float, Field(ge=1e-9, le=10)] = 2e-3
    dropout: Annotated[float, Field(ge=0, le=0.9)] = 0.1
    word_dropout: Annotated[float, Field(ge=0, le=0.9)] = 0.05
    loss: Literal["mae", "mse", "huber"] = "huber"
    weights_dtype: Literal["float16", "float32"] = "float16"
    target_scale: Range = (1.0, 10.0)
    seed: Annotated[int, Field(ge=0, le=LARGEST)] = 1
