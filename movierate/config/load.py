"""Settings from defaults, then a YAML file, then flags."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from movierate.config.jobs import DumpConfig, Settings, SourceConfig
from movierate.errors import UserError

Config = TypeVar("Config", bound=Settings)

RENAMED = {
    "choose": "token_selection",
    "phrases": "phrase_share",
    "teacher": "distillation_weight",
    "joined": "concat_ratio",
    "stars": "target_scale",
    "embedding_rate": "embedding_lr_multiplier",
}
"""Keys of version 0.1, and their new names. Version 0.3 will refuse the old ones."""

NOT_YAML = (yaml.YAMLError, ValueError, AttributeError, RecursionError)
"""What the YAML parser raises. ValueError: a date that does not exist, like 2026-02-30."""


def make_config(
    kind: type[Config],
    file: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    assigned: Sequence[str] = (),
    say: Callable[[str], None] = lambda line: None,
) -> Config:
    """Settings from a YAML file, assignments and flags. Later sources override earlier ones.

    Args:
        kind: the settings to fill.
        file: a YAML mapping of their keys, or None. The keys of `DumpConfig` stand beside the
            others.
        flags: values by key; None means that the flag was not given.
        assigned: further ones, each as KEY=VALUE with the value in YAML.
        say: called with a line for each key that has a new name.

    Raises:
        UserError: the file is missing or is not a mapping, a key is unknown, or a value has the
            wrong type or range.
    """
    values: dict[str, Any] = {}
    in_file = _read(file) if file else {}
    for source, given in ((str(file), in_file), ("--set", _parse_assignments(assigned))):
        values |= _current_names(kind, source, given, say)
    values |= {key: value for key, value in (flags or {}).items() if value is not None}
    if "dump" in kind.model_fields:
        of_dump = {key: values.pop(key) for key in DumpConfig.model_fields if key in values}
        values["dump"] = of_dump
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise UserError(_first_error(error)) from None


def setting_names(kind: type[Settings]) -> set[str]:
    """The keys that a config file may have: those of `DumpConfig` stand beside the others."""
    names = set(kind.model_fields)
    return names - {"dump"} | set(DumpConfig.model_fields) if "dump" in names else names


def _current_names(
    kind: type[Settings], source: str, given: Mapping[Any, Any], say: Callable[[str], None]
) -> dict[str, Any]:
    """Values by today's keys."""
    known = setting_names(kind)
    values: dict[str, Any] = {}
    for key, value in given.items():
        name = RENAMED.get(key, key) if key not in known else key
        if name not in known:
            raise UserError(_unknown_key(source, str(key), known))
        if name != key:
            if name in given:
                raise UserError(f"config: {source} has both {key} and {name}: remove {key}")
            say(f"config: {source}: {key} is now {name}; the old name works until version 0.3")
        values[name] = value
    return values


def _unknown_key(place: str, key: str, known: Iterable[str]) -> str:
    """What to say of a key that a place has and should not."""
    near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0)[0]
    return f"config: {place} has an unknown key {key}: did you mean {near}?"


def _first_error(error: ValidationError) -> str:
    """The first fault as one line: the key, the value, and what is allowed."""
    fault = error.errors(include_url=False)[0]
    parts = [str(part) for part in fault["loc"] if part != "dump"]
    key = ".".join(parts[:3]) if parts[0] == "sources" else parts[0]
    if fault["type"] == "extra_forbidden":
        place, _, name = key.rpartition(".")
        return _unknown_key(place, name, SourceConfig.model_fields)
    if fault["type"] == "missing":
        return f"{key}: it is missing: name a path"
    allowed = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "string_type" and not isinstance(fault["input"], list | dict):
        allowed += ", put it in quotes"  # YAML has read it as a number, a date or a boolean
    return f"{key}: {_shorten(fault['input'])} is not valid: {allowed[0].lower()}{allowed[1:]}"


def _shorten(value: Any) -> str:
    try:
        return f"{value!r:.80}"
    except ValueError:  # Python prints no number of thousands of digits
        return "a huge number"


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
        raise UserError(f"config: {file} must contain lines of the form key: value")
    return values or {}


def _parse_assignments(assigned: Sequence[str]) -> dict[str, Any]:
    values = {}
    for assignment in assigned:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise UserError(f"config: --set {assignment}: write KEY=VALUE")
        try:
            values[key] = yaml.safe_load(value)
        except NOT_YAML:
            raise UserError(
                f"config: --set {key}: {value:.80} is not a YAML value: put it in quotes, "
                f"as --set '{key}=\"...\"'"
            ) from None
    return values
