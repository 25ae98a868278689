"""What can go wrong that a user should hear of in one line."""

from __future__ import annotations


class UserError(Exception):
    """What the user gave is wrong. The message says what, where, and how to mend it: one line."""

    def __init__(self, message: str) -> None:
        """A line end in the message is one in a file's name: it is written as an escape."""
        super().__init__("\\n".join(message.splitlines()))


class RunFailed(Exception):
    """The run broke through no fault of what the user gave; nothing was published."""


class GateTripped(Exception):
    """The run is done, but what came of it is not as good as the user asked for."""
