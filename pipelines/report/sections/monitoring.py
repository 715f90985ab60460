"""Monitoring results: the week's findings in words, and its figures over the weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pipelines.monitoring import texts
from pipelines.monitoring.detectors.score_drift import MEAN
from pipelines.monitoring.verdict import Finding, Kind, Light, Verdict

if TYPE_CHECKING:
    from models.i18n.messages import Catalogue
    from pipelines.report.inputs import Inputs

WIDTH, HEIGHT = 220, 36


@dataclass(frozen=True)
class Told:
    """One finding with what to do about it."""

    light: Light
    sentence: str
    advice: str


@dataclass(frozen=True)
class Trend:
    """One figure over the weeks, the oldest first, as a line in pixels."""

    target: str | None
    path: str
    first: float
    last: float
    weeks: int


@dataclass(frozen=True)
class Watched:
    """The week's verdict in words; ``weeks`` are the verdicts up to it, the oldest first."""

    sentence: str
    advice: str
    light: Light
    findings: tuple[Told, ...]
    remarks: tuple[str, ...]
    weeks: tuple[tuple[date, Kind, Light], ...]
    trends: tuple[Trend, ...]


def watched(inputs: Inputs, words: Catalogue) -> Watched | None:
    """Return the verdict of the week in words."""
    verdict = inputs.verdict
    if verdict is None:
        return None
    own = texts.CATALOGUES[words.language]
    sentence, advice = texts.verdict_text(verdict, own)
    remarks = (texts.false_alarm_text(verdict, own), texts.accuracy_text(verdict, own))
    oldest_first = inputs.verdicts[::-1]
    return Watched(
        sentence=sentence,
        advice=advice,
        light=verdict.light,
        findings=tuple(_told(one, own) for one in verdict.findings),
        remarks=tuple(one for one in remarks if one),
        weeks=tuple((one.as_of, one.kind, one.light) for one in oldest_first),
        trends=tuple(_trends(oldest_first, list(inputs.targets))),
    )


def _told(finding: Finding, own: Catalogue) -> Told:
    sentence, advice = texts.finding_text(finding, own)
    return Told(finding.light, sentence, advice)


def _trends(verdicts: Sequence[Verdict], targets: Sequence[str]) -> list[Trend]:
    """Return mean probabilities by target, over all versions, and how many features moved."""
    found = [_trend(name, [_mean(one, name) for one in verdicts]) for name in targets]
    columns = _trend(None, [one.figures.get("columns moved") for one in verdicts])
    return [one for one in (*found, columns) if one is not None]


def _mean(verdict: Verdict, target: str) -> float | None:
    start = f"{MEAN} {target} "
    return next((v for name, v in verdict.figures.items() if name.startswith(start)), None)


def _trend(target: str | None, values: Sequence[float | None]) -> Trend | None:
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return None
    numbers = [value for _, value in known]
    low, high = min(numbers), max(numbers)
    across, up = WIDTH / (len(values) - 1), (HEIGHT - 8) / ((high - low) or 1)
    points = [
        f"{place * across:.1f} {HEIGHT - 4 - (value - low) * up:.1f}" for place, value in known
    ]
    return Trend(target, "M" + " L".join(points), numbers[0], numbers[-1], len(known))
