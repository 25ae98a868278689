"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from movierate.config.load import Config, make_config, setting_names
from movierate.errors import UserError
from movierate.logs import LOGGER
from movierate.model.bundle import DEFAULT_MODEL
from movierate.reviews.encoding import AUTO
from movierate.reviews.formats import check_format, format_names

PACKAGES = {"sklearn": "scikit-learn"}
"""Packages whose module has another name."""


class Parser(argparse.ArgumentParser):
    """A parser that raises UserError."""

    def error(self, message: str) -> NoReturn:
        """Raises UserError."""
        raise UserError(f"{message}; see {self.prog} --help")


def add_model(parser: argparse.ArgumentParser, default: str | None = DEFAULT_MODEL) -> None:
    """Add --model."""
    parser.add_argument(
        "--model",
        default=default,
        metavar="NAME_OR_DIR",
        help=f"a shipped model or a bundle; {DEFAULT_MODEL} by default",
    )


def add_dump(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say how to read a dump."""
    parser.add_argument(
        "--format",
        choices=(AUTO, *format_names()),
        help="detected by default",
    )
    for role, what in (
        ("text", "the review's text"),
        ("movie", "the movie"),
        ("id", "the review's id"),
        ("rating", "the rating that came with it"),
    ):
        parser.add_argument(f"--{role}", metavar="COL", help=f"column of {what}")
    parser.add_argument(
        "--rating-scale",
        metavar="LOW-HIGH",
        help="scale of ratings that are plain numbers, like 1-5",
    )
    parser.add_argument(
        "--encoding", metavar="NAME", help="charset of text files; auto guesses it from a sample"
    )
    parser.add_argument("--sep", metavar="CHAR", help="separator of CSV: , or ; or | or tab")
    parser.add_argument(
        "--strict",
        action="store_const",
        const=True,
        help="fail if a file can't be read completely",
    )


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add --config and --set."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="a YAML file with settings; flags override it"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set one setting; overrides the file; can be repeated",
    )


def load_config(kind: type[Config], arguments: argparse.Namespace) -> Config:
    """The settings of a command, from its config file and its flags.

    Raises:
        UserError: as `make_config`, or there is no such format.
    """
    flags = {key: value for key, value in vars(arguments).items() if key in setting_names(kind)}
    file, assigned = getattr(arguments, "config", None), getattr(arguments, "set", ())
    config = make_config(kind, file, flags, assigned, print_progress)
    dump: Any = getattr(config, "dump", config)
    for source in (dump, *getattr(config, "sources", {}).values()):
        check_format(source.format)
    return config


def directory(text: str) -> Path:
    """A directory of this machine, as a flag names it."""
    if not text.strip():
        raise UserError("output: the path is empty: name a directory")
    return Path(text) if Path(text).name else Path(text).absolute()


def check_writable(directory: Path) -> None:
    """Fail at once, and not after minutes, if the directory can't be written."""
    there = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not there.is_dir():
        raise UserError(f"output: {there} is a file: name a directory")
    try:
        tempfile.TemporaryDirectory(dir=there).cleanup()
    except OSError as error:
        raise UserError(f"output: {there} can't be written ({error.strerror})") from None


def require_packages(command: str, *modules: str) -> None:
    """Make sure that packages of the train extra are installed.

    Raises:
        UserError: some are not.
    """
    missing = [PACKAGES.get(name, name) for name in modules if find_spec(name) is None]
    if missing:
        names = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
        verb = "is" if len(missing) == 1 else "are"
        raise UserError(f"{command}: {names} {verb} not installed: pip install 'movierate[train]'")


def print_progress(line: str) -> None:
    """Log the progress of a command."""
    LOGGER.info("%s", line)
