"""Refreshes something again and again, in a thread that never delays an answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Protocol

log = logging.getLogger(__name__)


class Polled(Protocol):
    """What is refreshed, and what was wrong with it the last time."""

    problems: tuple[str, ...]

    def refresh(self) -> None:
        """Refresh once."""


@contextmanager
def polling(polled: Polled, seconds: float, name: str) -> Iterator[None]:
    """Refresh at once, then every few seconds until the block is left; a failure ends nothing."""
    stopped = Event()

    def keep_refreshing() -> None:
        while not stopped.is_set():
            try:
                polled.refresh()
            except Exception:
                log.exception("%s could not be looked at", name)
                polled.problems = (f"{name} could not be looked at; see the log",)
            stopped.wait(seconds)

    # A daemon: a server that is told to stop does not wait for a refresh to end.
    Thread(target=keep_refreshing, name=name, daemon=True).start()
    try:
        yield
    finally:
        stopped.set()
