"""Digests of code: what was made by other code is made anew."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path


def source_digest(folder: Path) -> str:
    """Return what changes with any Python file in ``folder``, at any depth, or its name."""
    digest = sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()
