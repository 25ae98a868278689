"""Which files a dump is: one listing, which decides what is read and what Spark must have read.

Spark passes over names that begin with ``_`` or ``.`` in silence, and takes other characters for
patterns. So the paths that a user gives are resolved here, once, for every format. Spark is given
files and directories by their literal names, and what it lists is compared with what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from movierate.errors import UserError
from movierate.reviews.record import SOURCE, list_names
from movierate.spark import file_system, first_line

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

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)

    def spark_paths(self) -> list[str]:
        """What to give to a reader that looks into subdirectories; `leave_out` leaves the files."""
        return [escape_pattern(path) for path in self.roots]

    def leave_out(self, frame: DataFrame) -> DataFrame:
        """A scan without the files that are passed over: Spark does not open them."""
        if not self.passed_over:
            return frame
        sources = [source_of(frame.sparkSession, path) for path in self.passed_over]
        return frame.where(~F.col(SOURCE).isin(sources))


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
    lister = _Lister(spark)
    roots: dict[str, _Root] = {}
    files: dict[str, File] = {}
    documents: list[str] = []
    repeated: list[str] = []
    for path in paths:
        is_empty = True
        for root in _resolve(spark, path):
            roots[root.path] = root
            for file in lister.walk(root):
                if not root.is_named_file and is_document(file.name):
                    documents.append(file.path)
                    continue
                if file.path in files:
                    repeated.append(file.path)
                files[file.path] = file
                is_empty &= not file.bytes
        if is_empty and not may_be_empty:
            raise UserError(f"input: {path} holds no files with data: nothing to rate")
    documents = [path for path in dict.fromkeys(documents) if path not in files]
    return Listing(_outermost(roots), tuple(files.values()), tuple(documents), tuple(repeated))


def check_all_read(frame: DataFrame, files: Iterable[File]) -> None:
    """Make sure that Spark reads all files that were found.

    Raises:
        UserError: Spark passes over a file.
    """
    jvm: Any = frame.sparkSession._jvm
    listed = jvm.org.apache.hadoop.util.StringUtils.join("\n", frame._jdf.inputFiles())  # type: ignore[operator]
    read = {as_source(unquote(uri)) for uri in str(listed).split("\n")}
    missing = [file.path for file in files if file.bytes and as_source(file.path) not in read]
    if missing:
        raise UserError(
            f"input: Spark passes over {list_names(missing, 3)}: rename the file, or run again if "
            "the directory was being written to"
        )


def is_hidden(name: str) -> bool:
    """Whether Spark passes over files and directories of this name."""
    begins = name.startswith(".") or (name.startswith("_") and "=" not in name)
    return begins or name.endswith("._COPYING_")


def is_document(name: str) -> bool:
    """Whether a file is by its name about a dump, and no part of it."""
    name = name.lower()
    stem = name.partition(".")[0]
    is_text = stem in DOCUMENT_STEMS and PurePosixPath(name).suffix in ("", ".txt")
    return is_text or name in DOCUMENT_NAMES or name.endswith(DOCUMENT_SUFFIXES)


def escape_pattern(path: str) -> str:
    """A path that Spark takes literally, whatever characters are in it."""
    return _PATTERN.sub(r"\\\g<0>", path)


def as_source(path: str) -> str:
    """A path as rows name their source: the local file system is written in one way."""
    return re.sub(r"^file:/+", "file:/", path)


def source_of(spark: SparkSession, path: str) -> str:
    """A file's path as Spark's `_metadata.file_path` writes it, with its escapes."""
    jvm: Any = spark._jvm
    return as_source(str(jvm.org.apache.hadoop.fs.Path(path).toUri().toString()))


def data_suffix(name: str) -> str:
    """What a file's name ends with, in lower case, but for its compression."""
    name = name.lower()
    for compression in COMPRESSIONS:
        name = name.removesuffix(compression)
    return PurePosixPath(name).suffix


class _Root(NamedTuple):
    """A path that is there."""

    fs: Any
    path: str
    bytes: int
    is_directory: bool
    is_named: bool
    """Whether the user wrote just this, and no pattern."""

    @property
    def is_named_file(self) -> bool:
        return self.is_named and not self.is_directory


