"""Finds the columns for text, movie, id and rating."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from movierate.config.jobs import DumpConfig
from movierate.errors import UserError
from movierate.reviews.names import list_names
from movierate.reviews.schema import Records

ALIASES = {
    "text": (
        *("text", "review", "review_text", "review_body", "review_content", "content", "body"),
        *("comment", "comments", "message", "full_text"),
    ),
    "movie": (
        *("movie_id", "parent_asin", "asin", "product_id", "product/productId", "imdb_id"),
        *("tconst", "film_id", "title_id", "rotten_tomatoes_link", "movie", "film"),
        *("movie_title", "film_title", "movie_name", "film_name", "title"),
    ),
    "id": ("review_id", "id", "uuid"),
    "rating": (
        *("rating", "stars", "star_rating", "overall", "score", "review_rating", "review_score"),
        *("user_rating", "original_score", "sentiment", "label", "fresh"),
    ),
}
"""Common names by role, from the likeliest. Case, spaces and punctuation do not count."""


@dataclass(frozen=True)
class KnownDataset:
    """A public dataset, recognized by some of its columns, with their meanings."""

    columns: frozenset[str]
    roles: Mapping[str, str | None] = field(default_factory=dict)
    """Roles whose columns are named otherwise there than commonly."""
    scale: tuple[float, float] | None = None
    """The lowest and the highest rating."""


KNOWN_DATASETS = (
    # Rotten Tomatoes critics: id is the movie's.
    KnownDataset(frozenset({"id", "review", "fresh"}), {"movie": "id", "id": None}),
    KnownDataset(frozenset({"id", "reviewId", "reviewText"}), {"movie": "id", "id": "reviewId"}),
    # Amazon 2014 and 2018, then 2023.
    KnownDataset(frozenset({"asin", "overall", "reviewText"}), scale=(1.0, 5.0)),
    KnownDataset(frozenset({"asin", "parent_asin", "rating", "text"}), scale=(1.0, 5.0)),
    # The IMDB spoiler dump.
    KnownDataset(frozenset({"movie_id", "is_spoiler", "review_text"}), scale=(1.0, 10.0)),
    # Letterboxd: the URI is the entry's.
    KnownDataset(
        frozenset({"Name", "Letterboxd URI", "Review"}),
        {"movie": "Name", "id": "Letterboxd URI"},
        scale=(0.5, 5.0),
    ),
)


def match_column(name: str, columns: Sequence[str]) -> str | None:
    """A file's column by name: exact, else the only one that differs only in case."""
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


def find_known_dataset(columns: Sequence[str]) -> KnownDataset | None:
    """The well-known dataset with these columns, if there is one."""
    return next((dataset for dataset in KNOWN_DATASETS if dataset.columns <= set(columns)), None)


