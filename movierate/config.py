"""Settings of each job: a dataclass, filled from defaults, then a YAML file, then flags."""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from movierate.errors import UserError
from movierate.model.bundle import DEFAULT_MODEL
from movierate.model.geometry import SHORTEST_WINDOW
from movierate.text.window import CHOICES

FORMATS = ("auto", "parquet", "jsonl", "csv", "tsv", "aclimdb", "snap")


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
        _one_of("format", self.format, FORMATS)
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


LARGEST = 2**31 - 1
"""The largest whole number that Spark takes."""

Config = TypeVar("Config", bound=DumpConfig)


def make_config(
    kind: type[Config], file: Path | None, flags: Mapping[str, Any], assigned: Sequence[str] = ()
) -> Config:
    """Settings from a YAML file, assignments and flags; later ones beat earlier ones.

    Args:
        kind: the dataclass to fill.
        file: a YAML mapping of its fields, or None.
        flags: values by field; None means that the flag was not given.
        assigned: further ones, each as KEY=VALUE with the value as in YAML.

    Raises:
        UserError: the file is missing or no mapping, has an unknown key, or a value of the wrong
            type or range.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}
    values: dict[str, Any] = {}
    for source, given in ((file, _read(file) if file else {}), ("--set", _assignments(assigned))):
        for key in given:
            if key not in fields:
                near = difflib.get_close_matches(str(key), fields, n=1, cutoff=0)[0]
                raise UserError(f"config: {source} has an unknown key {key}: did you mean {near}?")
        values |= given
    values |= {key: value for key, value in flags.items() if value is not None}
    return kind(**{key: _convert(key, value, fields[key]) for key, value in values.items()})


def parse_date(text: str) -> datetime.date:
    """A date written YYYY-MM-DD.

    Raises:
        UserError: it is not written so, or there is no such day.
    """
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise UserError(f"date: {text:.80} is not a date: write it as YYYY-MM-DD") from None


NOT_YAML = (yaml.YAMLError, ValueError, AttributeError, RecursionError)
"""What its parser raises of other texts: ValueError of a day that there is not, as 2026-02-30."""


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"config: there is no file {file}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"config: {file} can't be read ({error})") from None
    try:
        values = yaml.safe_load(text)
    except NOT_YAML as error:
        where = " ".join(str(error).split())
        raise UserError(f"config: {file} is not YAML ({where})") from None
    if not isinstance(values, dict | None):
        raise UserError(f"config: {file} must hold lines of the form key: value")
    return values or {}


def _assignments(assigned: Sequence[str]) -> dict[str, Any]:
    values = {}
    for assignment in assigned:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise UserError(f"config: --set {assignment}: write KEY=VALUE, as --set epochs=4")
        try:
            values[key] = yaml.safe_load(value)
        except NOT_YAML:
            raise UserError(
                f"config: --set {key}: {value:.80} is not a value of YAML: put it in quotes, "
                f"as --set '{key}=\"...\"'"
            ) from None
    return values


def _convert(key: str, value: Any, field: dataclasses.Field[Any]) -> Any:
    """The value as the field's type, or a UserError that names the key."""
    kind, _, optional = str(field.type).partition(" | ")
    if value is None and optional:
        return None
    what, convert = _KINDS[kind]
    try:
        return convert(value)
    except (TypeError, ValueError):
        raise UserError(f"config: {key}: {_shown(value)} is not {what}") from None


def _shown(value: Any) -> str:
    try:
        return f"{value!r:.80}"
    except ValueError:  # Python prints no number of thousands of digits
        return "a huge number"


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _separator(text: str) -> str:
    text = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(text) != 1 or not text.isascii() or text in '\r\n"':
        raise UserError(f"sep: {text!r} is not one ASCII character: give , or ; or | or tab")
    return text


def _number(value: Any) -> float:
    number = value if isinstance(value, float) else float(_whole(value))
    if not math.isfinite(number):
        raise TypeError
    return number


def _names(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise TypeError
    return tuple(name for part in parts if (name := _text(part).strip()))


def _pair(value: Any) -> tuple[float, float]:
    if isinstance(value, str):
        try:
            value = [float(end) for end in value.split("-")]  # as 1-5
        except ValueError:
            raise TypeError from None
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise TypeError
    return _number(value[0]), _number(value[1])


def _date(value: Any) -> datetime.date:
    if type(value) is datetime.date:
        return value
    return parse_date(str(value))  # of a datetime, too, which is refused for its time


_KINDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "str": ("a text, in quotes where YAML needs them", _text),
    "int": (f"a whole number of at most {LARGEST}", _whole),
    "bool": ("true or false", _flag),
    "float": ("a number", _number),
    "tuple[str, ...]": ("a list of column names", _names),
    "tuple[float, float]": ("a pair of numbers, as 1-5", _pair),
    "datetime.date": ("a date", _date),
}
"""For each type of a field: its name, and the conversion, which raises TypeError or ValueError."""


def _one_of(key: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UserError(f"{key}: {value} is none of {', '.join(known)}")


def _at_least(key: str, value: float, least: float) -> None:
    if value < least:
        raise UserError(f"{key}: {value} is too small, give at least {least}")


def _between(key: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UserError(f"{key}: {value} is not between {low} and {high}")
