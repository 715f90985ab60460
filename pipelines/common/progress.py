"""How a verb tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with the step that a verb is at, and the share of its work that is done, 0 to 1."""


def silent(_step: str, _share: float) -> None:
    """Tell nobody."""
