"""The commands: parse arguments, call one function of movierate, print what came of it.

Exit codes: 0 done; 1 the run failed; 2 what the user gave is wrong; 3 the run is
done, and a gate that the user set has tripped.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import warnings
from collections.abc import Callable, Sequence

from movierate._version import __version__
from movierate.cli import evaluate, latest, model, rate, runs, score, train
from movierate.cli.arguments import Parser
from movierate.errors import GateTripped, RunFailed, UserError
from movierate.logs import FORMATS as LOG_FORMATS
from movierate.logs import configure_logging, log_error

COMMANDS = (score, latest, train, evaluate, rate, model, runs)
"""In the order of `movierate --help`."""

DONE, FAILED, USAGE, TRIPPED, INTERRUPTED = 0, 1, 2, 3, 130

NOT_ALLOWED = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG),
    errno.ELOOP,
)
"""Errors of the system that tell of a path which the user named."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM)


def main(argv: Sequence[str] | None = None) -> int:  # noqa: PLR0911 (one for each exit code)
    """Run a command; returns its exit code. Errors are one line on stderr."""
    warnings.filterwarnings("ignore")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    configure_logging()
    try:
        arguments = _parser().parse_args(argv)
        configure_logging(arguments.log_format)
        run: Callable[[argparse.Namespace], None] = arguments.run
        run(arguments)
        return DONE
    except UserError as error:
        return _fail(f"{error}{_describe_mangled(str(error))}", USAGE)
    except RunFailed as error:
        return _fail(error, FAILED)
    except GateTripped as gate:
        return _fail(gate, TRIPPED)
    except KeyboardInterrupt:
        return _fail("interrupted: nothing was published in part", INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has left, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if os.environ.get("MOVIERATE_DEBUG"):
            raise
        return _fail(*_unexpected(error))


def _unexpected(error: Exception) -> tuple[str, int]:
    """The message and the exit code of an unexpected error."""
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and number in NOT_ALLOWED:
        return f"{error.filename}: {error.strerror}", USAGE
    if isinstance(error, MemoryError) or number in NO_ROOM:
        return f"this machine has no room left ({error or 'memory'})", FAILED
    what = " ".join(f"{type(error).__name__}: {error}".split())[:500]
    return f"{what} (a bug? MOVIERATE_DEBUG=1 shows where)", FAILED


def _fail(error: object, code: int) -> int:
    log_error(" ".join(str(error).splitlines()), code)
    return code


def _describe_mangled(error: str) -> str:
    """A hint for an error if spark-submit may have changed an argument, else nothing."""
    if "PYSPARK_GATEWAY_PORT" not in os.environ or "LC_ALL" in error:
        return ""
    from movierate.spark.paths import describe_mangled

    return describe_mangled()


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="movierate", description="Ratings from the text of movie reviews.")
    parser.add_argument("--version", action="version", version=f"movierate {__version__}")
    parser.set_defaults(log_format=LOG_FORMATS[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_command(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
