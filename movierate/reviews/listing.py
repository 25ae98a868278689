"""Lists the files of a dump. What is read is decided here, and compared with Spark's listing.

Spark passes over names that begin with ``_`` or ``.`` in silence, and takes other characters for
patterns. So the paths that a user gives are resolved here, once, for every format. Spark is given
files and directories by their literal names, and what it lists is compared with what was found.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from movierate.errors import UserError
from movierate.reviews.names import SOURCE, list_names
from movierate.spark.filesystem import (
    FileStatus,
    FileSystem,
    FileSystemError,
    files_of,
    name_of,
    uri_of,
)

COMPRESSIONS = (".gz", ".bz2", ".zst", ".snappy", ".lz4", ".deflate")

DOCUMENT_SUFFIXES = (
    *(".md", ".rst", ".html", ".htm", ".pdf", ".png", ".jpg", ".jpeg", ".svg", ".gif"),
    *(".py", ".ipynb", ".sh", ".yaml", ".yml", ".toml", ".md5", ".sha1", ".sha256", ".sha512"),
)
DOCUMENT_STEMS = ("readme", "license", "licence", "notice", "changelog", "citation", "copying")
DOCUMENT_NAMES = (
    *("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "croissant.json"),
    "dataset-metadata.json",
)
"""Files that are found beside dumps and are none: texts, and what data set hubs add."""

TABLE_LOGS = {"_delta_log": "delta", ".hoodie": "hudi"}
"""Directories of tables whose other files hold rows that were deleted or replaced, too."""

LOCAL = "file:"
"""How Hadoop's paths on this machine begin."""

_PATTERN = re.compile(r"[\\\[\]{}*?^!]")
"""Characters that mean something in a pattern of paths."""


class File(NamedTuple):
    """A file of a dump."""

    path: str
    """As Hadoop writes it, with the scheme; nothing is escaped."""
    bytes: int

    @property
    def name(self) -> str:
        """Without its directories."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Listing:
    """The files below the paths that a user gave."""

    roots: tuple[str, ...]
    """Files and directories that hold them all, none within another."""
    files: tuple[File, ...]
    """What is to be read, each file once, in the order of the paths and then of the names."""
    passed_over: tuple[str, ...]
    """Documents that lie beside the dump."""
    repeated: tuple[str, ...] = ()
    """Files that lie below several of the paths; they are read once."""
    links: tuple[str, ...] = ()
    """Further names of files, by symbolic links; they are not read a second time."""

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)

    def spark_paths(self) -> list[str]:
        """What to give to a reader that looks into subdirectories; `leave_out` leaves the files."""
        return [escape_pattern(path) for path in self.roots]

    def leave_out(self, frame: DataFrame) -> DataFrame:
        """A scan without the files that are not to be read: Spark does not open them."""
        return _without(frame, (*self.passed_over, *self.links))

    def leave_out_links(self, frame: DataFrame) -> DataFrame:
        """A scan without further names of its files."""
        return _without(frame, self.links)


def list_files(spark: SparkSession, paths: Sequence[str], may_be_empty: bool = False) -> Listing:
    """List files, directories with all that is below them, and patterns like ``*.jsonl.gz``.

    Args:
        spark: the session.
        paths: of any file system that Spark knows.
        may_be_empty: whether paths may hold no data.

    Raises:
        UserError: a path matches nothing, can't be listed, or is passed over by Spark; or it holds
            no data and may not be empty.
    """
    roots: dict[str, _Root] = {}
    found: dict[str, dict[str, File]] = {}
    documents: list[str] = []
    repeated: list[str] = []
    for path in paths:
        is_empty = True
        for root in _resolve(spark, path, may_be_empty):
            roots[root.path] = root
            for file, real_path in _walk(root):
                if not root.is_named_file and is_document(file.name):
                    documents.append(file.path)
                    continue
                names = found.setdefault(real_path, {})
                if file.path in names:
                    repeated.append(file.path)
                names[file.path] = file
                is_empty &= not file.bytes
        if is_empty and not may_be_empty:
            raise UserError(f"input: {path} holds no files with data: nothing to rate")
    files = tuple(_best_name(real, list(names.values())) for real, names in found.items())
    read = {file.path for file in files}
    all_names = dict.fromkeys(path for names in found.values() for path in names)
    return Listing(
        roots=_outermost(roots),
        files=files,
        passed_over=tuple(path for path in dict.fromkeys(documents) if path not in all_names),
        repeated=tuple(repeated),
        links=tuple(path for path in all_names if path not in read),
    )


def _best_name(real_path: str, names: Sequence[File]) -> File:
    """Of the names of one file, the one to read it by: one that tells the format, then its own."""
    return min(
        names,
        key=lambda file: (not data_suffix(file.name), file.path != real_path),
    )


def _without(frame: DataFrame, paths: Sequence[str]) -> DataFrame:
    if not paths:
        return frame
    sources = [source_of(frame.sparkSession, path) for path in paths]
    return frame.where(~F.col(SOURCE).isin(sources))


def check_all_read(frame: DataFrame, files: Iterable[File]) -> None:
    """Make sure that Spark reads all files that were found.

    Raises:
        UserError: Spark passes over a file.
    """
    read = {as_source(unquote(uri)) for uri in files_of(frame)}
    missing = [file.path for file in files if file.bytes and as_source(file.path) not in read]
    if missing:
        raise UserError(
            f"input: Spark skips {list_names(missing, 3)}: rename the file, or run again if "
            "the directory was being written; beside _spark_metadata, give the files' paths"
        )


def is_hidden(name: str) -> bool:
    """Whether Spark skips files and directories of this name."""
    begins = name.startswith(".") or (name.startswith("_") and "=" not in name)
    return begins or name.endswith("._COPYING_")


def is_document(name: str) -> bool:
    """Whether a file's name is that of documentation beside a dump."""
    name = name.lower()
    stem = name.partition(".")[0]
    is_text = stem in DOCUMENT_STEMS and PurePosixPath(name).suffix in ("", ".txt")
    suffix = PurePosixPath(name).suffix
    is_readme = "readme" in name and (suffix in ("", ".txt") or suffix[1:].isdigit())
    return is_text or is_readme or name in DOCUMENT_NAMES or name.endswith(DOCUMENT_SUFFIXES)


