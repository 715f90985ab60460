"""Figures as people write them. A dash stands for what is not known."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

NOT_KNOWN = "–"
TARGETS = {
    "upsell": "Upsell",
    "cross_sell": "Cross-sell",
    "downsell": "Downsell",
    "churn": "Churn",
}
"""The targets in the order of the page, and what they are called there."""
NARROW = "\u00a0"
"""No line breaks between a figure and its unit."""


def known(value: Any) -> bool:
    """Say whether there is a value: not None, not a NaN."""
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def rounded(value: float | None) -> str:
    """Return an amount to three digits, thousands parted: nobody needs the cents."""
    if value is None or not math.isfinite(value):
        return NOT_KNOWN
    if value == 0:
        return "0"
    step = 10 ** max(0, math.floor(math.log10(abs(value))) - 2)
    return f"{round(value / step) * step:,.0f}"


def short(value: float | None) -> str:
    """Return a large amount in millions or thousands, such as ``1.24 m`` or ``412 k``."""
    if value is None or not math.isfinite(value):
        return NOT_KNOWN
    for size, name in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        # 999,600 is a million to a reader of three digits.
        if abs(value) >= 0.9995 * size:
            scaled = value / size
            digits = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
            return f"{scaled:.{digits}f}{NARROW}{name}"
    return f"{value:,.0f}"


def whole(value: float | None) -> str:
    """Return a whole number with its thousands parted."""
    return f"{value:,.0f}" if value is not None and math.isfinite(value) else NOT_KNOWN


def percent(share: float | None) -> str:
    """Return a share in per cent; what is not nothing is not shown as 0 %."""
    if share is None or not math.isfinite(share):
        return NOT_KNOWN
    if 0 < share < 0.005:
        return f"under{NARROW}1{NARROW}%"
    return f"{100 * share:.0f}{NARROW}%"


def auc(value: float | None) -> str:
    """Return an AUC with two digits."""
    return f"{value:.2f}" if value is not None else NOT_KNOWN


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: ``1 account``, ``1,200 accounts``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def long_date(day: date) -> str:
    """Return a day as ``3 August 2026``."""
    return f"{day.day} {day:%B %Y}"


def day_span(days: int) -> str:
    """Return a number of days in the largest unit that says it well."""
    for size, name in ((364, "year"), (30, "month"), (7, "week")):
        if days >= 2 * size:
            return plural(round(days / size), name)
    return plural(days, "day")
