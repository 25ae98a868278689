"""Somebody who looks at an output while runs change it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def watching(look: Callable[[], object]) -> Iterator[None]:
    """Look again and again, in a thread of its own, until the block ends."""
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            look()

    reader = threading.Thread(target=watch)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join()
