"""Hadoop's file systems: local disks, HDFS, S3 and others."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession

from movierate.errors import UserError
from movierate.files import replace_file
from movierate.spark.errors import SPARK_ERRORS, first_line
from movierate.spark.session import check_readable


class FileStatus(NamedTuple):
    """A file or a directory."""

    path: str
    """As Hadoop writes it, with the scheme; nothing is escaped."""
    bytes: int
    is_directory: bool

    @property
    def name(self) -> str:
        """Without its directories."""
        return self.path.rpartition("/")[2]


class FileSystemError(OSError):
    """An error of Hadoop's, as one line."""

    def __init__(self, error: Py4JJavaError) -> None:
        super().__init__(first_line(error))
        self.java_exception = str(error.java_exception)
        """With the name of the class."""


class FileSystem:
    """The file system that holds a path. All paths are text; those given to methods are its own.

    Methods raise FileSystemError where Hadoop can't do what is asked.
    """

    def __init__(self, spark: SparkSession, path: str) -> None:
        """Find the file system.

        Raises:
            UserError: no file system of the path's scheme is known or can be reached.
        """
        check_readable(path, "path")
        jvm: Any = spark._jvm
        self._java = jvm
        self._configuration = spark._jsc.hadoopConfiguration()  # type: ignore[attr-defined]
        try:
            java_path = _path_class(jvm)(path)
            self._fs = java_path.getFileSystem(self._configuration)
            qualified = self._fs.makeQualified(java_path)
        except SPARK_ERRORS as error:
            raise UserError(f"path: {path} can't be used ({first_line(error)})") from None
        self.path = str(qualified)
        """The path that it was found by, with the scheme."""
        uri = qualified.toUri()
        self.scheme, self.authority = str(uri.getScheme()), str(uri.getAuthority())
        self.local_path = str(uri.getPath())
        """The same without scheme and authority."""

    @property
    def is_local(self) -> bool:
        """Whether it is the local file system."""
        return self.scheme == "file"

    def exists(self, path: str) -> bool:
        """Whether there is such a file or directory."""
        with _explain_errors():
            return bool(self._fs.exists(self._path(path)))

    def status(self, path: str) -> FileStatus:
        """The status of a file or directory."""
        with _explain_errors():
            return _status(self._fs.getFileStatus(self._path(path)))

    def modified_at(self, path: str) -> float:
        """When it was written, in seconds since 1970."""
        with _explain_errors():
            return float(self._fs.getFileStatus(self._path(path)).getModificationTime()) / 1000

    def is_directory(self, path: str) -> bool:
        """Whether there is such a directory."""
        return self.exists(path) and self.status(path).is_directory

    def list(self, path: str) -> Sequence[FileStatus]:
        """The entries of a directory; none if it does not exist."""
        if not self.exists(path):
            return []
        with _explain_errors():
            return [_status(status) for status in self._fs.listStatus(self._path(path))]

    def glob(self, pattern: str) -> Sequence[FileStatus]:
        """What matches a pattern, sorted by path."""
        with _explain_errors():
            return [_status(s) for s in self._fs.globStatus(self._path(pattern)) or ()]

    def list_many(self, directory: str) -> Sequence[FileStatus]:
        """`list` of a directory that may hold very many entries, sorted by path.

        It takes a few calls to the JVM for all of them; each call takes a tenth of a millisecond.
        """
        apache = self._java.org.apache
        transform = apache.commons.collections4.functors.InvokerTransformer.invokerTransformer
        with _explain_errors():
            found = self._fs.listStatusIterator(self._path(directory))
            entries = apache.hadoop.util.functional.RemoteIterators.toList(found)
            if entries.isEmpty():
                return []
            columns = (
                apache.commons.collections4.CollectionUtils.collect(entries, transform(getter))
                for getter in ("getPath", "getLen", "isDirectory")
            )
            texts = (str(apache.commons.lang3.StringUtils.join(c, "\0")) for c in columns)
            rows = zip(*(text.split("\0") for text in texts), strict=True)
            return sorted(FileStatus(path, int(size), kind == "true") for path, size, kind in rows)

    @contextmanager
    def open(self, path: str, unpack: bool = False) -> Iterator[JavaStream]:
        """A file's bytes. unpack: decompress them as the file's name says."""
        with _explain_errors():
            stream = self._fs.open(self._path(path))
            try:
                yield JavaStream(self._unpack(stream, path) if unpack else stream)
            finally:
                stream.close()

    def read_text(self, path: str, charset: str = "UTF-8") -> str:
        """A small file's text. charset: as Java names it."""
        with _explain_errors():
            stream = self._fs.open(self._path(path))
            try:
                return str(self._java.org.apache.commons.io.IOUtils.toString(stream, charset))
            finally:
                stream.close()

    def write_text(self, path: str, text: str, overwrite: bool = True) -> None:
        """Write a file, and the directories around it."""
        with _explain_errors():
            stream = self._fs.create(self._path(path), overwrite)
            stream.write(bytearray(text.encode()))
            stream.close()

    def replace_text(self, path: str, text: str) -> None:
        """Replace a file atomically.

        An object store has no rename that replaces. There, a file appears when it is closed.
        """
        if self.is_local:
            file = Path(str(self._path(path).toUri().getPath()))
            file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file, text.encode())
            return
        partial = f"{parent_of(path)}/.{name_of(path)}.{uuid.uuid4().hex[:12]}.partial"
        self.write_text(partial, text)
        self.delete(path)
        self.rename(partial, path)

    def make_directory(self, path: str) -> bool:
        """Make a directory, and those around it; False if none can be made."""
        with _explain_errors():
            return bool(self._fs.mkdirs(self._path(path)))

    def rename(self, source: str, target: str) -> bool:
        """Move a file or a directory; False if it was not done."""
        with _explain_errors():
            return bool(self._fs.rename(self._path(source), self._path(target)))

    def delete(self, path: str, recursive: bool = False) -> None:
        """Delete a file or a directory, if it is there."""
        with _explain_errors():
            self._fs.delete(self._path(path), recursive)

    def size(self, path: str) -> int:
        """Bytes of a file, or of all files in a directory."""
        with _explain_errors():
            return int(self._fs.getContentSummary(self._path(path)).getLength())

    def copy_to_local(self, path: str, target: Path) -> None:
        """Copy a file or a directory to this machine."""
        with _explain_errors():
            local = self._path(f"file://{target}")
            self._fs.copyToLocalFile(False, self._path(path), local, True)  # no .crc files

    def copy_from_local(self, path: Path, target: str) -> None:
        """Copy a file or a directory of this machine here, and make the directories around it."""
        with _explain_errors():
            self._fs.mkdirs(self._path(parent_of(target)))
            self._fs.copyFromLocalFile(self._path(f"file://{path}"), self._path(target))

    def _path(self, path: str) -> Any:
        return _path_class(self._java)(path)

    def _unpack(self, stream: Any, path: str) -> Any:
        factory = self._java.org.apache.hadoop.io.compress.CompressionCodecFactory
        codec = factory(self._configuration).getCodec(self._path(path))
        return stream if codec is None else codec.createInputStream(stream)


