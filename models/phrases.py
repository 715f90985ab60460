"""A feature's value in words that a CSM would use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from models.encoding import FeatureSpec

UNKNOWN = "not known"


def sentence(feature: FeatureSpec, value: Any, currency: str, segment: str | None = None) -> str:
    """Return, for instance, ``Seats active, last 28 days: 96 % (typical for its segment 61 %)``."""
    told = phrase(feature.unit, value, currency)
    usual = typical(feature, segment)
    alike = " for its segment" if segment in feature.typical_of else ""
    compared = f" (typical{alike} {phrase(feature.unit, usual, currency)})"
    return f"{feature.description}{when(feature)}: {told}{compared if usual is not None else ''}"


def changed(feature: FeatureSpec, before: Any, after: Any, currency: str) -> str:
    """Return, for instance, ``Seats active, last 28 days: 96 %, was 61 %``."""
    now, then = (phrase(feature.unit, value, currency) for value in (after, before))
    return f"{feature.description}{when(feature)}: {now}, was {then}"


def typical(feature: FeatureSpec, segment: str | None = None) -> float | str | None:
    """Return what is typical of a segment, or of all accounts where the segment is small."""
    return feature.typical_of.get(segment or "", feature.typical)


def when(feature: FeatureSpec) -> str:
    """Return the time that a feature looks at, as the end of a phrase."""
    if feature.window_days:
        return f", last {feature.window_days} days"
    return f", by day {feature.by_day}" if feature.by_day else ""


def phrase(unit: str, value: Any, currency: str) -> str:
    """Return a value with its unit; ``None`` is not known."""
    if value is None:
        return UNKNOWN
    return FORMATS.get(unit, _number)(value, currency)


def _number(value: float, _currency: str) -> str:
    digits = 0 if float(value).is_integer() or abs(value) >= 100 else 1
    return f"{value:,.{digits}f}"


def _money(value: float, currency: str) -> str:
    return f"{currency} {value:,.0f}"


def _days(value: float, _currency: str) -> str:
    return f"{value:,.0f} day{'' if round(value) == 1 else 's'}"


FORMATS: dict[str, Callable[[Any, str], str]] = {
    "category": lambda value, _currency: str(value),
    "currency": _money,
    "days": _days,
    "flag": lambda value, _currency: "yes" if value else "no",
    "ratio": lambda value, _currency: f"{100 * value:,.0f} %",
}
"""How a value of each unit is written; every other unit is a plain number."""
