"""A feature's value in words that a CSM would use, in the language of ``words``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from models.i18n.messages import Catalogue
from models.i18n.number_format import ENGLISH
from models.inference.encoding import FeatureSpec


def sentence(
    feature: FeatureSpec,
    value: Any,
    currency: str,
    segment: str | None = None,
    words: Catalogue = ENGLISH,
) -> str:
    """Return, for instance, ``Seats active, last 28 days: 96 % (typical for its segment 61 %)``."""
    return compared(
        named(feature, words),
        phrase(feature.unit, value, currency, words),
        phrase(feature.unit, usual, currency, words)
        if (usual := typical(feature, segment)) is not None
        else None,
        words,
        alike=segment in feature.typical_of,
    )


def compared(
    name: str, value: str, usual: str | None, words: Catalogue, *, alike: bool = False
) -> str:
    """Return a value beside what is typical, of the segment or of all, where that is known."""
    how = "phrase.alike" if alike else "phrase.typical"
    told = "" if usual is None else words.text(how, value=usual)
    return words.text("phrase.is", feature=name, value=value) + told


def changed(
    feature: FeatureSpec, before: Any, after: Any, currency: str, words: Catalogue = ENGLISH
) -> str:
    """Return, for instance, ``Seats active, last 28 days: 96 %, was 61 %``."""
    now, then = (phrase(feature.unit, value, currency, words) for value in (after, before))
    return words.text("phrase.was", feature=named(feature, words), now=now, then=then)


def named(feature: FeatureSpec, words: Catalogue = ENGLISH) -> str:
    """Return what a feature is called, with the time that it looks at.

    A feature that the catalogue does not know, such as a company's own, keeps its description.
    """
    name = words.texts.get(f"feature.{feature.stem}", feature.description)
    return name + when(feature, words)


def typical(feature: FeatureSpec, segment: str | None = None) -> float | str | None:
    """Return what is typical of a segment, or of all accounts where the segment is small."""
    return feature.typical_of.get(segment or "", feature.typical)


def when(feature: FeatureSpec, words: Catalogue = ENGLISH) -> str:
    """Return the time that a feature looks at, as the end of a phrase."""
    if feature.window_days:
        return words.text("phrase.window", days=feature.window_days)
    return words.text("phrase.by_day", day=feature.by_day) if feature.by_day else ""


def phrase(unit: str, value: Any, currency: str, words: Catalogue = ENGLISH) -> str:
    """Return a value with its unit; ``None`` is not known."""
    if value is None:
        return words.text("phrase.unknown")
    return FORMATS.get(unit, _number)(value, currency, words)


def _number(value: float, _currency: str, words: Catalogue) -> str:
    return words.number(value, 0 if float(value).is_integer() or abs(value) >= 100 else 1)


def _money(value: float, currency: str, words: Catalogue) -> str:
    return words.text("phrase.money", currency=currency, amount=words.number(value))


def _days(value: float, _currency: str, words: Catalogue) -> str:
    return words.several("phrase.days", value)


def _share(value: float, _currency: str, words: Catalogue) -> str:
    return f"{words.number(100 * value)} %"


def _flag(value: float, _currency: str, words: Catalogue) -> str:
    return words.text("phrase.yes" if value else "phrase.no")


FORMATS: dict[str, Callable[[Any, str, Catalogue], str]] = {
    "category": lambda value, _currency, _words: str(value),
    "currency": _money,
    "days": _days,
    "flag": _flag,
    "ratio": _share,
}
"""How a value of each unit is written; every other unit is a plain number."""
