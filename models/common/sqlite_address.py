"""The address of a SQLite file as a URL, whatever characters its path has."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

SCHEME = "sqlite:///"
CODED = {"%": "%25", "?": "%3F", "#": "%23"}
"""Characters of a path that mean something in a URL, and how they are written there."""


def sqlite_url(path: Path) -> str:
    """Return the SQLAlchemy URL of a SQLite file."""
    return SCHEME + "".join(CODED.get(letter, letter) for letter in str(path))


def sqlite_path(url: str) -> Path | None:
    """Return the file behind a SQLite URL; None for another database."""
    if not url.startswith(SCHEME):
        return None
    return Path(unquote(url.removeprefix(SCHEME).partition("?")[0]))
