"""Locks that end with the process that holds them, however it ends."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from features.errors import EnvironmentFailure
from models.common.clock import utc_now


@contextmanager
def exclusive(path: Path, activity: str = "the weekly run") -> Iterator[None]:
    """Hold the lock at ``path``; who comes second learns who does ``activity``.

    Raises
    ------
    EnvironmentFailure
        When another process holds it; the message names it.
    """
    lock = _lock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise EnvironmentFailure(_held(path, activity)) from None
    try:
        started = utc_now().isoformat(timespec="seconds")
        holder = {"pid": os.getpid(), "host": platform.node(), "since": started}
        path.write_text(json.dumps(holder), encoding="utf-8")
        yield
    finally:
        lock.release()


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Hold the lock at ``path``, after waiting for whoever holds it now."""
    with _lock(path):
        yield


def _lock(path: Path) -> FileLock:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A disk without locks is refused: a lock that is only a file would outlive its process.
    return FileLock(path, fallback_to_soft=False)


def _held(path: Path, activity: str) -> str:
    try:
        holder = json.loads(path.read_text("utf-8"))
        process = f"process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (ValueError, KeyError):
        process = "another process"
    return f"{path}: {activity} is under way in {process}; wait for its end, or end it first"
