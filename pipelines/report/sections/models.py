"""How good each model is, as the page tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from features.labels.targets import TARGETS
from models.i18n.messages import Catalogue
from pipelines.report.sections.charts import (
    RIVALS,
    Comparison,
    Reliability,
    comparison,
    reliability,
)
from pipelines.report.sections.trust import skilled_at
from pipelines.report.texts import listed

if TYPE_CHECKING:
    from pipelines.report.inputs import Inputs


@dataclass(frozen=True)
class Quality:
    """One target's verdict, figures and charts; ``card`` is empty where nothing was trained."""

    target: str
    skill: bool
    scored: bool
    verdict: str
    standing: str
    version: str | None
    card: Mapping[str, Any]
    comparison: Comparison | None
    reliability: Reliability | None


def qualities(inputs: Inputs, words: Catalogue) -> list[Quality]:
    """Return every target's quality, in the order of the page."""
    titles = {str(one["name"]): title(one, words) for one in inputs.meta.get("features", ())}
    return [_quality(inputs, name, titles, words) for name in TARGETS]


def title(column: Mapping[str, Any], words: Catalogue) -> str:
    """Return what a column of the feature table is called, with the time that it looks at."""
    name = words.texts.get(f"feature.{column.get('stem')}", str(column["description"]))
    if column.get("window_days"):
        return name + words.text("phrase.window", days=column["window_days"])
    return name + (words.text("phrase.by_day", day=column["by_day"]) if column["by_day"] else "")


def _quality(inputs: Inputs, name: str, titles: Mapping[str, str], words: Catalogue) -> Quality:
    card = inputs.cards.get(name, {})
    version = card.get("version", inputs.scoring.models.get(name))
    return Quality(
        target=name,
        skill=skilled_at(inputs, name),
        scored=name in inputs.scoring.models,
        verdict=words.name("verdict", str(card.get("verdict", "none")).replace(" ", "_")),
        standing=standing(card, words),
        version=None if version is None else str(version),
        card=card,
        comparison=comparison(card, titles),
        reliability=reliability(card.get("reliability", ())),
    )


def standing(card: Mapping[str, Any], words: Catalogue) -> str:
    """Return how a model stands against each rival by the interval of its lead, as a sentence.

    Where no rival was measured, or the card denies skill, its own reason is told, in English.
    """
    groups: dict[str, list[str]] = {"better": [], "level": [], "worse": []}
    for key in RIVALS:
        lead = card.get("baselines", {}).get(key, {}).get("lead") or {}
        if lead.get("low") is not None:
            groups[_place(lead)].append(words.text(f"rival_in_text.{key}"))
    told = "; ".join(
        words.text(f"standing_of.{how}", rivals=listed(names, words))
        for how, names in groups.items()
        if names
    )
    reason = str(card.get("why", "")).strip().rstrip(".")
    if not told or not card.get("skill"):
        return f"{reason}." if reason else ""
    return f"{told[0].upper()}{told[1:]}."


def _place(lead: Mapping[str, float]) -> str:
    if lead["low"] > 0:
        return "better"
    return "worse" if lead["high"] < 0 else "level"
