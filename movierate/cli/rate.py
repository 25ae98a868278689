"""movierate rate: ratings of texts that are typed or piped."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from movierate.cli.arguments import add_model, print_progress
from movierate.cli.rendering import rated_json, rated_line
from movierate.errors import UserError


def add_command(commands: Any) -> None:
    """Add the command to the parser of the command line."""
    rate = commands.add_parser("rate", help="rate the texts given, or one per line of stdin")
    rate.set_defaults(run=run)
    add_model(rate)
    rate.add_argument(
        "--json", action="store_true", help="print a JSON object per text, not a line with tabs"
    )
    rate.add_argument("texts", nargs="*", metavar="TEXT")


def run(arguments: argparse.Namespace) -> None:
    """Print the rating of each text."""
    from movierate.inference.rater import Rater
    from movierate.model.bundle import load

    if not arguments.texts and sys.stdin is None:
        raise UserError(
            "rate: stdin is closed: give texts as arguments, or one text per line of stdin"
        )
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):  # bytes that are no text come out as they are
            stream.reconfigure(errors="surrogateescape")
    rater = Rater(load(arguments.model))
    if arguments.texts:
        _print_ratings(rater, arguments.texts, arguments.json)
        return
    for line in _lines_of_stdin():
        _print_ratings(rater, [line.rstrip("\n")], arguments.json)


def _lines_of_stdin() -> Iterator[str]:
    if sys.stdin.isatty():
        print_progress("type one text per line; Ctrl-D ends")
    try:
        yield from sys.stdin
    except OSError as error:
        raise UserError(
            f"rate: stdin can't be read ({error.strerror}): give texts as arguments"
        ) from None


def _print_ratings(rater: Any, texts: Sequence[str], as_json: bool) -> None:
    ratings = vars(rater.rate(texts))
    for row, text in enumerate(texts):
        rated = {name: values[row].item() for name, values in ratings.items()}
        line = json.dumps(rated_json(text, rated)) if as_json else rated_line(text, rated)
        print(line, flush=True)
