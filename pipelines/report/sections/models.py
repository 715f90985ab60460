"""How good each model is, as the page tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from models.i18n.messages import Catalogue
from models.release.card import Card, NotTrained, ReliabilityBin
from pipelines.report.sections.trust import skilled_at
from pipelines.report.texts import listed

if TYPE_CHECKING:
    from models.statistics.interval import Interval
    from pipelines.report.inputs import Inputs


@dataclass(frozen=True)
class Quality:
    """One target's verdict, figures and charts; ``card`` is ``None`` where nothing was trained."""

    target: str
    skill: bool
    scored: bool
    verdict: str
    standing: str
    version: str | None
    card: Card | None
    comparison: Comparison | None
    reliability: Reliability | None


def qualities(inputs: Inputs, words: Catalogue) -> list[Quality]:
    """Return every target's quality, in the order of the page."""
    features = (*inputs.meta.get("features", ()), *inputs.meta.get("descriptive", ()))
    titles = {str(column["name"]): title(column, words) for column in features}
    return [_quality(inputs, name, titles, words) for name in inputs.targets]


def title(column: Mapping[str, Any], words: Catalogue) -> str:
    """Return what a column of the feature table is called, with the time that it looks at."""
    name = words.texts.get(f"feature.{column.get('stem')}", str(column["description"]))
    if column.get("window_days"):
        return name + words.text("phrase.window", days=column["window_days"])
    return name + (words.text("phrase.by_day", day=column["by_day"]) if column["by_day"] else "")


def _quality(inputs: Inputs, name: str, titles: Mapping[str, str], words: Catalogue) -> Quality:
    card = inputs.cards.get(name)
    trained = card or inputs.not_trained.get(name)
    version = card.version if card else None
    if version is None:
        version = inputs.scoring.models.get(name)
    return Quality(
        target=name,
        skill=skilled_at(inputs, name),
        scored=name in inputs.scoring.models,
        verdict=words.name("verdict", (trained.verdict if trained else "none").replace(" ", "_")),
        standing=standing(trained, words),
        version=None if version is None else str(version),
        card=card,
        comparison=comparison(card, titles) if card else None,
        reliability=reliability(card.reliability) if card else None,
    )


def standing(trained: Card | NotTrained | None, words: Catalogue) -> str:
    """Return how a model stands against each rival by the interval of its lead, as a sentence.

    Where no rival was measured, or the card denies skill, its own reason stands there, in English.
    """
    groups: dict[str, list[str]] = {"better": [], "level": [], "worse": []}
    card = trained if isinstance(trained, Card) else None
    for key in RIVALS:
        lead = card.baselines[key].lead if card and key in card.baselines else None
        if lead is not None and not isnan(lead.low):
            groups[_standing(lead)].append(words.text(f"rival_in_text.{key}"))
    sentence = "; ".join(
        words.text(f"standing_of.{how}", rivals=listed(names, words))
        for how, names in groups.items()
        if names
    )
    reason = trained.why.strip().rstrip(".") if trained else ""
    if not sentence or card is None or not card.skill:
        return f"{reason}." if reason else ""
    return f"{sentence[0].upper()}{sentence[1:]}."


def _standing(lead: Interval) -> str:
    if lead.low > 0:
        return "better"
    return "worse" if lead.high < 0 else "level"


WIDTH, ROW, LEFT, RIGHT = 460, 34, 176, 50


SIDE, EDGE = 240, 30


OURS = "ours"


RANDOM_AUC = 0.5


@dataclass(frozen=True)
class Whisker:
    """One row of the comparison: a dot with its 95 % interval, in pixels, and the AUC itself.

    ``name`` is a key of ``rival``.
    """

    name: str
    detail: str
    ours: bool
    y: float
    x: float
    low: float
    high: float
    auc: float


@dataclass(frozen=True)
class Comparison:
    """Dot-and-whisker chart of AUC: the model against what one would do without it."""

    rows: tuple[Whisker, ...]
    ticks: tuple[tuple[float, float], ...]
    random_x: float
    height: float
    width: float = WIDTH


@dataclass(frozen=True)
class Point:
    """A group of rows: where it is drawn (pixels), how many there are, and their two shares."""

    x: float
    y: float
    radius: float
    n: int
    predicted: float
    observed: float


@dataclass(frozen=True)
class Reliability:
    """Predicted against observed shares; ``top`` is the share at the ends of both axes."""

    points: tuple[Point, ...]
    path: str
    top: float
    side: float = SIDE
    edge: float = EDGE


def comparison(card: Card, titles: Mapping[str, str]) -> Comparison | None:
    """Return the chart of a card's AUC and its baselines'; ``None`` where nothing was measured.

    ``titles`` says what a feature is called.
    """
    measured = _measured_aucs(card, titles)
    if not measured or measured[0][0] != OURS:
        return None
    lowest = min(_low(auc) for _, _, auc in measured)
    start = min(0.4, int(10 * lowest) / 10)
    rows = tuple(
        Whisker(
            name=name,
            detail=detail,
            ours=number == 0,
            y=20 + ROW * number,
            x=_x(auc.value, start),
            low=_x(_low(auc), start),
            high=_x(auc.value if isnan(auc.high) else auc.high, start),
            auc=auc.value,
        )
        for number, (name, detail, auc) in enumerate(measured)
    )
    marks = [n / 10 for n in range(round(10 * start), 11)]
    ticks = tuple((_x(mark, start), mark) for mark in marks)
    return Comparison(rows, ticks, _x(RANDOM_AUC, start), 14 + ROW * len(measured))


RIVALS = ("best_column", "rule", "logistic")


def _measured_aucs(card: Card, titles: Mapping[str, str]) -> list[tuple[str, str, Interval]]:
    """Return name, detail and AUC of the model and its rivals, as far as they were measured."""
    named = [(OURS, "", card.metrics["auc"])] if "auc" in card.metrics else []
    for key in RIVALS:
        if key in card.baselines:
            rival = card.baselines[key]
            column = rival.name.removeprefix("single column: ")
            detail = titles.get(column, column) if key == "best_column" else ""
            named.append((key, detail, rival.auc))
    return [(name, detail, auc) for name, detail, auc in named if not isnan(auc.value)]


def _low(auc: Interval) -> float:
    return auc.value if isnan(auc.low) else auc.low


def _x(auc: float, start: float) -> float:
    return round(LEFT + (auc - start) / (1 - start) * (WIDTH - LEFT - RIGHT), 1)


def reliability(bins: Sequence[ReliabilityBin]) -> Reliability | None:
    """Return the chart of a card's reliability; a larger dot stands for more accounts."""
    if not bins:
        return None
    top = min(1.0, 1.08 * max(max(group.predicted, group.observed) for group in bins)) or 1.0
    most = max(group.rows for group in bins)
    points = tuple(
        Point(
            x=_coordinate(group.predicted, top),
            y=SIDE - _coordinate(group.observed, top),
            radius=round(2.5 + 3.5 * (group.rows / most) ** 0.5, 1),
            n=group.rows,
            predicted=group.predicted,
            observed=group.observed,
        )
        for group in bins
    )
    path = "M" + " L".join(f"{point.x} {point.y}" for point in points)
    return Reliability(points, path, top)


def _coordinate(share: float, top: float) -> float:
    return round(EDGE + share / top * (SIDE - 2 * EDGE + 20), 1)
