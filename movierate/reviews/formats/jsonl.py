"""JSON: one object per line, or documents with objects over many lines.

Lines are read in parallel within a file. A file that is an array, or whose objects go over several
lines, is read from its start by one task: its text is put together until an object is whole.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from movierate.config.jobs import DumpConfig
from movierate.errors import UserError
from movierate.reviews.columns import is_alias, match_column
from movierate.reviews.formats.lines import (
    Parser,
    Row,
    malformed_row,
    read_lines,
    session_of_whole_files,
    text_records,
    valid_row,
)
from movierate.reviews.formats.registry import Format, register
from movierate.reviews.inputs import Head, Inputs
from movierate.reviews.names import Name, names_of
from movierate.reviews.schema import Records

LONGEST_OBJECT = 100 << 20
"""Characters after which an object of a document counts as never closed."""

EXACT_DIGITS = 15
"""Digits that a double holds of any whole number."""
LONGS = range(-(1 << 63), 1 << 63)
"""What a long holds."""

KEY_SETS = 1_000
"""Different sets of keys whose columns are remembered."""

_ABSENT = object()
"""Where an object has no such key."""

_EMPTY_ARRAY = re.compile(r"\ufeff?\s*\[\s*\]\s*,?\s*")

_ARRAY = re.compile(rb"\s*\[\s*\{")
"""How a file begins that is an array of objects."""


class _Whole(str):
    """A whole number, as it is written."""


class _Real(str):
    """Another number, as it is written."""


def _parse_constant(name: str) -> Any:
    return None if name == "NaN" else _Real(name)


_decode = json.JSONDecoder(
    parse_int=_Whole, parse_float=_Real, parse_constant=_parse_constant, strict=False
).decode


def read(spark: SparkSession, inputs: Inputs, config: DumpConfig, encoding: str) -> Records:
    """The objects of the files; blank lines are no rows.

    Raises:
        UserError: the first file holds no objects, or one object that holds all reviews.
    """
    heads = [(head, _objects(head, encoding)) for head in inputs.known_heads]
    for head, objects in heads:
        _check_not_all_in_one(head, objects, encoding)
    layouts = [tuple(_leaves(record)) for _, objects in heads for record in objects]
    if not any(layouts):
        raise UserError(_describe_no_object(inputs.head))
    has_documents = any(_is_document(head, encoding) for head in inputs.heads)
    if has_documents:
        session = session_of_whole_files(spark)
        make_parser = document_parser

        def frame(lenient: bool) -> DataFrame:
            return read_lines(session, inputs, lenient, lineSep="{")
    else:
        make_parser = parser

        def frame(lenient: bool) -> DataFrame:
            return read_lines(spark, inputs, lenient)

    return text_records(
        inputs,
        frame=frame,
        layouts=layouts,
        parser=lambda wanted: make_parser(wanted.texts, encoding, wanted.kept),
        encoding=encoding,
        tag=tag_text,
        from_start=has_documents,
    )


def parser(columns: Sequence[Name], encoding: str, kept: Sequence[Name] = ()) -> Parser:
    """What makes rows of lines.

    A number is the text that it is written as; a key given twice has the value given last; an
    object or array is its JSON. A line may be an element of an array, with the comma behind it, or
    a Python literal, as in the Amazon dumps of 2014, or an array of objects. Lines that begin as a
    document does are parsed as one: so is a file that is an array over many lines, as long as it is
    not split.

    Args:
        columns: those wanted as text, the review's text first.
        encoding: the charset.
        kept: those wanted as `tag_value` gives them; they come behind the others.
    """
    make_row = _row_maker(columns, kept)
    parse_document = document_parser(columns, encoding, kept)

    def parse(source: str, lines: Iterable[bytes]) -> Iterator[Row]:
        start, lines = _read_start(iter(lines), 2)
        filled = [line for line in start if line.strip()]
        lines = chain(start, lines)
        if len(filled) > 1 and _begins_document(filled[0].decode(encoding, "surrogateescape")):
            yield from parse_document(source, _split_at_braces(lines))
            return
        for line in lines:
            text = line.decode(encoding, "surrogateescape")
            found = _parse_line(text)
            for record in found:
                yield make_row(record, text)
            if not found and line.strip() and not _EMPTY_ARRAY.fullmatch(text):
                yield malformed_row(text)

    return parse


def document_parser(columns: Sequence[Name], encoding: str, kept: Sequence[Name] = ()) -> Parser:
    """What makes rows of a whole file that was split before each ``{``; arguments as `parser`'s.

    Pieces are joined until the braces outside of strings are balanced: that is an object. What
    stands between objects is punctuation. Where an object is never closed, the lines that are
    objects by themselves are found again, and the others are rejected.
    """
    make_row = _row_maker(columns, kept)

    def parse(source: str, pieces: Iterable[bytes]) -> Iterator[Row]:
        for text in split_objects(piece.decode(encoding, "surrogateescape") for piece in pieces):
            record = _object(text)
            if record is not None:
                yield make_row(record, text)
            else:
                yield from recover(text)

    def recover(text: str) -> Iterator[Row]:
        lines = [line for line in text.split("\n") if line.strip("\ufeff \t\r[],")]
        found = [_parse_line(line) for line in lines]
        if not any(found):
            lines, found = [text], [[]]
        for line, records in zip(lines, found, strict=True):
            yield from (make_row(record, line) for record in records)
            if not records:
                yield malformed_row(line)

    return parse


def tag_value(value: Any) -> str | None:
    """A value as text with a letter before it, which says what it was.

    w: a whole number that a double holds; l: one that a long holds; r: another number; b: true or
    false; j: an object or an array; s: a string, or a number that is too long for a long.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return f"b{json.dumps(value)}"
    if isinstance(value, _Whole):
        digits = len(value.lstrip("-"))
        is_long = digits < 20 and int(value) in LONGS
        letter = "w" if digits <= EXACT_DIGITS else "l" if is_long else "s"
        return f"{letter}{value}"
    if isinstance(value, _Real):
        return f"{'s' if math.isinf(float(value)) else 'r'}{value}"
    return f"j{_json(value)}" if isinstance(value, dict | list) else f"s{value}"


def tag_text(text: str) -> str:
    """`tag_value` of a value without a type: a whole number if it is written in the usual way."""
    is_whole = re.fullmatch("0|-?[1-9][0-9]*", text) is not None
    return str(tag_value(_Whole(text) if is_whole else text))


def _row_maker(
    columns: Sequence[Name], kept: Sequence[Name]
) -> Callable[[dict[str, Any], str], Row]:
    found: dict[tuple[str, ...], list[list[list[str]]]] = {}

    def paths_in(record: dict[str, Any]) -> list[list[list[str]]]:
        """For each column, the ways to its values; objects have few different sets of keys."""
        keys = tuple(record)
        if keys not in found:
            if len(found) > KEY_SETS:
                found.clear()
            found[keys] = [_find_paths(name, keys) for name in (*columns, *kept)]
        return found[keys]

    def make_row(record: dict[str, Any], text: str) -> Row:
        try:
            return make_valid_row(record, text)
        except RecursionError:  # it is nested too deeply to be written again
            return malformed_row(text)

    def make_valid_row(record: dict[str, Any], text: str) -> Row:
        paths = paths_in(record)
        values = [_first_value(record, alternatives) for alternatives in paths[: len(columns)]]
        if values and isinstance(values[0], dict | list):  # no text, whatever it holds
            return malformed_row(text)
        more = [
            tag_value(_first_value(record, alternatives)) for alternatives in paths[len(columns) :]
        ]
        return valid_row([*map(_text, values), *more], text)

    return make_row


def _parse_line(text: str) -> list[dict[str, Any]]:
    """The objects of a line: one, those of an array, or none."""
    found = _load(text.removeprefix("\ufeff"))
    if found is None:
        element = text.strip("\ufeff \t\r\n\v\f").rstrip(",").rstrip()
        found = _load(element) if element != text else None
        if found is None:
            found = _literal(element)
    if isinstance(found, list) and all(isinstance(item, dict) for item in found):
        return found
    return [found] if isinstance(found, dict) else []


def _begins_document(line: str) -> bool:
    """Whether the first line of some is one of an array or object that goes on in the next."""
    start = line.strip("\ufeff \t\r\n")
    begins_array = re.match(r"\[\s*\{", start) is not None
    return start in ("[", "{") or (begins_array and not _parse_line(start))


def _read_start(lines: Iterator[bytes], count: int) -> tuple[list[bytes], Iterator[bytes]]:
    """Lines up to so many that are not blank, and the others."""
    start: list[bytes] = []
    for line in lines:
        start.append(line)
        count -= bool(line.strip())
        if count == 0:
            break
    return start, lines


def _split_at_braces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines as `document_parser` takes a file: split before each brace."""
    before = b""
    for line in lines:
        first, *others = (line + b"\n").split(b"{")
        before += first
        for piece in others:
            yield before
            before = piece
    yield before


def _object(text: str) -> dict[str, Any] | None:
    """The object of a document's piece: what stands before its brace is punctuation."""
    start = text.find("{")
    if start < 0 or text[:start].strip("\ufeff \t\r\n[],"):
        return None
    record = _load(text[start:])
    if record is None:
        record = _literal(text[start:].strip())
    return record if isinstance(record, dict) else None


def _load(text: str) -> Any:
    try:
        return _decode(text)
    except (ValueError, RecursionError):
        return None


def _literal(text: str) -> Any:
    """A Python literal, which is data alone: nothing of it is executed."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        record = ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return _to_json(record) if isinstance(record, dict) else None


def _to_json(value: Any) -> Any:
    """A literal's value as JSON would have given it."""
    if isinstance(value, dict):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_to_json(item) for item in value]
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int):
        return _Whole(value)
    return _Real(repr(value)) if isinstance(value, float) else str(value)


