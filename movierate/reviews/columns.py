"""Which column of a dump is the text, the movie, the id and the rating."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from movierate.config import DumpConfig
from movierate.errors import UserError
from movierate.reviews.record import list_names

ALIASES = {
    "text": (
        *("text", "review", "reviewtext", "reviewbody", "reviewcontent", "content", "body"),
        *("comment", "comments", "message", "fulltext"),
    ),
    "movie": (
        *("movieid", "parentasin", "asin", "productid", "productproductid", "imdbid", "tconst"),
        *("filmid", "titleid", "rottentomatoeslink"),
        *("movie", "film", "movietitle", "filmtitle", "moviename", "filmname", "title"),
    ),
    "id": ("reviewid", "id", "uuid"),
    "rating": (
        *("rating", "stars", "starrating", "overall", "score", "reviewrating", "reviewscore"),
        *("userrating", "originalscore", "sentiment", "label", "fresh"),
    ),
}
"""Common names by role, from the likeliest: lower case, letters and digits alone."""


@dataclass(frozen=True)
class Shape:
    """A dump that is widely used, known by some of its columns, and what they mean there."""

    columns: frozenset[str]
    roles: Mapping[str, str | None] = field(default_factory=dict)
    """Roles whose columns are named otherwise there than commonly."""
    scale: tuple[float, float] | None = None
    """The lowest and the highest rating."""


SHAPES = (
    # Rotten Tomatoes critics: id is the movie's.
    Shape(frozenset({"id", "review", "fresh"}), {"movie": "id", "id": None}),
    Shape(frozenset({"id", "reviewId", "reviewText"}), {"movie": "id", "id": "reviewId"}),
    # Amazon 2014 and 2018, then 2023.
    Shape(frozenset({"asin", "overall", "reviewText"}), scale=(1.0, 5.0)),
    Shape(frozenset({"asin", "parent_asin", "rating", "text"}), scale=(1.0, 5.0)),
    # The IMDB spoiler dump.
    Shape(frozenset({"movie_id", "is_spoiler", "review_text"}), scale=(1.0, 10.0)),
    # Letterboxd: the URI is the entry's.
    Shape(
        frozenset({"Name", "Letterboxd URI", "Review"}),
        {"movie": "Name", "id": "Letterboxd URI"},
        scale=(0.5, 5.0),
    ),
)


def match_column(name: str, columns: Sequence[str]) -> str | None:
    """A file's column of a name: just so, else the only one but for upper and lower case."""
    if name in columns:
        return name
    alike = [column for column in columns if column.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def merge_columns(files: Iterable[Iterable[str]]) -> dict[str, int]:
    """The columns of a dump whose files, or rows, have these, and how many have each.

    Names that differ in case alone are one column, unless one file has both.
    """
    merged: dict[str, int] = {}
    alike: dict[str, list[str]] = {}
    for columns in files:
        names = tuple(columns)
        for name in names:
            known = name
            if name not in merged:
                others = alike.setdefault(name.lower(), [])
                if len(others) == 1 and others[0] not in names:
                    known = others[0]
                else:
                    others.append(name)
            merged[known] = merged.get(known, 0) + 1
    return merged


def known_shape(columns: Sequence[str]) -> Shape | None:
    """The shape of a dump with these columns, if it is one that is known."""
    return next((shape for shape in SHAPES if shape.columns <= set(columns)), None)


@dataclass(frozen=True)
class Roles:
    """The dump's column for each role; None where it has none."""

    text: str
    movie: str | None
    id: str | None
    rating: str | None


RARE = 0.2
"""A name that so few have, as a share of those that have another one, is no rival to it: it may be
a damaged row's.
"""


def find_roles(
    columns: Mapping[str, int], config: DumpConfig, directories: Sequence[str] = ()
) -> Roles:
    """The columns that the user named, else those with a common name.

    Args:
        columns: the dump's columns, and how many of the files or rows looked at have each.
        config: its text, movie, id and rating name columns; None leaves it to the aliases.
        directories: those of the columns that are directories. All reviews below one have its
            value, so it is no text, and nobody's id unless the user says so.

    Raises:
        UserError: a column that was named is not there, or no column or more than one can be
            the text.
    """
    names = tuple(columns)
    shape = known_shape(names)
    known = shape.roles if shape else {}
    named = {
        role: name if name is None else find_column(role, name, names)
        for role, name in ((role, getattr(config, role)) for role in ALIASES)
    }
    taken = {column for column in (*named.values(), *known.values()) if column is not None}
    free = [column for column in columns if column not in taken]
    in_files = [column for column in free if column not in directories]

    def find(role: str) -> str | None:
        likeliest = _likeliest(role, in_files if role == "id" else free)
        return named[role] or known.get(role, likeliest)

    text = named["text"]
    if text is None:
        candidates = _candidates("text", in_files)
        if not candidates:
            raise UserError(
                f"text: no column has a common name for the review's text: name it with --text; "
                f"the columns are {list_names(names)}"
            )
        most = max(columns[name] for name in candidates)
        candidates = [name for name in candidates if columns[name] >= RARE * most]
        if len(candidates) > 1:
            raise UserError(
                f"text: {' and '.join(candidates)} may both be the review's text: "
                "name one with --text"
            )
        text = candidates[0]
        free.remove(text)
    elif text in directories:
        raise UserError(f"text: {text} is a directory's name: name a column of the files")
    return Roles(text=text, movie=find("movie"), id=find("id"), rating=find("rating"))


def find_column(flag: str, name: str, columns: Sequence[str]) -> str:
    """The column that the user named: so exactly, else the only one but for upper and lower case.

    Raises:
        UserError: there is none; the message lists the columns that are.
    """
    found = match_column(name, columns)
    if found is not None:
        return found
    near = difflib.get_close_matches(name, columns, n=1)
    hint = f", did you mean {near[0]}?" if near else ""
    raise UserError(
        f"{flag}: the input has no column {name}{hint}: its columns are {list_names(columns)}"
    )


def _candidates(role: str, columns: Sequence[str]) -> list[str]:
    """The columns with a common name for the role, the likeliest first."""
    plain = {
        column: "".join(c for c in column.lower() if c.isascii() and c.isalnum())
        for column in columns
    }
    order = {alias: rank for rank, alias in enumerate(ALIASES[role])}
    return sorted(
        (column for column in columns if plain[column] in order),
        key=lambda column: order[plain[column]],
    )


def _likeliest(role: str, columns: Sequence[str]) -> str | None:
    return next(iter(_candidates(role, columns)), None)
