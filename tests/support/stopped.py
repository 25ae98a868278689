"""An action that is stopped before each of its calls to the system."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import sys
from collections.abc import Callable

CALLS = ("open", "os.", "shutil.", "ctypes.")
"""Audit events that are raised before something happens to files."""

WAYS = ("kill", "interrupt", "full disk")


def stop(way: str) -> None:
    if way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise KeyboardInterrupt if way == "interrupt" else OSError(errno.ENOSPC, "No space left")


def is_stopped(action: Callable[[], object], step: int, way: str) -> bool:
    """Stop an action in another process before that call to the system; False if it has less."""
    child = os.fork()
    if child == 0:
        calls, stopped = itertools.count(), []

        def watch(event: str, _: object) -> None:
            if event.startswith(CALLS) and next(calls) == step:
                stopped.append(event)
                stop(way)

        try:
            sys.addaudithook(watch)
            action()
        finally:
            os._exit(len(stopped))
    _, status = os.waitpid(child, 0)
    return status != 0
