"""The formats of review dumps: each module registers the format of its name."""

from __future__ import annotations

from pkgutil import iter_modules

from movierate.errors import UserError
from movierate.reviews.encoding import AUTO

HELPERS = ("lines", "registry")
"""Modules that are no formats."""


def format_names() -> tuple[str, ...]:
    """The names of all formats. Nothing is imported."""
    return tuple(
        sorted(found.name for found in iter_modules(__path__) if found.name not in HELPERS)
    )


def check_format(name: str) -> None:
    """Make sure that there is a format of a name, or that it stands for the one detected.

    Raises:
        UserError: there is none.
    """
    if name not in (AUTO, *format_names()):
        raise UserError(f"format: {name} is not one of {', '.join((AUTO, *format_names()))}")
