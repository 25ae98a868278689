"""Progress logging: lines on stderr, as text or as JSON, through Python's own logging."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

LOGGER = logging.getLogger("movierate")

TEXT, JSON = "text", "json"
FORMATS = (TEXT, JSON)


def configure_logging(format: str = TEXT) -> None:
    """Send the lines of movierate to stderr. A program that embeds movierate need not call it.

    Args:
        format: TEXT, or JSON for one object a line. Its keys: time (UTC), level (info or error),
            message; phase, seconds and counts of a phase that ended; exit_code of an error.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if format == JSON else TextFormatter())
    LOGGER.handlers = [handler]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    # Warnings of libraries are no progress. What matters of them reaches us as an exception.
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())


class TextFormatter(logging.Formatter):
    """``movierate: MESSAGE``, with the time where a phase ended."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        fields = _fields(record)
        message = record.getMessage()
        if record.levelno >= logging.ERROR:
            message = f"error: {message}"
        elif "phase" in fields:
            message = f"{fields['time']} {fields['phase']}: {message} ({fields['seconds']:.1f} s)"
        return f"movierate: {message}"


class JsonFormatter(logging.Formatter):
    """A JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        fields = _fields(record)
        known = {"time": fields.pop("time"), "level": record.levelname.lower()}
        if "phase" in fields:
            known["phase"] = fields.pop("phase")
        return json.dumps({**known, "message": record.getMessage(), **fields}, ensure_ascii=False)


def log_error(error: object, exit_code: int) -> None:
    """The command ends with an error, or a gate tripped. Line ends in names are escaped."""
    message = str(error).replace("\r", "\\r").replace("\n", "\\n")
    LOGGER.error("%s", message, extra={"fields": {"exit_code": exit_code}})


class Phases:
    """The phases of a run, one after another: the seconds of each, and a line when it ends."""

    def __init__(self) -> None:
        """Start the first phase."""
        self.seconds: dict[str, float] = {}
        self._unsaid: list[tuple[str, dict[str, Any]]] = []
        self._since = time.monotonic()

    def over(self, name: str, message: str, say: bool = True, **counts: Any) -> None:
        """End a phase and start the next one.

        Args:
            name: of the phase. One that comes again adds to its seconds.
            message: what the phase did.
            say: False holds the line back until the next one.
            counts: the figures of the message, for a log of JSON.
        """
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        self.seconds[name] = round(self.seconds.get(name, 0) + seconds, 3)
        fields = {"phase": name, "seconds": round(seconds, 3), **counts, "time": _utc(time.time())}
        self._unsaid.append((message, fields))
        if say:
            for line, of_line in self._unsaid:
                LOGGER.info("%s", line, extra={"fields": of_line})
            self._unsaid.clear()

    def say(self, message: str) -> None:
        """Log a line that ends no phase."""
        LOGGER.info("%s", message)

    def restart(self) -> None:
        """Forget the seconds: another run starts."""
        self.seconds = {}
        self._since = time.monotonic()


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """The record's own fields, and its time."""
    return {"time": _utc(record.created), **getattr(record, "fields", {})}


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
