"""The lock of an output directory: a file that names its owner.

The file is created in a way that fails where there is one already. Local file systems, HDFS, and
the stores of Google and Azure decide that for one of two runs; S3A may look first and write then,
so two runs that start within the same second can both get through there. The holder touches its
file every minute. It is dead when its process has left this machine, or, on another machine, when
it has not touched its file for a quarter of an hour: then the next run takes over.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from movierate.errors import RunFailed, UserError
from movierate.spark.errors import first_line
from movierate.spark.filesystem import FileSystem, FileSystemError, parent_of

LOCK = ".lock"

TOUCHED_SECONDS = 60
ABANDONED_SECONDS = 15 * 60

Holder = dict[str, Any]
"""Who holds an output: id, host, pid, born (of the process), since. Empty: not yet written."""


@contextmanager
def lock(
    spark: SparkSession, directory: str, say: Callable[[str], None] = lambda line: None
) -> Iterator[Callable[[], None]]:
    """Lock an output directory, created if need be, until the block ends.

    Args:
        spark: the session.
        directory: of the output.
        say: told when a lock is taken over.

    Yields:
        A check that the directory is still held, for the moment before something is published.
        It raises RunFailed if another run has taken it over.

    Raises:
        UserError: another run holds the directory, or it can't be written to.
    """
    file = _file(spark, directory)
    holder = _this_process()
    try:
        _take(file, holder, directory, say)
    except OSError as error:
        raise UserError(f"output: {directory} can't be written ({first_line(error)})") from None
    over = threading.Event()
    thread = threading.Thread(target=_keep_touching, args=(file, holder, over), daemon=True)
    thread.start()
    try:
        yield lambda: _check(file, holder, directory)
    finally:
        over.set()
        thread.join()
        with suppress(OSError, Py4JError):  # Spark may be gone: the next run finds a dead holder
            if _holder(file.read()) == holder:
                file.remove()
                file.remove_directory()


def _take(file: _File, holder: Holder, directory: str, say: Callable[[str], None]) -> None:
    while not file.create(json.dumps(holder) + "\n"):
        found = file.read()
        other = _holder(found)
        if found is None or other is None:
            continue  # it was released between the two
        if _is_alive(other, found[1]):
            raise UserError(
                f"output: {directory} is locked by {_describe(other)}: wait until it ends"
            )
        claim = file.claim_of(other)
        _take(claim, holder, directory, say)
        try:
            # Only who holds the claim may remove the dead run's lock: what is there now, stays.
            if _holder(file.read()) == other:
                file.remove()
                say(f"removed the lock of {_describe(other)}, which is dead")
        finally:
            claim.remove()


def _is_alive(holder: Holder, untouched: float) -> bool:
    if not holder:
        return untouched < TOUCHED_SECONDS
    if holder["host"] == socket.gethostname():
        return bool(_start_time(holder["pid"]) == holder["born"])
    return untouched < ABANDONED_SECONDS


def _check(file: _File, holder: Holder, directory: str) -> None:
    other = _holder(file.read())
    if other != holder:
        who = _describe(other) if other is not None else "a run that removed its lock"
        raise RunFailed(f"output: {directory} was locked by {who} meanwhile: nothing was published")


def _keep_touching(file: _File, holder: Holder, over: threading.Event) -> None:
    while not over.wait(TOUCHED_SECONDS):
        with suppress(OSError, Py4JError):
            if _holder(file.read()) == holder:
                file.touch(json.dumps(holder) + "\n")


def _this_process() -> Holder:
    return {
        "id": uuid.uuid4().hex,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "born": _start_time(os.getpid()),
        "since": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S} UTC",
    }


def _holder(found: tuple[str, float] | None) -> Holder | None:
    """The owner of a lock. None: there is no lock."""
    if found is None:
        return None
    try:
        return dict(json.loads(found[0]))
    except (ValueError, TypeError):
        return {}


def _describe(holder: Holder) -> str:
    if not holder:
        return "a run that has just started"
    return f"process {holder['pid']} on {holder['host']} since {holder['since']}"


def _start_time(pid: int) -> str | None:
    """When a process of this machine started, or None if there is none: ids are used again.

    One that has ended is there until its parent asks for it. In a container, nobody may.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
            return None if fields[0] == "Z" else fields[19]
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except (PermissionError, OSError):
        pass
    return "unknown"  # no /proc here: the id alone has to do


class _File(Protocol):
    """A lock's file."""

    def create(self, text: str) -> bool:
        """Write it; False if it is there already."""

    def read(self) -> tuple[str, float] | None:
        """Its text and the seconds since it was touched; None if it is not there."""

    def touch(self, text: str) -> None:
        """Say that its holder lives; text: what it holds."""

    def claim_of(self, dead: Holder) -> _File:
        """A lock of the right to remove this file, which a dead run has left."""

    def remove(self) -> None:
        """Remove it."""

    def remove_directory(self) -> None:
        """Remove its directory if nothing is in it."""


def _claim_name(lock_name: str, dead: Holder) -> str:
    text = json.dumps(dead, sort_keys=True)
    return f"{lock_name}.{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _file(spark: SparkSession, directory: str) -> _File:
    file_system = FileSystem(spark, directory)
    if file_system.is_local:
        return _LocalFile(Path(file_system.local_path) / LOCK)
    return _HadoopFile(file_system, f"{file_system.path}/{LOCK}")


class _LocalFile:
    """Hadoop's local file system looks first and creates then; the machine's own does both."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self, text: str) -> bool:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            return False
        return True

    def read(self) -> tuple[str, float] | None:
        try:
            return self._path.read_text("utf-8"), time.time() - self._path.stat().st_mtime
        except FileNotFoundError:
            return None

    def touch(self, text: str) -> None:
        os.utime(self._path)

    def claim_of(self, dead: Holder) -> _LocalFile:
        return _LocalFile(self._path.with_name(_claim_name(self._path.name, dead)))

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)

    def remove_directory(self) -> None:
        with suppress(OSError):
            self._path.parent.rmdir()


class _HadoopFile:
    """On any file system that Spark knows."""

    def __init__(self, file_system: FileSystem, path: str) -> None:
        self._file_system, self._path = file_system, path

    def create(self, text: str) -> bool:
        try:
            self._file_system.write_text(self._path, text, overwrite=False)
        except FileSystemError:
            if self._file_system.exists(self._path):
                return False
            raise
        return True

    def read(self) -> tuple[str, float] | None:
        try:
            touched = self._file_system.modified_at(self._path)
            return self._file_system.read_text(self._path), time.time() - touched
        except FileSystemError:
            if self._file_system.exists(self._path):
                raise
            return None

    def touch(self, text: str) -> None:
        self._file_system.write_text(self._path, text)  # stores of objects have no other way

    def claim_of(self, dead: Holder) -> _HadoopFile:
        return _HadoopFile(self._file_system, _claim_name(self._path, dead))

    def remove(self) -> None:
        self._file_system.delete(self._path)

    def remove_directory(self) -> None:
        directory = parent_of(self._path)
        if self._file_system.exists(directory) and not self._file_system.list(directory):
            self._file_system.delete(directory)
