"""What a person sees of a week's verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.console import line
from pipelines.monitoring.texts import CATALOGUES, false_alarms, not_yet, told, verdict_of

if TYPE_CHECKING:
    from pipelines.monitoring.watch import Challenger, WatchResult

COLOURS = {"ok": "green", "look": "yellow", "alarm": "red"}


def watched(result: WatchResult, language: str) -> None:
    """Print the verdict, each finding with what to do about it, and what was trained."""
    words, verdict = CATALOGUES[language], result.verdict
    sentence, advice = verdict_of(verdict, words)
    line(sentence, f"bold {COLOURS[verdict.light]}")
    line(advice)
    for finding in verdict.findings:
        what, do = told(finding, words)
        line()
        line(what, COLOURS[finding.light])
        line(f"  {do}")
    line()
    for remark in (false_alarms(verdict, words), not_yet(verdict, words)):
        if remark:
            line(remark)
    for one in result.challengers:
        line(_challenger(one))
    line(f"\u2192 {result.path}")
    line(words.text("say.annex", path=str(Path(result.path).with_name("evidently.html"))))


def _challenger(one: Challenger) -> str:
    if one.promoted:
        return f"{one.target}: version {one.version} was trained and promoted"
    made = f"version {one.version} was trained, not promoted" if one.version else "not trained"
    return f"{one.target}: {made}: {'; '.join(one.reasons)}"
