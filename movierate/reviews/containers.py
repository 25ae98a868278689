"""Detects archives, databases and other files that are not dumps, by name and first bytes.

Each is refused in one line that says how to unpack or convert it.
"""

from __future__ import annotations

from movierate.errors import UserError
from movierate.reviews.inputs import Inputs

ARCHIVES = {
    ".zip": ("a ZIP archive", "unzip it first, with: unzip '{name}'"),
    ".tar": ("a tar archive", "unpack it first, with: tar -xf '{name}'"),
    ".tgz": ("a tar archive", "unpack it first, with: tar -xzf '{name}'"),
    ".tar.gz": ("a tar archive", "unpack it first, with: tar -xzf '{name}'"),
    ".tar.bz2": ("a tar archive", "unpack it first, with: tar -xjf '{name}'"),
    ".tar.xz": ("a tar archive", "unpack it first, with: tar -xJf '{name}'"),
    ".tar.zst": ("a tar archive", "unpack it first, with: tar --zstd -xf '{name}'"),
    ".7z": ("a 7z archive", "unpack it first, with: 7z x '{name}'"),
    ".rar": ("a RAR archive", "unpack it first, with: unrar x '{name}'"),
    ".xz": ("xz", "unpack it first, with: unxz '{name}'"),
    ".xlsx": ("an Excel workbook", "save its sheet as CSV first"),
    ".xls": ("an Excel workbook", "save its sheet as CSV first"),
}
"""By the end of a file's name: what it is, and what to do."""

UTF16 = ("UTF-16", "convert it first, with: iconv -f UTF-16 -t UTF-8 '{name}'")

BEGINNINGS = {
    b"PK\x03\x04": ARCHIVES[".zip"],
    b"\x1f\x8b\x08": ("gzip", "rename it to {name}.gz"),
    b"BZh": ("bzip2", "rename it to {name}.bz2"),
    b"\x28\xb5\x2f\xfd": ("Zstandard", "rename it to {name}.zst"),
    b"\xfd7zXZ\x00": ARCHIVES[".xz"],
    b"7z\xbc\xaf\x27\x1c": ARCHIVES[".7z"],
    b"Rar!\x1a\x07": ARCHIVES[".rar"],
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ARCHIVES[".xls"],
    b"SQLite format 3\x00": ("an SQLite database", "export its table as CSV first"),
    b"ARROW1": ("an Arrow file", "write it as Parquet first"),
    b"\xff\xfe\x00\x00": ("UTF-32", "convert it first, with: iconv -f UTF-32 -t UTF-8 '{name}'"),
    b"\x00\x00\xfe\xff": ("UTF-32", "convert it first, with: iconv -f UTF-32 -t UTF-8 '{name}'"),
    b"\xff\xfe": UTF16,
    b"\xfe\xff": UTF16,
    b"\xff\xff\xff\xff": ("an Arrow stream", "write it as Parquet first"),
    b"FEA1": ("a Feather file", "write it as Parquet first"),
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file", "write it as Parquet first"),
    b"\x80\x04\x95": ("a pickle", "write it as Parquet first"),
    b"%PDF-": ("a PDF document", "name only the files of the dump"),
    b"<!DOCTYPE html": ("a web page", "the download may have failed: download it again"),
    b"<html": ("a web page", "the download may have failed: download it again"),
    b"version https://git-lfs": ("a Git LFS pointer", "fetch the file, with: git lfs pull"),
}
"""By the bytes that a file begins with, once it is unpacked as its name says."""

WIDE_BYTES = 100
"""How much of a file's beginning tells UTF-16."""

_TAR = (257, b"ustar")


def check_not_container(inputs: Inputs) -> None:
    """Make sure that no file is an archive, a database or the like.

    Names are looked at for all files, beginnings for those that were opened.

    Raises:
        UserError: one is; the message says how to unpack it.
    """
    for file in inputs.files:
        for suffix, (what, remedy) in ARCHIVES.items():
            if file.bytes and file.name.lower().endswith(suffix):
                raise _refusal(file.path, what, remedy)
    for head in inputs.heads:
        start, tar = _TAR
        if head.content[start : start + len(tar)] == tar:
            raise _refusal(head.path, *ARCHIVES[".tar"])
        for beginning, (what, remedy) in BEGINNINGS.items():
            is_sure = not beginning.isalnum() or b"\0" in head.content
            if head.content[: len(beginning)].lower() == beginning.lower() and is_sure:
                raise _refusal(head.path, what, remedy)
        if _is_wide(head.content[:WIDE_BYTES]):
            raise _refusal(head.path, *UTF16)


def _is_wide(start: bytes) -> bool:
    """Whether every other byte is zero, as in ASCII text in UTF-16 without a mark."""
    return len(start) > 1 and any(not any(start[place::2]) for place in (0, 1)) and any(start)


def _refusal(path: str, what: str, remedy: str) -> UserError:
    name = path.rpartition("/")[2]
    return UserError(f"input: {path} is {what}: {remedy.format(name=name)}")