_IN_STRING = r'[^"\\\n]*(?:\\.[^"\\\n]*)*'
_MARKS = re.compile(rf'"{_IN_STRING}["\n]|[{{}}"]', re.DOTALL)
"""Strings, which no brace in them closes; a line ends one that is not closed. Then braces."""
_STRING_END = re.compile(rf'{_IN_STRING}["\n]', re.DOTALL)


def split_objects(pieces: Iterable[str]) -> Iterator[str]:
    """The texts of whole objects, with the punctuation before them, and what is no part of one.

    Args:
        pieces: a file, split before each ``{``, which the pieces are without.
    """
    parts: list[str] = []
    depth = size = 0
    in_string = False
    for number, piece in enumerate(pieces):
        text = "{" + piece if number else piece
        begin = place = 0
        if in_string and (end := _STRING_END.match(text)):
            place, in_string = end.end(), False
        while not in_string and (mark := _MARKS.search(text, place)):
            place = mark.end()
            in_string = mark[0] == '"'
            depth += mark[0] == "{"
            if mark[0] == "}":
                depth = max(0, depth - 1)
                if depth == 0:
                    yield "".join([*parts, text[begin:place]])
                    parts, begin, size = [], place, 0
        parts.append(text[begin:])
        size += len(parts[-1])
        if size > LONGEST_OBJECT:
            yield "".join(parts)
            parts, depth, size, in_string = [], 0, 0, False
    if rest := "".join(parts).strip(" \t\r\n[],"):
        yield rest