def escape_pattern(path: str) -> str:
    """A path with its pattern characters escaped."""
    return _PATTERN.sub(r"\\\g<0>", path)


def as_source(path: str) -> str:
    """A path as rows name their source: the local file system is written in one way."""
    return re.sub(r"^file:/+", "file:/", path)


def source_of(spark: SparkSession, path: str) -> str:
    """A file's path as Spark's `_metadata.file_path` writes it, with its escapes."""
    return as_source(uri_of(spark, path))


def data_suffix(name: str) -> str:
    """What a file's name ends with, in lower case, but for its compression."""
    name = name.lower()
    for compression in COMPRESSIONS:
        name = name.removesuffix(compression)
    return PurePosixPath(name).suffix


class _Root(NamedTuple):
    """A path that is there."""

    file_system: FileSystem
    status: FileStatus
    is_named: bool
    """Whether the user wrote just this, and no pattern."""

    @property
    def path(self) -> str:
        return self.status.path

    @property
    def is_named_file(self) -> bool:
        return self.is_named and not self.status.is_directory


def _resolve(spark: SparkSession, path: str, may_be_empty: bool) -> list[_Root]:
    """What is there under a name, or what matches it as a pattern."""
    file_system = FileSystem(spark, path)
    try:
        is_named = file_system.exists(path)
        if is_named:
            found: Sequence[FileStatus] = [file_system.status(path)]
        else:
            _check_pattern(path)
            found = file_system.glob(path)
    except FileSystemError as error:
        raise _unlistable(path, error) from None
    if is_named:
        visible = [status for status in found if status.is_directory or not is_hidden(status.name)]
    else:
        visible = [status for status in found if not _is_hidden_match(path, status.path)]
    if found and not visible:
        raise UserError(f"input: {path}: Spark skips names that begin with _ or .; rename the file")
    if not found and not (may_be_empty and _PATTERN.search(path)):
        raise UserError(f"input: there is no file or directory {path}")
    return [_Root(file_system, status, is_named) for status in visible]


def _check_pattern(path: str) -> None:
    """Hadoop takes ** for *, and would pass over all files that lie deeper."""
    names = path.split("/")
    if "**" in names:
        above = "/".join(names[: names.index("**")]) or "."
        raise UserError(
            f"input: {path}: ** is not supported: name the directory, {above}, and all files "
            "below it are read, or give a pattern for each level, like */*.jsonl"
        )


