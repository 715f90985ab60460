"""Files and folders that appear whole or not at all.

What is written lies aside, beside its final place and with a name of its own, until it takes that
place in one step. Stopped half-way, the old content stays; what a killed process left aside goes a
day later.
"""

from __future__ import annotations

import ctypes
import errno
import glob
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STALE_SECONDS = 86_400
"""What was written aside this long ago belongs to nobody: whoever wrote it was killed."""
AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Arguments of Linux's renameat2(2)."""


@contextmanager
def atomic_file(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a path beside ``path``; the file written there takes its place at the end.

    ``durable``: the content is on the disk itself before it takes the place of the old, so that a
    power failure leaves one of the two. A cache can do without.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_stale(path.parent, _asides(path))
    aside = _aside(path)
    try:
        yield aside
        if durable:
            _flush(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write text (as UTF-8) or bytes in the place of ``path``, in one step."""
    with atomic_file(path) as aside:
        aside.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``path``, which takes its place at the end, as a whole."""
    path = path.absolute()
    remove_stale(path.parent, _asides(path))
    aside = _aside(path)
    aside.mkdir(parents=True)
    try:
        yield aside
        _exchange(aside, path) if path.exists() else aside.rename(path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def remove_stale(folder: Path, pattern: str) -> None:
    """Remove what matches ``pattern`` in a folder and was left there by those who were killed."""
    for leftover in folder.glob(pattern):
        if time.time() - leftover.lstat().st_mtime <= STALE_SECONDS:
            continue
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def _aside(path: Path) -> Path:
    """Return a name that no other process or thread writes to."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")


def _asides(path: Path) -> str:
    """Return the pattern of every name aside of ``path``."""
    return f".{glob.escape(path.name)}.[0-9]*"


def _flush(path: Path) -> None:
    """Wait until a file's content is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exchange(first: Path, second: Path) -> None:
    """Let two folders change names in one step, so that nobody ever finds neither of them."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = (os.fsencode(first), os.fsencode(second))
    if hasattr(libc, "renameat2"):
        if libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0:
            return
        if ctypes.get_errno() not in (errno.EINVAL, errno.ENOSYS):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(second))
    # Neither macOS nor some network disks can: there it takes three steps.
    aside = first.with_name(f"{first.name}.old")
    second.rename(aside)
    first.rename(second)
    aside.rename(first)
