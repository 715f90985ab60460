"""Looks at something again and again in a thread that never delays an answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Protocol

log = logging.getLogger(__name__)


class Watch(Protocol):
    """Something to look at, and what was wrong with it at the last look."""

    problems: tuple[str, ...]

    def refresh(self) -> None:
        """Look once."""


@contextmanager
def watching(watch: Watch, seconds: float, name: str) -> Iterator[None]:
    """Look at once, then every few seconds until the block is left; a failed look ends nothing."""
    over = Event()

    def go_on() -> None:
        while not over.is_set():
            try:
                watch.refresh()
            except Exception:
                log.exception("%s could not be looked at", name)
                watch.problems = (f"{name} could not be looked at; see the log",)
            over.wait(seconds)

    # A daemon: a server that is told to stop does not wait for a look to end.
    Thread(target=go_on, name=name, daemon=True).start()
    try:
        yield
    finally:
        over.set()