class JavaStream:
    """An open file."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        """So many bytes; fewer at the end of the file."""
        with _explain_errors():
            return bytes(self._stream.readNBytes(size))

    def seek(self, position: int) -> None:
        """Go on from a position."""
        with _explain_errors():
            self._stream.seek(position)


def parent_of(path: str) -> str:
    """The directory of a path."""
    return path.rstrip("/").rpartition("/")[0]


def name_of(path: str) -> str:
    """The last component of a path."""
    return path.rstrip("/").rpartition("/")[2]


def uri_of(spark: SparkSession, path: str) -> str:
    """A path with its special characters escaped."""
    jvm: Any = spark._jvm
    return str(_path_class(jvm)(path).toUri().toString())


def files_of(frame: DataFrame) -> Sequence[str]:
    """The files that a frame is read from, as URIs."""
    jvm: Any = frame.sparkSession._jvm
    paths = frame._jdf.inputFiles()  # type: ignore[operator]
    return str(jvm.org.apache.hadoop.util.StringUtils.join("\n", paths)).split("\n")


def expand_pattern(spark: SparkSession, pattern: str) -> Sequence[Sequence[str]]:
    """A pattern of paths as regular expressions of its components; one for each alternative.

    Raises:
        FileSystemError: it is no pattern.
    """
    jvm: Any = spark._jvm
    hadoop = jvm.org.apache.hadoop.fs
    with _explain_errors():
        return [
            [hadoop.GlobPattern.compile(name).pattern() for name in path.split("/") if name]
            for path in map(str, hadoop.GlobExpander.expand(pattern))
        ]


def _path_class(jvm: Any) -> Any:
    """Hadoop's Path. By its whole name, or py4j looks for packages in every JAR first."""
    return getattr(jvm, "org.apache.hadoop.fs.Path")


@contextmanager
def _explain_errors() -> Iterator[None]:
    try:
        yield
    except Py4JJavaError as error:
        raise FileSystemError(error) from error


def _status(status: Any) -> FileStatus:
    return FileStatus(str(status.getPath()), int(status.getLen()), bool(status.isDirectory()))
