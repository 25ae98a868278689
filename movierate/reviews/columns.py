"""Which column of a dump is the text, the movie, the id and the rating."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from movierate.config import DumpConfig
from movierate.errors import UserError

ALIASES = {
    "text": (
        *("text", "review", "reviewtext", "reviewbody", "reviewcontent", "content", "body"),
        *("comment", "comments", "message", "fulltext"),
    ),
    "movie": (
        *("movieid", "parentasin", "asin", "productid", "imdbid", "tconst", "filmid", "titleid"),
        *("movie", "film", "movietitle", "filmtitle", "moviename", "filmname", "title"),
    ),
    "id": ("reviewid", "id", "uuid"),
    "rating": ("rating", "stars", "starrating", "overall", "score", "reviewrating", "userrating"),
}
"""Common names by role, from the likeliest: lower case, letters and digits alone."""


@dataclass(frozen=True)
class Roles:
    """The dump's column for each role; None where it has none."""

    text: str
    movie: str | None
    id: str | None
    rating: str | None


def find_roles(columns: Sequence[str], config: DumpConfig) -> Roles:
    """The columns that the user named, else those with a common name.

    Args:
        columns: the dump's columns.
        config: its text, movie, id and rating name columns; None leaves it to the aliases.

    Raises:
        UserError: a column that was named is not there, or no column or more than one can be
            the text.
    """
    named = (config.text, config.movie, config.id, config.rating)
    for role, column in zip(ALIASES, named, strict=True):
        if column is not None:
            check_column(role, column, columns)
    taken = {column for column in named if column is not None}
    free = [column for column in columns if column not in taken]
    text = config.text
    if text is None:
        candidates = _candidates("text", free)
        if not candidates:
            raise UserError(
                f"text: no column has a common name for the review's text: name it with --text; "
                f"the columns are {', '.join(columns)}"
            )
        if len(candidates) > 1:
            raise UserError(
                f"text: {' and '.join(candidates)} may both be the review's text: "
                "name one with --text"
            )
        text = candidates[0]
        free.remove(text)
    return Roles(
        text=text,
        movie=config.movie or _likeliest("movie", free),
        id=config.id or _likeliest("id", free),
        rating=config.rating or _likeliest("rating", free),
    )


def check_column(flag: str, column: str, columns: Sequence[str]) -> None:
    """Make sure that a column the user named is there.

    Raises:
        UserError: it is not; the message lists the columns that are.
    """
    if column not in columns:
        near = difflib.get_close_matches(column, columns, n=1)
        hint = f", did you mean {near[0]}?" if near else ""
        raise UserError(
            f"{flag}: the input has no column {column}{hint}: its columns are {', '.join(columns)}"
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
