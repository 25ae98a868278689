"""Atomic replacement of files and directories."""

from __future__ import annotations

import ctypes
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

Data = bytes | memoryview


def replace_file(path: Path, data: Data) -> None:
    """Replace a file atomically.

    Raises:
        OSError: it can't be written; a file of that name is still there, unchanged.
    """
    partial = _partial(path)
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def replace_directory(directory: Path, files: Mapping[str, Data]) -> None:
    """Replace a directory atomically, or create it.

    At every moment, even if the process is killed or the machine stops, one of the two is there,
    whole: `find_directory` says where. A link is followed, and what it leads to is replaced.

    Args:
        directory: its parent is made if need be.
        files: by their paths within the directory.

    Raises:
        OSError: it can't be written; the one that was there is unchanged.
    """
    directory = directory.resolve()
    partial = _partial(directory)
    try:
        for name, data in files.items():
            _write_durably(partial / name, data)
        _put(partial, directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def find_directory(directory: Path) -> Path:
    """Where the content of a directory lies that `replace_directory` writes.

    That is the directory itself, unless its replacement broke off between two steps on a file
    system that can't do both in one: then it is the previous one, which stands aside.
    """
    previous = _previous(directory.resolve())
    return previous if not directory.exists() and previous.is_dir() else directory


def _partial(path: Path) -> Path:
    """A name beside a path that no other writer uses, on this host or another."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.partial")


def _previous(directory: Path) -> Path:
    return directory.with_name(f".{directory.name}.previous")


def _write_durably(path: Path, data: Data) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _put(new: Path, directory: Path) -> None:
    """Move a directory to its place; what was there may be left under the name of the new one."""
    previous = _previous(directory)
    if directory.is_dir():
        if exchange(new, directory):
            return
        shutil.rmtree(previous, ignore_errors=True)  # left by a process that was killed
        directory.rename(previous)
    try:
        new.rename(directory)
    finally:
        if not directory.exists() and previous.exists():
            previous.rename(directory)
    shutil.rmtree(previous, ignore_errors=True)


_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step; False where the system or the file system can't."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    failed: int = renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    return not failed
