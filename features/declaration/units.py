"""The units a feature may have, and the range it is expected to lie in."""

from __future__ import annotations

UNITS: dict[str, str] = {
    "category": "a name",
    "count": "a number of things",
    "currency": "the company's currency",
    "days": "days",
    "events": "events",
    "flag": "yes or no",
    "people": "people",
    "products": "products",
    "ratio": "a share, shown in per cent",
    "seats": "seats",
}
"""The units a feature may have, and what they mean to a reader."""

Range = tuple[float | None, float | None]
"""Lowest and highest value that makes sense; ``None`` leaves a side open."""


def when(window_days: int | None, by_day: int | None) -> str:
    """Return what a description leaves out: the window of a column, or the day it looks at."""
    if window_days:
        return f", last {window_days} days"
    return f", by day {by_day}" if by_day else ""
