"""Figures as people write them; the page's Jinja filters."""

from __future__ import annotations

from datetime import date
from math import isfinite
from typing import Any

from features.targets import TARGETS

DASH = "\u2013"
NARROW = "\u00a0"
"""Keeps a figure and its unit on one line."""
LABELS = {name: name.replace("_", "-").capitalize() for name in TARGETS}


def money(value: float | None) -> str:
    """Return an amount without cents, thousands parted."""
    return DASH if value is None or not isfinite(value) else f"{value:,.0f}"


def short_money(value: float | None) -> str:
    """Return an amount in three digits or so: 12.3 m, 840 k, 950."""
    for size, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if value is not None and abs(value) >= 0.9995 * size:
            scaled = value / size
            digits = 1 if abs(scaled) < 100 and letter != "k" else 0
            return f"{scaled:,.{digits}f}{NARROW}{letter}"
    return money(value)


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share (0 to 1) as per cent; small but not zero is told as such."""
    if share is None or not isfinite(share):
        return DASH
    if digits == 0 and 0 < share < 0.005:
        return f"<{NARROW}1{NARROW}%"
    return f"{100 * share:.{digits}f}{NARROW}%"


def number(value: float | None, digits: int = 0) -> str:
    """Return a number, thousands parted."""
    return DASH if value is None or not isfinite(value) else f"{value:,.{digits}f}"


def day(value: date) -> str:
    """Return a date that nobody can misread: 3 August 2026."""
    return f"{value.day} {value:%B %Y}"


def interval(one: dict[str, float | None] | None, digits: int = 2) -> str:
    """Return a figure with its 95 % interval: 0.78 (0.74 to 0.81)."""
    if not one or one.get("value") is None:
        return DASH
    low, high = one.get("low"), one.get("high")
    told = number(one["value"], digits)
    known = low is not None and high is not None
    return f"{told} ({number(low, digits)} to {number(high, digits)})" if known else told


def plural(count: int, word: str) -> str:
    """Return a count with its word: 1 account, 12 accounts."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


FILTERS: dict[str, Any] = {
    "money": money,
    "short_money": short_money,
    "percent": percent,
    "number": number,
    "day": day,
    "interval": interval,
    "plural": plural,
}
