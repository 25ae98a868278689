"""JSON Lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pyspark.sql import SparkSession

from movierate.config import DumpConfig
from movierate.errors import UserError
from movierate.reviews.inputs import Inputs
from movierate.reviews.lines import (
    Parser,
    Row,
    damaged,
    read_lines,
    sound,
    text_records,
)
from movierate.reviews.record import Records


def read(spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str) -> Records:
    """The objects of the lines; blank lines are no rows.

    Raises:
        UserError: none of the first lines is a JSON object.
    """
    head = inputs.head.lines
    columns: dict[str, None] = {}
    for line in head:
        record = _object(line.decode(encoding, "surrogateescape"))
        if record is not None:
            columns |= dict.fromkeys(_leaves(record))
    if not columns:
        raise UserError(_no_object(inputs))
    return text_records(
        frame=lambda lenient: read_lines(spark, inputs.paths, lenient),
        columns=tuple(columns),
        parser=lambda wanted: parser(wanted, encoding),
        encoding=encoding,
    )


def parser(columns: Sequence[str], encoding: str) -> Parser:
    """What makes rows of lines. A number is the text that it is written as; a key given twice
    has the value given last; an object or array is its JSON.
    """
    keys = [(column, column.split(".")) for column in columns]

    def parse(source: str, lines: Iterable[bytes]) -> Iterator[Row]:
        for line in lines:
            text = line.decode(encoding, "surrogateescape")
            record = _object(text)
            if record is not None:
                values = [_value(record, name, path) for name, path in keys]
                if isinstance(values[0], dict | list):  # no text, whatever it holds
                    yield damaged(text)
                else:
                    yield sound([_text(value) for value in values], text)
            elif line.strip():
                yield damaged(text)

    return parse


def _object(text: str) -> dict[str, Any] | None:
    try:
        record = json.loads(
            text.removeprefix("\ufeff"),
            parse_int=str,
            parse_float=str,
            parse_constant=lambda name: None,
            strict=False,
        )
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _leaves(record: dict[str, Any], prefix: str = "", depth: int = 8) -> Iterator[str]:
    """The names of the values: nested ones by the keys that lead to them, with dots between."""
    for key, value in record.items():
        if isinstance(value, dict) and value and depth:
            yield from _leaves(value, f"{prefix}{key}.", depth - 1)
        else:
            yield prefix + key


def _value(record: dict[str, Any], name: str, path: list[str]) -> Any:
    value: Any = record
    for key in [name] if name in record else path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _no_object(inputs: Inputs) -> str:
    head = inputs.head
    if head.content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return (
            f"input: {head.path} is one JSON array: make lines of its elements, "
            "with: jq -c '.[]' FILE"
        )
    return (
        f"input: no line among the first {len(head.lines)} of {head.path} is a JSON "
        "object: is it JSON Lines? Give --format if it is another"
    )