@dataclass(frozen=True)
class Roles:
    """The dump's columns for each role; none where it has none.

    There are several where files or rows name it differently: the first that one has is meant.
    """

    text: tuple[str, ...]
    movie: tuple[str, ...]
    id: tuple[str, ...]
    rating: tuple[str, ...]
    unseen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Common names by role that no file or row had which was looked at; others may have them."""

    @property
    def wanted(self) -> dict[str, tuple[str, ...]]:
        """All names by role; none for ratings whose scale nobody could know."""
        return {
            role: (*names, *self.unseen.get(role, ()))
            for role, names in self.as_names().items()
            if names or role != "rating"
        } | ({} if self.rating else {"rating": ()})

    def as_names(self) -> dict[str, tuple[str, ...]]:
        """The names that were seen, by role."""
        return {"text": self.text, "movie": self.movie, "id": self.id, "rating": self.rating}

    def as_record(self) -> dict[str, str | list[str] | None]:
        """As the run record says it: a name, several, or None."""
        return {
            role: list(names) if len(names) > 1 else next(iter(names), None)
            for role, names in self.as_names().items()
        }


RARE = 0.2
"""A name that so few have, as a share of those that have another one, is no rival to it: it may be
a damaged row's.
"""


def find_roles(records: Records, config: DumpConfig) -> Roles:
    """The columns that the user named, else those with a usual name.

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
    known = _known_roles(tuple(columns))
    named = {
        role: None if name is None else find_column(role, name, tuple(columns))
        for role, name in ((role, getattr(config, role)) for role in ALIASES)
    }
    taken = {column for column in (*named.values(), *known.values()) if column is not None}
    in_files = {name for layout in records.layouts for name in layout}
    free = [column for column in columns if column not in taken]
    files_alone = [column for column in free if column in in_files]
    text = _find_text(named, columns, files_alone, records.layouts)
    if text[0] not in in_files:
        raise UserError(f"text: {text[0]} is the name of a directory: name a column of the files")

    def find(role: str) -> tuple[str, ...]:
        name = named[role] or known.get(role)
        if name is not None or role in known:
            return () if name is None else (name,)
        inside = [column for column in files_alone if column not in text]
        found = _rank_candidates(_candidates(role, inside), columns, records.layouts)
        above = [column for column in free if column not in in_files]
        if role == "movie" or (role == "rating" and not found):
            found = [*found, *_candidates(role, above)]
        return tuple(found)

    guessed = [role for role in ALIASES if named[role] is None and role not in known]
    return Roles(
        text=text,
        movie=find("movie"),
        id=find("id"),
        rating=find("rating"),
        unseen={role: _missing_aliases(role, columns) for role in guessed},
    )


def _known_roles(columns: Sequence[str]) -> Mapping[str, str | None]:
    """The roles of a public dataset's columns, unless a column shows that it is another one."""
    dataset = find_known_dataset(columns)
    if dataset is None:
        return {}
    movie = dataset.roles.get("movie")
    others = [column for column in columns if column not in dataset.roles.values()]
    return {} if movie and _candidates("movie", others) else dataset.roles


def _missing_aliases(role: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Usual names of a role that are not among the columns, in all spellings."""
    seen = {column.lower() for column in columns}
    names = (spelt for alias in ALIASES[role] for spelt in (alias, alias.replace("_", "")))
    return tuple(dict.fromkeys(name for name in names if name.lower() not in seen))


def _find_text(
    named: Mapping[str, str | None],
    columns: Mapping[str, int],
    names: Sequence[str],
    layouts: Sequence[Sequence[str]],
) -> tuple[str, ...]:
    if named["text"] is not None:
        return (named["text"],)
    candidates = _candidates("text", names)
    if not candidates:
        for role, name in named.items():
            if name is not None and _candidates("text", [name]):
                raise UserError(
                    f"text: the column {name} is taken by --{role}: name the text's with --text"
                )
        raise UserError(
            f"text: no column has a usual name for the review's text: name it with --text; "
            f"the columns are {list_names(tuple(columns))}"
        )
    most = max(columns[name] for name in candidates)
    usual = [name for name in candidates if columns[name] >= RARE * most]
    for layout in layouts:
        rivals = [name for name in usual if match_column(name, layout) is not None]
        if len(rivals) > 1:
            raise UserError(
                f"text: {' and '.join(rivals)} could both be the text: name one with --text"
            )
    return tuple(_rank_candidates(candidates, columns, layouts))


def _rank_candidates(
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
    """The column that the user named: exact, else the only one that differs only in case.

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
    order = {_normalize(alias): rank for rank, alias in enumerate(ALIASES[role])}
    return sorted(
        (column for column in columns if _normalize(column) in order),
        key=lambda column: order[_normalize(column)],
    )


def is_alias(name: str, role: str) -> bool:
    """Whether a column of a name commonly has a role."""
    return _normalize(name) in map(_normalize, ALIASES[role])


def _normalize(name: str) -> str:
    return "".join(c for c in name.lower() if c.isascii() and c.isalnum())