def _is_hidden_match(pattern: str, path: str) -> bool:
    """Whether a path has a hidden name where the pattern does not ask for one."""
    names, asked = path.split("/"), pattern.split("/")
    if is_hidden(names[-1]):
        return True
    pairs = zip(reversed(names), reversed(asked), strict=False)
    return any(is_hidden(name) and name != part and part[:1] not in "._" for name, part in pairs)


def _walk(root: _Root) -> Iterator[tuple[File, str]]:
    """The files at or below a root, by name, each with its path without symbolic links.

    Hidden ones are passed over, as Spark does. Only local file systems have links.
    """
    file_system = root.file_system
    real_root = root.path
    if file_system.is_local:
        real_root = f"{LOCAL}{os.path.realpath(_local(root.path))}"
    if not root.status.is_directory:
        yield File(root.path, root.status.bytes), real_root
        return
    waiting: list[tuple[str, tuple[str, ...]]] = [(root.path, (real_root,))]
    while waiting:
        directory, real_directories = waiting.pop()
        below = []
        if file_system.is_local:
            entries = _list_local(directory, real_directories)
        else:
            entries = _list(file_system, directory)
        for path, length, is_directory, real_path in entries:
            if is_directory:
                _check_no_table(path)
            if is_hidden(name_of(path)):
                continue
            if is_directory:
                below.append((path, (*real_directories, real_path)))
            else:
                yield File(path, length), real_path
        waiting += reversed(below)


def _list(file_system: FileSystem, directory: str) -> list[tuple[str, int, bool, str]]:
    """As `_list_local`, of any file system."""
    try:
        return [(*status, status.path) for status in file_system.list_many(directory)]
    except FileSystemError as error:
        raise _unlistable(directory, error) from None


def _list_local(
    directory: str, real_directories: Sequence[str]
) -> list[tuple[str, int, bool, str]]:
    """Path, bytes, whether it is a directory, and real path of each entry, sorted by path.

    Args:
        directory: to list.
        real_directories: those on the way to it, and itself, without symbolic links.

    Raises:
        UserError: a symbolic link leads nowhere or back, or the directory can't be listed.
    """
    found = []
    try:
        with os.scandir(_local(directory)) as entries:
            for entry in entries:
                path, real_path = (
                    f"{directory}/{entry.name}",
                    f"{real_directories[-1]}/{entry.name}",
                )
                if is_hidden(entry.name) and entry.name not in TABLE_LOGS:
                    continue
                if entry.is_symlink():
                    real_path = f"{LOCAL}{os.path.realpath(entry.path)}"
                    _check_link(path, real_path, real_directories)
                found.append((path, entry.stat().st_size, entry.is_dir(), real_path))
    except OSError as error:
        raise UserError(f"input: {directory} can't be listed ({error.strerror})") from None
    return sorted(found)


def _check_link(path: str, real_path: str, real_directories: Sequence[str]) -> None:
    if not os.path.exists(_local(real_path)):
        raise UserError(
            f"input: {path} is a symbolic link to {_local(real_path)}, which does not exist: "
            "bring the file back, or remove the link"
        )
    if any(f"{real}/".startswith(f"{real_path.rstrip('/')}/") for real in real_directories):
        raise UserError(
            f"input: {path} is a symbolic link to a directory above it: remove the link, or "
            "name the directories beside it"
        )


def _local(path: str) -> str:
    """A path of this machine, as Python takes it."""
    return path.removeprefix(LOCAL)


def _check_no_table(path: str) -> None:
    table, _, name = path.rpartition("/")
    if format := TABLE_LOGS.get(name):
        raise UserError(
            f"input: {table} is a {format} table, whose files also have deleted rows: write a copy "
            f"with Spark: spark.read.format('{format}').load(...).write.parquet(...)"
        )


def _outermost(roots: dict[str, _Root]) -> tuple[str, ...]:
    """Roots without those that another one reads, too."""
    directories = {path for path, root in roots.items() if root.status.is_directory}

    def is_read_by_another(path: str) -> bool:
        parts = path.split("/")
        for length in range(len(parts) - 1, 0, -1):
            if is_hidden(parts[length]):
                return False
            if "/".join(parts[:length]) in directories:
                return True
        return False

    return tuple(path for path in roots if not is_read_by_another(path))


def _unlistable(path: str, error: FileSystemError) -> UserError:
    why = str(error)
    if "Relative path in absolute URI" in why:
        why = "a name there has a colon, which Hadoop reads as the end of a scheme: rename the file"
    return UserError(f"input: {path} can't be listed ({why})")
