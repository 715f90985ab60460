"""The dates of the spine: when the past is looked at, and the day to score."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

EPOCH = date(1970, 1, 5)
"""A Monday. Past dates are counted from it, so that they stay where they are as data comes in."""


def as_of_dates(settings: Settings, first_start: date, data_through: date) -> list[date]:
    """Return the dates of the spine, oldest first.

    The newest is ``data_through``, the day to score. Those before it are the Mondays that lie a
    multiple of ``every_days`` after a fixed one: a week later they are the same dates, and what
    was computed for them holds. At the first, a subscription has started.
    """
    step = timedelta(days=settings.build.every_days)
    earliest = data_through - timedelta(days=settings.build.history_days)
    first = max(first_start + timedelta(days=1), earliest)
    if first > data_through:
        return []
    day = EPOCH + step * -((EPOCH - first) // step)
    past = []
    while day < data_through:
        past.append(day)
        day += step
    return [*past, data_through]
