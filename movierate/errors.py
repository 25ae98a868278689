"""Errors shown to users, as one line each."""

from __future__ import annotations


class UserError(Exception):
    """Invalid input or settings. The message says in one line what is wrong, and how to fix it."""

    def __init__(self, message: str) -> None:
        """A line end in the message is one in a file's name: it is written as an escape."""
        super().__init__("\\n".join(message.splitlines()))


class RunFailed(Exception):
    """The run failed, though input and settings are valid. Nothing was published."""


class GateTripped(Exception):
    """The run is done, but a quality gate of the user tripped."""
