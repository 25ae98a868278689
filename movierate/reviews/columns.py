"""Which column of a dump is the text, the movie, the id and the rating."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from movierate.config.jobs import DumpConfig
from movierate.errors import UserError
from movierate.reviews.schema import Records, list_names

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


def merge_columns(
    layouts: Iterable[Iterable[str]],
) -> tuple[dict[str, int], tuple[tuple[str, ...], ...]]:
    """The columns of a dump whose files, or rows, have these.

    Returns:
        The names, and how many layouts have each. Names that differ in case alone are one column,
        unless one layout has both. Then the layouts, each once.
    """
    merged: dict[str, int] = {}
    alike: dict[str, list[str]] = {}
    different: dict[tuple[str, ...], None] = {}
    for layout in layouts:
        names = tuple(layout)
        different[names] = None
        for name in names:
            known = name
            if name not in merged:
                others = alike.setdefault(name.lower(), [])
                if len(others) == 1 and others[0] not in names:
                    known = others[0]
                else:
                    others.append(name)
            merged[known] = merged.get(known, 0) + 1
    return merged, tuple(different)


def with_directories(columns: Mapping[str, int], directories: Sequence[str]) -> dict[str, int]:
    """The columns of the files and those that are directories; both may be of one name."""
    names = tuple(columns)
    return {**columns, **{name: 1 for name in directories if match_column(name, names) is None}}


def known_shape(columns: Sequence[str]) -> Shape | None:
    """The shape of a dump with these columns, if it is one that is known."""
    return next((shape for shape in SHAPES if shape.columns <= set(columns)), None)


@dataclass(frozen=True)
class Roles:
    """The dump's columns for each role; none where it has none."""

    text: str
    movie: tuple[str, ...]
    """Several where files or rows name it differently: the first that one has is meant."""
    id: tuple[str, ...]
    rating: tuple[str, ...]

    def as_record(self) -> dict[str, Any]:
        """As the run record says it: a name, several, or None."""
        return {
            role: names if isinstance(names, str) else _shortest(names)
            for role, names in vars(self).items()
        }


RARE = 0.2
"""A name that so few have, as a share of those that have another one, is no rival to it: it may be
a damaged row's.
"""


def find_roles(records: Records, config: DumpConfig) -> Roles:
    """The columns that the user named, else those with a common name.

    A movie, id or rating may have another name in other files or rows: in each, it is the likeliest
    of the names that are there. Of directories, all reviews below one have its value. So it is no
    text, and nobody's id unless the user says so.

    Args:
        records: the dump.
        config: its text, movie, id and rating name columns; None leaves it to the aliases.

    Raises:
        UserError: a column that was named is not there, or no column or more than one can be
            the text.
    """
    columns = records.columns
    shape = known_shape(tuple(columns))
    known = shape.roles if shape else {}
    named = {
        role: None if name is None else find_column(role, name, tuple(columns))
        for role, name in ((role, getattr(config, role)) for role in ALIASES)
    }
    taken = {column for column in (*named.values(), *known.values()) if column is not None}
    in_files = {name for layout in records.layouts for name in layout}
    free = [column for column in columns if column not in taken]
    files_alone = [column for column in free if column in in_files]
    text = named["text"] or _find_text(columns, files_alone, records.layouts)
    if text not in in_files:
        raise UserError(f"text: {text} is a directory's name: name a column of the files")

    def find(role: str) -> tuple[str, ...]:
        name = named[role] or known.get(role)
        if name is not None or role in known:
            return () if name is None else (name,)
        inside = [column for column in files_alone if column != text]
        found = _alternatives(_candidates(role, inside), columns, records.layouts)
        above = [column for column in free if column not in in_files]
        if role == "movie" or (role == "rating" and not found):
            found = [*found, *_candidates(role, above)]
        return tuple(found)

    return Roles(text=text, movie=find("movie"), id=find("id"), rating=find("rating"))


def _find_text(
    columns: Mapping[str, int], names: Sequence[str], layouts: Sequence[Sequence[str]]
) -> str:
    candidates = _candidates("text", names)
    if not candidates:
        raise UserError(
            f"text: no column has a common name for the review's text: name it with --text; "
            f"the columns are {list_names(tuple(columns))}"
        )
    most = max(columns[name] for name in candidates)
    candidates = [name for name in candidates if columns[name] >= RARE * most]
    if len(candidates) > 1:
        raise UserError(
            f"text: {' and '.join(candidates)} may both be the review's text: name one with --text"
        )
    return candidates[0]


def _alternatives(
    candidates: Sequence[str], columns: Mapping[str, int], layouts: Sequence[Sequence[str]]
) -> list[str]:
    """The candidate that each layout has, the likeliest first; rare ones come last."""
    most = max((columns[name] for name in candidates), default=0)
    ranked = sorted(candidates, key=lambda name: columns[name] < RARE * most)  # is stable
    chosen = set()
    for layout in layouts:
        chosen.add(next((name for name in ranked if match_column(name, layout)), None))
    return [name for name in ranked if name in chosen]


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


def _shortest(names: tuple[str, ...]) -> str | list[str] | None:
    return list(names) if len(names) > 1 else next(iter(names), None)
