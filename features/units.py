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
