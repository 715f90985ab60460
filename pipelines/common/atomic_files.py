"""Files that appear whole or not at all."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STALE_SECONDS = 86_400
"""What was written aside this long ago belongs to nobody."""
HERE, EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux's renameat2(2)."""


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path``; what is written there takes its place at the end.

    Stopped half-way, the old file stays as it was and nothing is left beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    other = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield other
        other.replace(path)
    finally:
        other.unlink(missing_ok=True)


def replaced(path: Path, text: str) -> None:
    """Write ``text`` in the place of ``path``, in one step."""
    with aside(path) as other:
        other.write_text(text, encoding="utf-8")


@contextmanager
def folder_aside(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``path``, which takes its place at the end, as a whole."""
    path = path.absolute()
    other = path.with_name(f".{path.name}.{os.getpid()}")
    _sweep(path)
    shutil.rmtree(other, ignore_errors=True)
    other.mkdir(parents=True)
    try:
        yield other
        _exchange(other, path) if path.exists() else other.rename(path)
    finally:
        shutil.rmtree(other, ignore_errors=True)


def _sweep(path: Path) -> None:
    """Remove what was left beside ``path`` by those who were killed."""
    for left in path.parent.glob(f".{path.name}.*"):
        if left.is_dir() and time.time() - left.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change names in one step, so that nobody ever finds neither of them."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = (os.fsencode(one), os.fsencode(other))
    if hasattr(libc, "renameat2"):
        if libc.renameat2(HERE, names[0], HERE, names[1], EXCHANGE) == 0:
            return
        if ctypes.get_errno() not in (errno.EINVAL, errno.ENOSYS):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(other))
    # Neither macOS nor some network disks can: there it takes three steps.
    aside = one.with_name(f"{one.name}.old")
    other.rename(aside)
    one.rename(other)
    aside.rename(one)
