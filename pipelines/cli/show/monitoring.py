"""How monitoring results read at a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.console import line, next_step
from pipelines.monitoring.texts import (
    CATALOGUES,
    accuracy_text,
    false_alarm_text,
    finding_text,
    verdict_text,
)

if TYPE_CHECKING:
    from pipelines.monitoring.monitor import Challenger, MonitoringResult

NEXT = {
    "fine": "report",
    "too_few": "report",
    "customers_changed": "report - it names what changed",
    "model_worse": "train - a challenger for the model",
    "data_broken": "check - the feeds named above",
}
"""What to do after each kind of verdict."""
COLOURS = {"ok": "green", "look": "yellow", "alarm": "red"}


def monitored(result: MonitoringResult, language: str) -> None:
    """Print the verdict, each finding with what to do about it, and what was trained."""
    words, verdict = CATALOGUES[language], result.verdict
    sentence, advice = verdict_text(verdict, words)
    line(sentence, f"bold {COLOURS[verdict.light]}")
    line(advice)
    for finding in verdict.findings:
        what, do = finding_text(finding, words)
        line()
        line(what, COLOURS[finding.light])
        line(f"  {do}")
    line()
    for remark in (false_alarm_text(verdict, words), accuracy_text(verdict, words)):
        if remark:
            line(remark)
    for challenger in result.challengers:
        line(_challenger(challenger))
    line(f"\u2192 {result.path}")
    line(words.text("say.annex", path=str(Path(result.path).with_name("evidently.html"))))
    next_step(NEXT[verdict.kind])


def _challenger(challenger: Challenger) -> str:
    target, version = challenger.target, challenger.version
    if challenger.promoted:
        return f"{target}: version {version} trained and promoted"
    state = f"version {version} trained, not promoted" if version else "not trained"
    return f"{target}: {state}: {'; '.join(challenger.reasons)}"
