"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
    other, old = (path.with_name(f".{path.name}.{os.getpid()}{end}") for end in ("", ".old"))
    shutil.rmtree(other, ignore_errors=True)
    other.mkdir(parents=True)
    try:
        yield other
        if path.exists():
            path.rename(old)
        other.rename(path)
    finally:
        for rest in (other, old):
            shutil.rmtree(rest, ignore_errors=True)
