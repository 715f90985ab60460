"""How good each model is, as the page tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from features.targets import TARGETS
from pipelines.drift_words import title
from pipelines.reporting.charts import Comparison, Reliability, comparison, reliability
from pipelines.reporting.trust import skilled_at
from pipelines.reporting.wording import LABELS

if TYPE_CHECKING:
    from pipelines.reporting.inputs import Inputs


@dataclass(frozen=True)
class Quality:
    """One target's verdict, figures and charts; ``card`` is empty where nothing was trained."""

    target: str
    label: str
    skill: bool
    scored: bool
    verdict: str
    standing: str
    version: str | None
    card: Mapping[str, Any]
    comparison: Comparison | None
    reliability: Reliability | None


def qualities(inputs: Inputs) -> list[Quality]:
    """Return every target's quality, in the order of the page."""
    titles = {str(c["name"]): title(c) for c in inputs.meta.get("features", ())}
    return [_quality(inputs, name, titles) for name in TARGETS]


def _quality(inputs: Inputs, name: str, titles: Mapping[str, str]) -> Quality:
    card = inputs.cards.get(name, {})
    version = card.get("version", inputs.scoring.models.get(name))
    return Quality(
        target=name,
        label=LABELS[name],
        skill=skilled_at(inputs, name),
        scored=name in inputs.scoring.models,
        verdict=str(card.get("verdict", "no model trained")),
        standing=standing(card),
        version=None if version is None else str(version),
        card=card,
        comparison=comparison(card, titles),
        reliability=reliability(card.get("reliability", ())),
    )


def standing(card: Mapping[str, Any]) -> str:
    """Return how a model stands against each rival by the interval of its lead, as a sentence.

    Where no rival was measured, or the card denies skill, its own reason is told.
    """
    groups: dict[str, list[str]] = {"clearly better than": [], "level with": [], "worse than": []}
    for key, name in _NAMES.items():
        lead = card.get("baselines", {}).get(key, {}).get("lead") or {}
        if lead.get("low") is not None:
            groups[_place(lead)].append(name)
    told = "; ".join(f"{how} {_listed(names)}" for how, names in groups.items() if names)
    reason = str(card.get("why", "")).strip().rstrip(".")
    if not told or not card.get("skill"):
        return f"{reason}." if reason else ""
    return f"{told[0].upper()}{told[1:]}."


_NAMES = {
    "best_column": "the best single column",
    "rule": "the rule of thumb",
    "logistic": "logistic regression",
}


def _place(lead: Mapping[str, float]) -> str:
    if lead["low"] > 0:
        return "clearly better than"
    return "worse than" if lead["high"] < 0 else "level with"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
