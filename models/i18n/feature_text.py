"""A feature's value as a sentence that a CSM can say to a customer, in the language of ``words``.

English sentences come with the feature's declaration, those of another language from the message
catalogue (``sentence.<stem>.<form>``). A feature that the other language does not name, such as a
company's own, is told in English; one without any sentence reads as its description and value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from models.i18n.messages import FIRST, Catalogue
from models.i18n.number_format import ENGLISH, Figures
from models.inference.encoding import FeatureSpec

FORMS = ("negative", "zero", "one", "many", "unknown")
PLACE = re.compile(r"{(value|number|days|day)}")
AGE = "adoption_age_days"
"""The input that says for how many days an account has been a customer."""
LOOKBACK = re.compile(r"\b((?:last|first|letzten?|ersten?) )(\d+)(?= (?:days|Tagen?)\b)")
"""A time that a sentence looks back on and names itself, such as "the last 91 days"."""
SHORTEST = 2
"""Days that are told of a customer since yesterday or today."""


def sentence(
    feature: FeatureSpec,
    value: Any,
    currency: str,
    segment: str | None = None,
    words: Catalogue = ENGLISH,
    age: float | None = None,
) -> str:
    """Return, for instance, ``96 % of licensed seats active; segment median 61 %``.

    ``age`` is for how many days the account has been a customer, if that is known: no sentence
    looks back further.
    """
    words = spoken(feature, words)
    return _statement(feature, value, currency, words, age) + _comparison(
        feature, value, currency, segment, words
    )


def changed(
    feature: FeatureSpec,
    before: Any,
    after: Any,
    currency: str,
    words: Catalogue = ENGLISH,
    age: float | None = None,
) -> str:
    """Return, for instance, ``96 % of licensed seats active; previously 61 %``."""
    words = spoken(feature, words)
    previous = words.text("phrase.was", value=phrase(feature.unit, before, currency, words))
    return _statement(feature, after, currency, words, age) + previous


def unchanged(
    feature: FeatureSpec,
    value: Any,
    currency: str,
    words: Catalogue = ENGLISH,
    age: float | None = None,
) -> str:
    """Return what to say of a value that stayed while its part in the score moved."""
    words = spoken(feature, words)
    return _statement(feature, value, currency, words, age) + words.text("phrase.same")


def spoken(feature: FeatureSpec, words: Catalogue) -> Catalogue:
    """Return ``words`` where they name the feature, else the English ones."""
    has_name = f"feature.{feature.stem}" in words.texts
    return words if has_name or _forms(feature, words) else ENGLISH


def named(feature: FeatureSpec, words: Catalogue = ENGLISH, age: float | None = None) -> str:
    """Return what a feature is called, with the time that it looks at."""
    words = spoken(feature, words)
    name = words.texts.get(f"feature.{feature.stem}", feature.description)
    return _within_life(name, age) + when(feature, words, age)


def typical(feature: FeatureSpec, segment: str | None = None) -> float | str | None:
    """Return what is typical of a segment, or of all accounts where the segment is small."""
    return feature.typical_of.get(segment or "", feature.typical)


def when(feature: FeatureSpec, words: Catalogue = ENGLISH, age: float | None = None) -> str:
    """Return the time that a feature looks at, as the end of a phrase."""
    if feature.window_days:
        return words.text("phrase.window", days=_lived(feature.window_days, age))
    return words.text("phrase.by_day", day=feature.by_day) if feature.by_day else ""


def phrase(unit: str, value: Any, currency: str, words: Catalogue = ENGLISH) -> str:
    """Return a value with its unit; ``None`` is not known."""
    if value is None:
        return words.text("phrase.unknown")
    return FORMATS.get(unit, _number)(value, currency, words)


def age_of(values: Mapping[str, Any]) -> float | None:
    """Return for how many days an account has been a customer, by its inputs; None if unknown."""
    age = values.get(AGE)
    return float(age) if isinstance(age, int | float) and math.isfinite(age) else None


def _lived(days: int, age: float | None) -> int:
    """Return ``days``, or as many as the account has been a customer for."""
    return days if age is None else min(days, max(int(age), SHORTEST))


def _within_life(text: str, age: float | None) -> str:
    """Return a text that looks back no further than the account has been a customer."""
    return LOOKBACK.sub(lambda look: f"{look[1]}{_lived(int(look[2]), age)}", text)


def _statement(
    feature: FeatureSpec, value: Any, currency: str, words: Catalogue, age: float | None
) -> str:
    """Return the sentence of a value, without comparison."""
    forms = _forms(feature, words)
    form = _form(feature.unit, value, forms, words)
    size = abs(value) if form == "negative" else value
    shown = phrase(feature.unit, size, currency, words)
    if form not in forms:
        return words.text("phrase.is", feature=named(feature, words, age), value=shown)
    days = str(_lived(feature.window_days, age)) if feature.window_days else ""
    places = {"value": shown, "days": days, "day": str(feature.by_day)}
    if isinstance(size, int | float):
        places["number"] = _number(size, currency, words)
    return PLACE.sub(lambda place: places.get(place[1], shown), _within_life(forms[form], age))


def _forms(feature: FeatureSpec, words: Catalogue) -> Mapping[str, str]:
    """Return the feature's sentence by form, empty where the language has none."""
    if words.language == FIRST:
        return feature.says
    keys = {form: f"sentence.{feature.stem}.{form}" for form in FORMS}
    return {form: words.texts[key] for form, key in keys.items() if key in words.texts}


def _form(unit: str, value: Any, forms: Mapping[str, str], words: Catalogue) -> str:
    """Return which form of a sentence a value takes, by how it is displayed."""
    if value is None:
        return "unknown"
    if unit == "category":
        return "many"
    shown = phrase(unit, value, "", words)
    for form, number in (("zero", 0), ("one", 1)):
        if form in forms and shown == phrase(unit, number, "", words):
            return form
    return "negative" if value < 0 and "negative" in forms else "many"


def _comparison(
    feature: FeatureSpec, value: Any, currency: str, segment: str | None, words: Catalogue
) -> str:
    """Return what is typical where it reads differently from the value, else nothing."""
    usual = typical(feature, segment)
    if usual is None or (feature.unit == "flag" and usual not in (0, 1)):
        return ""
    shown = phrase(feature.unit, usual, currency, words)
    if shown == phrase(feature.unit, value, currency, words):
        return ""
    kind = {"category": "most_common", "flag": "majority"}.get(feature.unit, "median")
    peers = "segment" if segment in feature.typical_of else "all"
    return words.text(f"phrase.{kind}.{peers}", value=shown)


def _number(value: float, _currency: str, words: Catalogue) -> str:
    return words.number(value, 0 if float(value).is_integer() or abs(value) >= 100 else 1)


def _money(value: float, currency: str, words: Catalogue) -> str:
    return words.text("phrase.money", currency=currency, amount=words.number(value))


def _days(value: float, _currency: str, words: Catalogue) -> str:
    return words.several("phrase.days", value)


def _share(value: float, _currency: str, words: Catalogue) -> str:
    if 0 < value < 0.005:
        return "<1 %"
    return Figures(words.language, gap=" ").percent(value)


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
