"""Settings from defaults, then a YAML file, then flags."""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from movierate.config.jobs import DumpConfig
from movierate.errors import UserError

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
            raise UserError(f"config: --set {assignment}: write KEY=VALUE")
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