def _objects(head: Head, encoding: str) -> list[dict[str, Any]]:
    """The objects that a file begins with."""
    lines = (line.decode(encoding, "surrogateescape") for line in head.lines)
    found = [record for line in lines for record in _parse_line(line)]
    if found:
        return found
    text = head.content.decode(encoding, "surrogateescape")
    pieces = split_objects(text.split("{"))
    return [record for piece in pieces if (record := _object(piece)) is not None]


def _is_document(head: Head, encoding: str) -> bool:
    """Whether a file is an array of objects, or holds objects and none on a line of its own."""
    if _ARRAY.match(head.content.removeprefix(b"\xef\xbb\xbf")):
        return True
    lines = (line.decode(encoding, "surrogateescape") for line in head.lines)
    return bool(_objects(head, encoding)) and not any(_parse_line(line) for line in lines)


def _leaves(record: dict[str, Any], prefix: str = "", depth: int = 8) -> Iterator[str]:
    """The names of the values: nested ones by the keys that lead to them, with dots between."""
    for key, value in record.items():
        if isinstance(value, dict) and value and depth:
            yield from _leaves(value, f"{prefix}{key}.", depth - 1)
        else:
            yield prefix + key


def _find_paths(name: Name, keys: tuple[str, ...]) -> list[list[str]]:
    """The ways to the values of a column in objects of some keys: the name, or it less its dots."""
    found = []
    for one in names_of(name):
        first, *inner = [one] if one in keys else one.split(".")
        if (key := match_column(first, keys)) is not None:
            found.append([key, *inner])
    return found


def _first_value(record: dict[str, Any], paths: list[list[str]]) -> Any:
    """The value of the first path that is there; None if none is."""
    for path in paths:
        value = _value(record, path)
        if value is not _ABSENT:
            return value
    return None


