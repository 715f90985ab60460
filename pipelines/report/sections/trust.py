"""One traffic light: whether the numbers can be acted on this week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from typing import TYPE_CHECKING

from models.i18n.messages import Catalogue
from models.i18n.number_format import Figures
from models.inference.expected_arr import GAIN
from pipelines.monitoring import texts as monitoring_texts
from pipelines.monitoring.verdict import Light
from pipelines.report.texts import targets

if TYPE_CHECKING:
    from models.release.card import Card
    from pipelines.report.inputs import Inputs

OLD_DAYS = 14
"""Data older than this counts as old: the page is written every week."""


@dataclass(frozen=True)
class Sign:
    """One thing that speaks for or against the numbers; ``about`` is a key of ``trust``."""

    light: Light
    about: str
    sentence: str


@dataclass(frozen=True)
class Trust:
    """The answer to the question, and what it rests on; the worst sign decides."""

    light: Light
    answer: str
    signs: tuple[Sign, ...]


def trust(inputs: Inputs, words: Catalogue) -> Trust:
    """Weigh monitoring, the models, their forecast accuracy in testing, and the age of the data."""
    signs = (
        _monitoring(inputs, words),
        _models(inputs, words),
        *_forecast_accuracy(inputs, words),
        _age(inputs, words),
    )
    light = _worst(signs)
    return Trust(light, words.text(f"trust.answer.{light}"), signs)


def _worst(signs: Sequence[Sign]) -> Light:
    order: tuple[Light, ...] = ("ok", "look", "alarm")
    return max((sign.light for sign in signs), key=order.index)


def _monitoring(inputs: Inputs, words: Catalogue) -> Sign:
    """Return the verdict of the week with what to do; a caution where monitoring has not run."""
    verdict = inputs.verdict
    if verdict is None:
        return Sign("look", "monitoring", words.text("trust.not_monitored"))
    sentence, advice = monitoring_texts.verdict_text(
        verdict, monitoring_texts.CATALOGUES[words.language]
    )
    text = sentence if verdict.light == "ok" else f"{sentence} {advice}"
    return Sign(verdict.light, "monitoring", text)


def _models(inputs: Inputs, words: Catalogue) -> Sign:
    """Say which models are proven; a lead that may be chance does not count as proof."""
    skilled = [name for name in inputs.targets if skilled_at(inputs, name)]
    clear = [name for name in skilled if clearly_ahead(inputs.cards[name])]
    if len(clear) == len(inputs.targets):
        return Sign("ok", "models", words.text("trust.all_clear"))
    parts = (
        ("trust.clear", clear),
        ("trust.perhaps", [name for name in skilled if name not in clear]),
        ("trust.not_proven", [name for name in inputs.targets if name not in skilled]),
    )
    sentences = [words.text(key, targets=targets(names, words)) for key, names in parts if names]
    growing = [name for name in skilled if inputs.targets[name].direction == GAIN]
    return Sign("look" if growing else "alarm", "models", " ".join(sentences))


def _forecast_accuracy(inputs: Inputs, words: Catalogue) -> list[Sign]:
    """Say whose probabilities did not come true when tested; without a test there is no sign."""
    tested = {
        name: accuracy
        for name in inputs.scoring.models
        if (accuracy := forecast_accuracy(inputs.cards.get(name)))
    }
    missed = {name: accuracy for name, accuracy in tested.items() if not accuracy.is_met}
    if not tested:
        return []
    if not missed:
        return [Sign("ok", "amounts", words.text("trust.forecast_met"))]
    misses = "; ".join(
        accuracy.sentence(words, words.name("target_in_text", name))
        for name, accuracy in missed.items()
    )
    return [Sign("look", "amounts", words.text("trust.forecast_missed", misses=misses))]


def skilled_at(inputs: Inputs, target: str) -> bool:
    """Say whether a released model of the target has shown skill."""
    return target in inputs.released and inputs.cards[target].skill


def clearly_ahead(card: Card) -> bool:
    """Say whether the whole 95 % interval of the lead over each rule of thumb is above zero."""
    rules = ("best_column", "rule")
    return all(card.baselines[key].lead.low > 0 for key in rules if key in card.baselines)


def _age(inputs: Inputs, words: Catalogue) -> Sign:
    """Compare the data's last day with the day of the scoring (a report made anew stays equal)."""
    scoring = inputs.scoring
    age = max(0, (scoring.created_at.date() - scoring.as_of).days)
    through = Figures(words.language).day(scoring.as_of - timedelta(days=1))
    days = words.several("count.days", age)
    if inputs.is_newest and inputs.meta.get("fingerprint") != scoring.data_fingerprint:
        return Sign("look", "data", words.text("trust.read_anew", through=through))
    if age > OLD_DAYS:
        return Sign("look", "data", words.text("trust.old", through=through, days=days))
    key = "trust.same_day" if age == 0 else "trust.fresh"
    return Sign("ok", "data", words.text(key, through=through, days=days))


LEAST, MOST = 0.75, 4 / 3
"""Actual outcomes for each one forecast, between which a forecast counts as met."""


CHANCE = 4.0
"""Standard errors of a count: two for 95 %, doubled as test dates four weeks apart with a horizon
of thirteen count an outcome about three times."""


@dataclass(frozen=True)
class ForecastAccuracy:
    """Outcomes forecast by a model and actual ones, over all rows of its test."""

    expected: float
    actual: float

    @property
    def ratio(self) -> float:
        """Actual outcomes for each one forecast."""
        return self.actual / self.expected

    @property
    def is_met(self) -> bool:
        """Whether the two agree, but for a difference that chance explains."""
        clear = abs(self.actual - self.expected) > CHANCE * sqrt(self.expected)
        return not clear or LEAST <= self.ratio <= MOST

    def sentence(self, words: Catalogue, target: str) -> str:
        """Return actual outcomes per ten forecast, of a target by its name in a text."""
        key = "trust.too_high" if self.ratio < 1 else "trust.too_low"
        return words.text(key, target=target, actual=words.number(10 * self.ratio))


def forecast_accuracy(card: Card | None) -> ForecastAccuracy | None:
    """Return the forecast accuracy of a card's test; None where it has no test."""
    bins = card.reliability if card else ()
    expected = sum(tenth.rows * tenth.predicted for tenth in bins)
    actual = sum(tenth.rows * tenth.observed for tenth in bins)
    return ForecastAccuracy(expected, actual) if expected > 0 else None
