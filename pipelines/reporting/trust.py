"""One traffic light: whether the numbers can be acted on this week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from features.targets import TARGETS
from pipelines.reporting.promises import promise
from pipelines.reporting.wording import LABELS, day, plural

if TYPE_CHECKING:
    from pipelines.drift import DriftResult
    from pipelines.reporting.inputs import Inputs

OLD_DAYS = 14
"""From this age on the data is told to be old: the page is made every week."""

Light = Literal["ok", "look", "alarm"]
ANSWERS = {"ok": "Yes", "look": "With care", "alarm": "Not yet"}


@dataclass(frozen=True)
class Sign:
    """One thing that speaks for or against the numbers."""

    light: Light
    about: str
    sentence: str


@dataclass(frozen=True)
class Trust:
    """The answer to the question, and what it rests on; the worst sign decides."""

    light: Light
    answer: str
    signs: tuple[Sign, ...]


def trust(inputs: Inputs, drift: DriftResult) -> Trust:
    """Weigh the models, what they promised, the age of the data and its drift."""
    moved = Sign(drift.verdict, "Drift", drift.sentence)
    signs = (_models(inputs), *_promises(inputs), _age(inputs), moved)
    light = _worst(signs)
    return Trust(light, ANSWERS[light], signs)


def _worst(signs: Sequence[Sign]) -> Light:
    order: tuple[Light, ...] = ("ok", "look", "alarm")
    return max((sign.light for sign in signs), key=order.index)


def _models(inputs: Inputs) -> Sign:
    """Tell which models are proven; a lead that may be chance is not told as proof."""
    skilled = [name for name in TARGETS if skilled_at(inputs, name)]
    clear = [name for name in skilled if clearly_ahead(inputs.cards[name])]
    if len(clear) == len(TARGETS):
        return Sign("ok", "Models", "All four models clearly beat rules of thumb on dates unseen.")
    parts = (
        ("Clearly better than rules of thumb", clear),
        ("Ahead, but perhaps by chance", [name for name in skilled if name not in clear]),
        ("Not proven, so not scored or not to be relied on", _without(skilled)),
    )
    told = [f"{what}: {_listed(names)}." for what, names in parts if names]
    growing = [name for name in skilled if TARGETS[name].direction == "+"]
    return Sign("look" if growing else "alarm", "Models", " ".join(told))


def _promises(inputs: Inputs) -> list[Sign]:
    """Tell whose probabilities did not come true when tested; without a test there is no sign."""
    made = {
        name: one for name in inputs.scoring.models if (one := promise(inputs.cards.get(name, {})))
    }
    broken = {name: one for name, one in made.items() if not one.kept}
    if not made:
        return []
    if not broken:
        return [Sign("ok", "Amounts", "When tested, about as much came as the models expected.")]
    told = "; ".join(f"{LABELS[name].lower()} {one.sentence}" for name, one in broken.items())
    return [Sign("look", "Amounts", f"When tested, {told}.")]


def _without(skilled: Sequence[str]) -> list[str]:
    return [name for name in TARGETS if name not in skilled]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(LABELS[name].lower() for name in names)


def skilled_at(inputs: Inputs, target: str) -> bool:
    """Say whether a released model of the target has shown skill."""
    return target in inputs.released and bool(inputs.cards[target].get("skill"))


def clearly_ahead(card: Mapping[str, Any]) -> bool:
    """Say whether the whole 95 % interval of the lead over each rule of thumb is above zero."""
    rivals = [card.get("baselines", {}).get(key) for key in ("best_column", "rule")]
    leads = [rival["lead"].get("low") for rival in rivals if rival and rival.get("lead")]
    return all(low is not None and low > 0 for low in leads)


def _age(inputs: Inputs) -> Sign:
    """Compare the data's last day with the day of the scoring (a report made anew stays equal)."""
    age = max(0, (inputs.scoring.created_at.date() - inputs.scoring.as_of).days)
    told = f"The data is complete to the end of {day(inputs.scoring.as_of - timedelta(days=1))}"
    if inputs.meta.get("fingerprint") != inputs.scoring.data_fingerprint:
        return Sign("look", "Data", f"{told}, but was read anew since it was scored: score again.")
    if age > OLD_DAYS:
        return Sign("look", "Data", f"{told}, {plural(age, 'day')} before it was scored.")
    return Sign("ok", "Data", f"{told} and was scored {_after(age)}.")


def _after(age: int) -> str:
    return "the same day" if age == 0 else f"{plural(age, 'day')} later"
