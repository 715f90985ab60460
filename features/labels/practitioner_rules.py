"""What an experienced CSM would look at, as a score of accounts: models are shown beside it.

A rule takes feature columns by name and returns a score a row; higher means likelier. A column
that the company lacks is what stands for missing throughout.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from features.labels.declaration import Columns

RENEWAL_NEAR = 120
LOSS_RECENT = 182


def used_and_growing(columns: Columns) -> np.ndarray:
    """Well used seats with growing use, and nothing signed ahead already."""
    used = columns("seats_utilization_28d").clip(max=1.5)
    score: np.ndarray = used + 0.5 * columns("usage_trend_56d") - columns("has_signed_ahead")
    return score


def room_and_breadth(columns: Columns) -> np.ndarray:
    """Something left to sell, and many functions of what it has in use."""
    whitespace = columns("products_whitespace", 1.0) > 0
    breadth = columns("usage_functions_used_91d")
    score: np.ndarray = 1.0 * whitespace + breadth / (1 + breadth.max())
    return score


def unused_before_renewal(columns: Columns) -> np.ndarray:
    """Seats that nobody uses, and a renewal in sight: overselling comes back."""
    unused = 1 - columns("seats_utilization_91d").clip(max=1.0)
    score: np.ndarray = unused + _renewal_near(columns)
    return score


def silent_before_renewal(columns: Columns) -> np.ndarray:
    """Falling or missing use, a lost champion, and a renewal in sight."""
    silent = columns("usage_days_silent").clip(max=91) / 91
    lost = columns("champions_days_since_lost", inf) <= LOSS_RECENT
    falling = -columns("usage_trend_182d").clip(max=0)
    score: np.ndarray = silent + falling + 0.5 * lost + 1.5 * _renewal_near(columns)
    return score


def _renewal_near(columns: Columns) -> np.ndarray:
    near: np.ndarray = 1.0 * (columns("renewal_days", inf) <= RENEWAL_NEAR)
    return near
