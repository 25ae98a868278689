"""movierate model: a model's card."""

from __future__ import annotations

import argparse
from typing import Any

from movierate.model.bundle import DEFAULT_MODEL


def add_command(commands: Any) -> None:
    """Add the command to the parser of the command line."""
    model = commands.add_parser("model", help="show a model's card")
    model.set_defaults(run=run)
    model.add_argument("model", nargs="?", default=DEFAULT_MODEL, metavar="NAME_OR_DIR")
    model.add_argument("--list", action="store_true", help="list the shipped models")


def run(arguments: argparse.Namespace) -> None:
    """Print a model's card, or list the shipped models."""
    from movierate.model.bundle import shipped
    from movierate.model.describe import describe

    print("\n".join(shipped()) if arguments.list else describe(arguments.model))
