"""Monitoring results: the week's findings in words, and its figures over the weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pipelines.monitoring import texts
from pipelines.monitoring.detectors.score_drift import MEAN
from pipelines.monitoring.verdict import Kind, Light, Verdict

if TYPE_CHECKING:
    from models.i18n.messages import Catalogue
    from pipelines.report.inputs import Inputs

WIDTH, HEIGHT = 220, 36


@dataclass(frozen=True)
class FindingText:
    """One finding in words, with what to do about it."""

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
class MonitoringResults:
    """The week's verdict in words; ``weeks`` are the verdicts up to it, the oldest first."""

    sentence: str
    advice: str
    light: Light
    findings: tuple[FindingText, ...]
    remarks: tuple[str, ...]
    weeks: tuple[tuple[date, Kind, Light], ...]
    trends: tuple[Trend, ...]


def monitoring_results(inputs: Inputs, words: Catalogue) -> MonitoringResults | None:
    """Return the verdict of the week in words."""
    verdict = inputs.verdict
    if verdict is None:
        return None
    catalogue = texts.CATALOGUES[words.language]
    sentence, advice = texts.verdict_text(verdict, catalogue)
    remarks = (texts.false_alarm_text(verdict, catalogue), texts.accuracy_text(verdict, catalogue))
    oldest_first = inputs.verdicts[::-1]
    return MonitoringResults(
        sentence=sentence,
        advice=advice,
        light=verdict.light,
        findings=tuple(
            FindingText(finding.light, *texts.finding_text(finding, catalogue))
            for finding in verdict.findings
        ),
        remarks=tuple(remark for remark in remarks if remark),
        weeks=tuple((week.as_of, week.kind, week.light) for week in oldest_first),
        trends=tuple(_trends(oldest_first, list(inputs.targets))),
    )


def _trends(verdicts: Sequence[Verdict], targets: Sequence[str]) -> list[Trend]:
    """Return mean probabilities by target, over all versions, and how many features moved."""
    trends = [_trend(name, [_mean(verdict, name) for verdict in verdicts]) for name in targets]
    drifted = _trend(None, [verdict.figures.get("columns moved") for verdict in verdicts])
    return [trend for trend in (*trends, drifted) if trend is not None]


def _mean(verdict: Verdict, target: str) -> float | None:
    start = f"{MEAN} {target} "
    return next((v for name, v in verdict.figures.items() if name.startswith(start)), None)


def _trend(target: str | None, values: Sequence[float | None]) -> Trend | None:
    measured = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(measured) < 2:
        return None
    numbers = [value for _, value in measured]
    low, high = min(numbers), max(numbers)
    across, up = WIDTH / (len(values) - 1), (HEIGHT - 8) / ((high - low) or 1)
    points = [
        f"{place * across:.1f} {HEIGHT - 4 - (value - low) * up:.1f}" for place, value in measured
    ]
    return Trend(target, "M" + " L".join(points), numbers[0], numbers[-1], len(measured))
