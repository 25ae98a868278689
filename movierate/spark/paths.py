"""Checks of paths: names that Spark can't read, and an output among its inputs."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

from movierate.errors import UserError
from movierate.spark.filesystem import FileSystem, FileSystemError, expand_pattern
from movierate.spark.session import UTF8_LOCALE, check_path

PATTERN_CHARACTERS = re.compile(r"[\[\]{}?*\\]")

Parts = list[re.Pattern[str]]
"""A path's components, each an expression that a name matches."""


def check_output(path: str) -> None:
    """Make sure that no reader treats the output's path as a pattern.

    Raises:
        UserError: it is empty, or has a character that means something in a pattern or a URI.
    """
    check_path(path, "output")
    special = PATTERN_CHARACTERS.search(path)
    if special:
        raise UserError(
            f"output: {path} has a {special[0]}, "
            "which readers of Parquet treat as a pattern: choose another directory"
        )


def check_names(spark: SparkSession, paths: Sequence[str], output: str | None = None) -> None:
    """Make sure that Java can read each name. Spark skips other files, or writes elsewhere.

    Names on other file systems than this machine's are in UTF-8, whatever the locale.

    Args:
        spark: the session.
        paths: files, directories or patterns to read.
        output: a directory to write.

    Raises:
        UserError: a name has letters that the locale of the JVM lacks, or a colon.
    """
    charset = _java_charset(spark)
    if output is not None and (local := _local_path(spark, output)):
        _check_name("output", local, charset)
    for path in paths:
        local = _local_path(spark, path)
        if local:
            _check_name("input", local, charset)
            for found in _find(spark, local, charset):
                for name in (found, *_walk(found)):
                    _check_name("input", name, charset)


def check_apart(
    spark: SparkSession, paths: Sequence[str], output: str, written: Sequence[str] = ()
) -> None:
    """Make sure that no input includes the output.

    Args:
        spark: the session.
        paths: files, directories or patterns to read.
        output: a directory.
        written: files below it, one of each kind that is written there.

    Raises:
        UserError: an input is the output or a directory above it, or a pattern that matches one;
            or it is, or matches, such a file or what lies beside it.
    """
    root, into = _locate(spark, output)
    for path in paths:
        other_root, names = _locate(spark, path)
        if other_root != root:
            continue
        patterns = _parse_patterns(spark, path, names)
        if any(_has_prefix(into, parts) for parts in patterns):
            raise UserError(
                f"output: {output} is within the input {path}: "
                "the next run would read it: choose another"
            )
        for file in written:
            below = [*into, *_split(file)]
            directory = below[: len(into) + 1]
            if names[: len(directory)] == directory or any(
                _has_prefix(below, parts) for parts in patterns
            ):
                raise UserError(
                    f"input: {path} is what runs write to {output}: choose another output"
                )


def describe_mangled() -> str:
    """A hint for an error under spark-submit, which may have changed the arguments.

    A JVM whose locale is ASCII gives each byte of other letters on as a question mark, and each
    such letter has at least two.
    """
    if any("??" in word for word in sys.argv[1:]):
        context: Any = SparkContext
        context._ensure_initialized()
        if _charset(context._jvm) == "ascii":
            return (
                f" (spark-submit passes other letters than ASCII as ??: set LC_ALL={UTF8_LOCALE})"
            )
    return ""


def _check_name(what: str, path: str, charset: str) -> None:
    if _decode_as_java(path, charset) != path:
        if charset == "utf-8":
            raise UserError(f"{what}: {path!r} is not valid UTF-8: Spark can't read it")
        raise UserError(
            f"{what}: Java can't read the name {path} in this locale ({charset}): "
            f"set LC_ALL={UTF8_LOCALE}"
        )
    check_path(path, what)


def _decode_as_java(name: str, charset: str) -> str:
    return os.fsencode(name).decode(charset, "replace")


def _java_charset(spark: SparkSession) -> str:
    return _charset(spark._jvm)


def _charset(jvm: Any) -> str:
    """That in which the JVM reads and writes names of files, as Python calls it."""
    try:
        return codecs.lookup(str(jvm.System.getProperty("sun.jnu.encoding"))).name
    except LookupError:
        return "utf-8"


def _local_path(spark: SparkSession, path: str) -> str | None:
    """The absolute path, if it is one of this machine's."""
    is_local = FileSystem(spark, path).is_local
    return os.path.abspath(re.sub("^file:(//[^/]*)?", "", path)) if is_local else None


def _find(spark: SparkSession, path: str, charset: str) -> Iterator[str]:
    """What a local path names: itself, or what it matches as a pattern of names as Java reads them.

    (A question mark matches a byte that Java can't read, and one may be such a byte.)
    """
    if os.path.lexists(path) or not PATTERN_CHARACTERS.search(path):
        yield path
        return
    for parts in _expand(spark, path):
        yield from _match("/", parts, charset)


def _match(directory: str, parts: Parts, charset: str) -> Iterator[str]:
    if not parts:
        yield directory
        return
    try:
        names = os.listdir(directory)
    except OSError:
        return  # not a directory, or one that can't be read
    for name in names:
        if parts[0].fullmatch(_decode_as_java(name, charset)):
            yield from _match(os.path.join(directory, name), parts[1:], charset)


def _walk(path: str) -> Iterator[str]:
    """Files and directories below a directory, but for those that Spark passes over."""
    seen = set()
    for folder, directories, files in os.walk(path, followlinks=True):
        directories[:] = [name for name in directories if not _is_hidden(name)]
        if (real := os.path.realpath(folder)) in seen:
            directories.clear()
            continue
        seen.add(real)
        yield from (f"{folder}/{name}" for name in (*directories, *files) if not _is_hidden(name))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def _locate(spark: SparkSession, path: str) -> tuple[tuple[str, str], list[str]]:
    """The file system of a path and its components, local ones without symbolic links."""
    found = FileSystem(spark, path)
    names = _resolve_links(found.local_path) if found.is_local else found.local_path
    return (found.scheme, found.authority), _split(names)


def _resolve_links(path: str) -> str:
    """A local path without symbolic links, as far as its components are no patterns."""
    parts = Path(path).parts
    count = next((n for n, part in enumerate(parts) if PATTERN_CHARACTERS.search(part)), len(parts))
    return os.path.join(os.path.realpath(os.path.join(*parts[:count])), *parts[count:])


def _parse_patterns(spark: SparkSession, path: str, names: list[str]) -> list[Parts]:
    """What a path's names match: themselves, if they are no pattern or there is such a file."""
    if PATTERN_CHARACTERS.search(path) and not FileSystem(spark, path).exists(path):
        return _expand(spark, "/" + "/".join(names))
    return [[re.compile(re.escape(name)) for name in names]]


def _expand(spark: SparkSession, pattern: str) -> list[Parts]:
    """A pattern as Hadoop takes it: one way for each of the alternatives in its braces."""
    try:
        return [[re.compile(part) for part in parts] for parts in expand_pattern(spark, pattern)]
    except FileSystemError as error:
        raise UserError(f"input: {pattern} is not a pattern ({error})") from None


def _split(path: str) -> list[str]:
    return [name for name in path.split("/") if name]


def _has_prefix(names: Sequence[str], parts: Parts) -> bool:
    """Whether the first names match the parts, all of them."""
    return len(parts) <= len(names) and all(
        part.fullmatch(name) for part, name in zip(parts, names, strict=False)
    )
