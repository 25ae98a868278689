"""The registry of formats, and detection of a dump's format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from pyspark.sql import SparkSession

from movierate.config.jobs import DumpConfig
from movierate.errors import UserError
from movierate.reviews.containers import check_not_container
from movierate.reviews.encoding import AUTO, UTF8
from movierate.reviews.formats import check_format, format_names
from movierate.reviews.inputs import Head, Inputs
from movierate.reviews.listing import File, data_suffix
from movierate.reviews.schema import Records


@dataclass(frozen=True)
class Format:
    """How dumps of one format are recognized and read."""

    name: str
    read: Callable[[SparkSession, Inputs, DumpConfig, str], Records]
    """Given the session, the files, the settings and the charset."""
    suffixes: tuple[str, ...] = ()
    """What names of its files end with, less a compression's suffix."""
    is_certain: Callable[[Head], bool] = lambda head: False
    """Whether a file that begins so is of this format, whatever its name is."""
    is_likely: Callable[[Head], bool] = lambda head: False
    """Whether a file that begins so is of this format, if its name does not tell."""
    is_tree: Callable[[Sequence[File]], bool] = lambda files: False
    """Whether these files are of this format, by their paths."""
    select: Callable[[Sequence[File]], Sequence[File]] = lambda files: files
    """The files that hold reviews. It raises UserError for those that do not belong there."""
    encoding: str = UTF8
    """The charset, unless the user names one."""
    has_lines: bool = True
    """Whether its files are text that Spark reads line by line."""
    is_streamable: bool = True
    """Whether incremental runs can read it: a file says all of its reviews."""


_formats: dict[str, Format] = {}


def register(format: Format) -> None:
    """Add a format; the module that does so has its name."""
    _formats[format.name] = format


def find_format(name: str) -> Format:
    """The format of a name.

    Raises:
        UserError: there is none.
    """
    check_format(name)
    import_module(f"movierate.reviews.formats.{name}")
    return _formats[name]


@cache
def formats_by_suffix() -> dict[str, Format]:
    """The format that each suffix stands for."""
    return {suffix: format for format in _all() for suffix in format.suffixes}


def choose_format(name: str, inputs: Inputs) -> Format:
    """The format that the user named, or the one detected.

    Raises:
        UserError: as `find_format` or `detect_format`.
    """
    return detect_format(inputs) if name == AUTO else find_format(name)


def detect_format(inputs: Inputs) -> Format:
    """The format of a dump.

    Raises:
        UserError: neither the first file's beginning nor its name tells, or it is one that is
            not read, or the files are of several formats.
    """
    for format in _all():
        if format.is_tree(inputs.files):
            return format
    check_not_container(inputs)
    format = _detect(inputs.head)
    _check_one_format(inputs, format)
    return format


def _all() -> list[Format]:
    return [find_format(name) for name in format_names()]


def _detect(head: Head) -> Format:
    formats = _all()
    certain = next((format for format in formats if format.is_certain(head)), None)
    if certain is not None:
        return certain
    found = formats_by_suffix().get(data_suffix(head.path))
    found = found or next((format for format in formats if format.is_likely(head)), None)
    if found is None:
        raise UserError(
            f"input: cannot detect the format of {head.path} from its name or content: "
            f"give --format {', '.join(format_names())}"
        )
    return found


def _check_one_format(inputs: Inputs, format: Format) -> None:
    """Make sure that no file has the suffix of another format: its lines would all be rejected."""
    by_suffix = formats_by_suffix()
    if by_suffix.get(data_suffix(inputs.head.path), format) != format:
        return  # what the files hold is not what their names say
    for file in inputs.files:
        other = by_suffix.get(data_suffix(file.name), format)
        if file.bytes and other != format:
            raise UserError(
                f"input: {inputs.head.path} is {format.name} and {file.path} is {other.name}: "
                f"a run reads one format: name the files of one, as '*.{format.name}'"
            )