def _value(record: dict[str, Any], path: list[str]) -> Any:
    value: Any = record
    for key in path:
        if not isinstance(value, dict):
            return _ABSENT
        found = key if key in value else match_column(key, tuple(value))
        if found is None:
            return _ABSENT
        value = value[found]
    return value


def _text(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    if isinstance(value, str):  # a number
        return str(value)
    return _json(value)


def _json(value: Any) -> str:
    """A value as JSON, with its numbers as they were written."""
    if isinstance(value, dict):
        return (
            f"{{{', '.join(f'{_json(str(key))}: {_json(item)}' for key, item in value.items())}}}"
        )
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, _Whole) or (isinstance(value, _Real) and value[-1:].isdigit()):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


_BY_ROWS = "write it by rows, with pandas: to_json(..., orient='records', lines=True)"
_ALL_IN_ONE = (
    (r'\{\s*"[^"]*"\s*:\s*\{\s*"0"\s*:', "of columns", _BY_ROWS),
    (r'\{\s*"0"\s*:\s*\{', "of numbered rows", "write its rows as lines, with: jq -c '.[]'"),
    (r'\{\s*"columns"\s*:\s*\[', "of columns and data", _BY_ROWS),
    (
        r'\{\s*"schema"\s*:\s*\{',
        "of a schema and data",
        "write its rows as lines, with: jq -c '.data[]'",
    ),
)
"""How files begin that are one object with all the reviews in it: of what, and what to do."""

_WRAPPER = re.compile(r'\s*\{\s*"([^"\\]+)"\s*:\s*\[\s*\{')


def _check_not_all_in_one(head: Head, objects: Sequence[dict[str, Any]], encoding: str) -> None:
    """Make sure that a file's objects are reviews, and do not hold all reviews inside.

    Raises:
        UserError: they do; the message says how to make lines of them.
    """
    text = head.content.decode(encoding, "surrogateescape").lstrip("\ufeff \t\r\n")
    name = head.path.rpartition("/")[2]
    if len(objects) <= 1:
        for beginning, what, remedy in _ALL_IN_ONE:
            if re.match(beginning, text):
                raise UserError(
                    f"input: {head.path} is one JSON object {what}: {remedy} ('{name}')"
                )
    if any(_has_text(record) for record in objects):
        return
    found = next(filter(None, map(_find_table, objects)), None)
    if found is None and not objects and (wrapper := _WRAPPER.match(text)):
        found = f'["{wrapper[1]}"]'  # too large to be read whole
    if found is not None:
        raise UserError(
            f"input: {head.path} has all reviews inside one JSON object: write them as lines, "
            f"with: jq -c '.{found}[]' '{name}'"
        )
    if objects and all(_is_of_columns(record) for record in objects):
        raise UserError(f"input: {head.path} is one JSON object of columns: {_BY_ROWS} ('{name}')")


def _has_text(record: dict[str, Any]) -> bool:
    """Whether an object has a text of a common name."""
    return any(type(value) is str and is_alias(key, "text") for key, value in record.items())


def _is_of_columns(record: dict[str, Any]) -> bool:
    """Whether an object's values are lists of one length, one of them a text's of a common name."""
    lengths = {len(value) if isinstance(value, list) else -1 for value in record.values()}
    texts = {key: value[0] for key, value in record.items() if isinstance(value, list) and value}
    return len(lengths) == 1 and -1 not in lengths and _has_text(texts)


def _find_table(record: dict[str, Any]) -> str | None:
    """Where an object holds an array of objects, as jq writes it."""
    for key, value in record.items():
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            return f'["{key}"]'
        if isinstance(value, dict) and (found := _find_table(value)):
            return f'["{key}"]{found}'
    return None


def _describe_no_object(head: Head) -> str:
    if not head.content:
        return f"input: {head.path} can't be read: is it damaged?"
    if _EMPTY_ARRAY.fullmatch(head.content.decode("utf-8", "replace")):
        return f"input: {head.path} is an empty JSON array: there is nothing to rate"
    if head.content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return f"input: {head.path} is one JSON array, and its elements are not objects"
    return (
        f"input: no line among the first {len(head.lines)} of {head.path} is a JSON "
        "object: is it JSON Lines? If not, set --format"
    )


def _is_likely(head: Head) -> bool:
    return head.content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


register(Format("jsonl", read, suffixes=(".jsonl", ".ndjson", ".json"), is_likely=_is_likely))
