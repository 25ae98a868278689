"""Which format a dump has: by how its files begin, then by their names."""

from __future__ import annotations

import re

from movierate.config import FORMATS
from movierate.errors import UserError
from movierate.reviews import aclimdb, csv
from movierate.reviews.containers import check_not_container
from movierate.reviews.inputs import Inputs
from movierate.reviews.listing import DATA_SUFFIXES, data_suffix

_SNAP = re.compile(rb"\s*(product|review)/[A-Za-z]+: ")


def guess_format(inputs: Inputs) -> str:
    """The dump's format.

    Raises:
        UserError: neither the first file's beginning nor its name tells, or it is one that is
            not read, or the files are of several formats.
    """
    if aclimdb.is_tree(inputs.files):
        return "aclimdb"
    check_not_container(inputs)
    format = _guess(inputs)
    _check_one_format(inputs, format)
    return format


def _guess(inputs: Inputs) -> str:
    head = inputs.head
    if head.content.startswith(b"PAR1"):
        return "parquet"
    if head.content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(
            f"input: {head.path} is UTF-16, which can't be read line by line: "
            "convert it first, with: iconv -f UTF-16 -t UTF-8"
        )
    if _SNAP.match(head.content):
        return "snap"
    if format := DATA_SUFFIXES.get(data_suffix(head.path)):
        return format
    text = head.content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[")):
        return "jsonl"
    lines = [line.decode("utf-8", "surrogateescape") for line in head.lines]
    if b"\0" not in head.content and csv.is_table(lines):
        return "csv"
    raise UserError(
        f"input: cannot detect the format of {head.path} from its name or content: "
        f"give --format {', '.join(name for name in FORMATS if name != 'auto')}"
    )


def _check_one_format(inputs: Inputs, format: str) -> None:
    """Files whose names say another format would only be rejected, line by line."""
    if DATA_SUFFIXES.get(data_suffix(inputs.head.path), format) != format:
        return  # what the files hold is not what their names say
    for file in inputs.files:
        other = DATA_SUFFIXES.get(data_suffix(file.name), format)
        if file.bytes and other != format:
            raise UserError(
                f"input: {inputs.head.path} is {format} and {file.path} is {other}: "
                f"a run reads one format: name its files, as '*.{format}'"
            )
