"""What a command says while it works: lines on stderr, for people or as JSON."""

from __future__ import annotations

import datetime
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

TEXT, JSON = "text", "json"
FORMATS = (TEXT, JSON)


class Log:
    """Lines on stderr."""

    def __init__(self, format: str = TEXT) -> None:
        """Take the format: text, or json for an object a line.

        The keys of an object: time (UTC), level (info or error), message; phase and seconds of a
        phase that is over, and its counts; exit_code of an error.
        """
        self._format = format

    def phase(self, over: Phase) -> None:
        """A phase is over."""
        text = f"{over.ended} {over.name}: {over.message} ({over.seconds:.1f} s)"
        took = {"phase": over.name, "message": over.message, "seconds": round(over.seconds, 3)}
        self._say(text, {"time": over.ended, "level": "info", **took, **over.counts})

    def info(self, message: str) -> None:
        """What is worth a line, and ends no phase."""
        self._say(message, {"time": _now(), "level": "info", "message": message})

    def error(self, error: object, exit_code: int) -> None:
        """The command ends with an error, or with a gate that has tripped."""
        message = str(error).replace("\r", "\\r").replace("\n", "\\n")  # names may hold line ends
        what = {"time": _now(), "level": "error", "message": message, "exit_code": exit_code}
        self._say(f"error: {message}", what)

    def _say(self, text: str, fields: dict[str, Any]) -> None:
        is_json = self._format == JSON
        line = json.dumps(fields, ensure_ascii=False) if is_json else f"movierate: {text}"
        print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Phase:
    """A phase that is over."""

    name: str
    message: str
    ended: str
    seconds: float
    counts: dict[str, Any]


class Phases:
    """A run's phases, one after another: the seconds of each, and a line when it is over."""

    def __init__(self, log: Log | None = None) -> None:
        """Start the first phase; without a log, nothing is said."""
        self.seconds: dict[str, float] = {}
        self._log = log
        self._unsaid: list[Phase] = []
        self._since = time.monotonic()

    def over(self, name: str, message: str, say: bool = True, **counts: Any) -> None:
        """The phase that ends now, and what came of it; the next one starts.

        Args:
            name: of the phase. One that comes again adds to its seconds.
            message: what came of it.
            say: False keeps the line back until the next one is said.
            counts: the figures of the message, for a log of JSON.
        """
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        self.seconds[name] = round(self.seconds.get(name, 0) + seconds, 3)
        self._unsaid.append(Phase(name, message, _now(), seconds, counts))
        if self._log is not None and say:
            for phase in self._unsaid:
                self._log.phase(phase)
            self._unsaid.clear()

    def say(self, message: str) -> None:
        """What is worth a line, and ends no phase."""
        if self._log is not None:
            self._log.info(message)

    def restart(self) -> None:
        """Forget the seconds: another run starts."""
        self.seconds = {}
        self._since = time.monotonic()


def _now() -> str:
    return f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
