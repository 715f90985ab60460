"""One run at a time: a lock that ends with the process that holds it, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from features.errors import EnvironmentFailure


@contextmanager
def alone(path: Path, what: str = "the weekly run") -> Iterator[None]:
    """Hold the lock at ``path``; ``what`` is told to be under way to those who come second.

    Raises
    ------
    EnvironmentFailure
        When another process holds it; the message names it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EnvironmentFailure(_held(path, what)) from None
        file.truncate(0)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "host": platform.node(), "since": started}, file)
        file.flush()
        yield


def _held(path: Path, what: str) -> str:
    try:
        who = json.loads(path.read_text("utf-8"))
        told = f"process {who['pid']} on {who['host']}, since {who['since']}"
    except (ValueError, KeyError):
        told = "another process"
    return f"{path}: {what} is under way in {told}; wait for its end, or end it first"
