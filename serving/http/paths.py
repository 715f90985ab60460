"""Where the pages lie."""

from __future__ import annotations

ROOT = "/app"
SIGN_IN = f"{ROOT}/sign-in"


def is_page(path: str) -> bool:
    """Say whether a path is one of the pages.

    >>> is_page("/app"), is_page("/app/accounts/a-1"), is_page("/apple")
    (True, True, False)
    """
    return path == ROOT or path.startswith(f"{ROOT}/")
