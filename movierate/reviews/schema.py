"""What a format returns: the rows of a dump, before its columns have roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame
from pyspark.sql.types import DataType

from movierate.reviews.directories import Directories
from movierate.reviews.names import Name

MALFORMED, UNDECODABLE = "malformed_record", "undecodable"
"""Reasons for which a row is rejected before its text is looked at."""

RAW_CHARACTERS = 1_000
"""How much of a rejected row is kept."""


@dataclass(frozen=True)
class Wanted:
    """The columns of a dump that a job reads."""

    texts: tuple[Name, ...]
    """Read as strings; the review's text comes first."""

    kept: tuple[str, ...] = ()
    """Read as they are in the dump."""

    types: Mapping[str, DataType] = field(default_factory=dict)
    """Types that the columns kept must hold besides their own."""

    @property
    def names(self) -> tuple[Name, ...]:
        """Those read as strings, then those read as they are."""
        return (*self.texts, *self.kept)

    @property
    def places(self) -> tuple[str, ...]:
        """The names in a frame: t0, t1, ... for the texts, then k0, k1, ... for those kept."""
        texts = (f"t{number}" for number in range(len(self.texts)))
        return (*texts, *kept_places(len(self.kept)))


def kept_places(count: int) -> tuple[str, ...]:
    """The names of so many kept columns in a frame. No name of the dump's can collide with them."""
    return tuple(f"k{number}" for number in range(count))


@dataclass(frozen=True)
class BrokenFile:
    """A file that can't be read to its end."""

    source: str
    why: str
    begins_well: bool
    """Whether it can be read up to the place where it is broken."""
    rows: int | None = None
    """How many rows it should hold; None where nobody can know."""


@dataclass(frozen=True)
class Rows:
    """The rows of a dump, for the columns that a job wants."""

    scan: Callable[[bool], DataFrame]
    """What Spark reads of the files, with their path in the column SOURCE.

    Given True, a file that breaks off gives what can be read of it; given False, it fails the job.
    """

    parse: Callable[[DataFrame], DataFrame]
    """From what `scan` gave, the rows.

    Columns of the result: those of `Wanted.places`; source (string: the file); reason (string:
    MALFORMED, UNDECODABLE, or null for a sound row, and the values are null where it is not); raw
    (string: what was read of a row that is not sound or has no text).
    """


@dataclass(frozen=True)
class Records:
    """A dump whose format and columns are known and whose rows are yet to be read."""

    columns: Mapping[str, int]
    """Names that a user may give for a role, and how many of the files or rows that were looked at
    have each.
    """

    rows: Callable[[Wanted], Rows]
    """The rows, for the columns wanted."""

    encoding: str
    """The charset that the files are read in."""

    scale: tuple[float, float] | None = None
    """The lowest and the highest rating, where the format says."""

    layouts: tuple[tuple[str, ...], ...] = ()
    """The columns that files, or rows, of the dump have together; each once."""

    directories: Directories = Directories()  # noqa: RUF009 - it is frozen
    """Those of the columns that are directories: all rows of a file have one value. It beats the
    one in the file, if that has such a column, too.
    """

    type_of: Callable[[str], DataType | None] = lambda name: None
    """The type that holds all values of a column, where the format has types."""

    kept_as_json: bool = False
    """Whether kept values are as `movierate.reviews.formats.jsonl.tag_value` writes them."""

    is_splittable: bool = True
    """Whether several cores can read one file."""

    broken: tuple[BrokenFile, ...] = ()
    """Files that are known to be unreadable before any row is read."""

    row_counts: Mapping[str, int] = field(default_factory=dict)
    """How many rows a file holds by what it says of itself, by its path as `Listing` has it."""


def is_blank(text: Column) -> Column:
    """Boolean: there is no text, or nothing but white space."""
    return text.isNull() | ~text.rlike(r"\S")