def _resolve(spark: SparkSession, path: str) -> list[_Root]:
    """What is there under a name, or what matches it as a pattern."""
    fs, hadoop_path = file_system(spark, path)
    try:
        is_named = bool(fs.exists(hadoop_path))
        if is_named:
            found = [fs.getFileStatus(hadoop_path)]
        else:
            found = list(fs.globStatus(hadoop_path) or ())
    except Py4JJavaError as error:
        raise _unlistable(path, error) from None
    if not found:
        raise UserError(f"input: there is no file or directory {path}")
    roots = [
        _Root(fs, str(s.getPath()), int(s.getLen()), bool(s.isDirectory()), is_named) for s in found
    ]
    visible = [root for root in roots if root.is_directory or not is_hidden(_name(root.path))]
    if not is_named:
        visible = [root for root in visible if not is_hidden(_name(root.path))]
    if not visible:
        raise UserError(
            f"input: {path}: Spark passes over names that begin with _ or . : rename the file"
        )
    return visible


class _Lister:
    """Lists directories of any file system, with few calls to the JVM: each takes a tenth of a
    millisecond, and a dump may have a hundred thousand files.
    """

    def __init__(self, spark: SparkSession) -> None:
        jvm: Any = spark._jvm
        apache = jvm.org.apache
        self._path = apache.hadoop.fs.Path
        self._to_list = apache.hadoop.util.functional.RemoteIterators.toList
        self._collect = apache.commons.collections4.CollectionUtils.collect
        self._join = apache.commons.lang3.StringUtils.join
        transform = apache.commons.collections4.functors.InvokerTransformer.invokerTransformer
        self._getters = [transform(name) for name in ("getPath", "getLen", "isDirectory")]

    def walk(self, root: _Root) -> Iterator[File]:
        """The files at or below a root, by name; hidden ones are passed over, as Spark does."""
        if not root.is_directory:
            yield File(root.path, root.bytes)
            return
        waiting = [root.path]
        while waiting:
            below = []
            for path, length, is_directory in self._list(root.fs, waiting.pop()):
                if is_directory:
                    _check_no_table(path)
                if is_hidden(_name(path)):
                    continue
                if is_directory:
                    below.append(path)
                else:
                    yield File(path, length)
            waiting += reversed(below)

    def _list(self, fs: Any, directory: str) -> list[tuple[str, int, bool]]:
        """Path, bytes and whether it is a directory of each entry, sorted by path."""
        try:
            entries = self._to_list(fs.listStatusIterator(self._path(directory)))
        except Py4JJavaError as error:
            raise _unlistable(directory, error) from None
        if entries.isEmpty():
            return []
        paths, lengths, kinds = (
            str(self._join(self._collect(entries, getter), "\0")).split("\0")
            for getter in self._getters
        )
        found = zip(paths, lengths, kinds, strict=True)
        return sorted((path, int(length), kind == "true") for path, length, kind in found)


def _check_no_table(path: str) -> None:
    table, _, name = path.rpartition("/")
    if format := TABLE_LOGS.get(name):
        raise UserError(
            f"input: {table} is a {format} table, whose files hold deleted rows, too: write a copy "
            f"with Spark: spark.read.format('{format}').load(...).write.parquet(...)"
        )


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _outermost(roots: dict[str, _Root]) -> tuple[str, ...]:
    """Roots without those that another one reads, too."""
    directories = {path for path, root in roots.items() if root.is_directory}

    def is_read_by_another(path: str) -> bool:
        parts = path.split("/")
        for length in range(len(parts) - 1, 0, -1):
            if is_hidden(parts[length]):
                return False
            if "/".join(parts[:length]) in directories:
                return True
        return False

    return tuple(path for path in roots if not is_read_by_another(path))


def _unlistable(path: str, error: Py4JJavaError) -> UserError:
    why = first_line(error)
    if "Relative path in absolute URI" in why:
        why = (
            "a name there has a colon, which Hadoop takes for the end of a scheme: rename the file"
        )
    return UserError(f"input: {path} can't be listed ({why})")
