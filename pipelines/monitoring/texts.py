"""A verdict and its findings in the words of a language."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from models.i18n.messages import Catalogue, read
from models.i18n.number_format import WORDS, Figures
from pipelines.monitoring.verdict import Finding, Value, Verdict

CATALOGUES = read(Path(__file__).with_name("messages"))


def verdict_text(verdict: Verdict, words: Catalogue) -> tuple[str, str]:
    """Return what kind of week it was, and what to do."""
    return words.text(f"verdict.{verdict.kind}"), words.text(f"do.{verdict.kind}")


def finding_text(finding: Finding, words: Catalogue) -> tuple[str, str]:
    """Return what was found, with how long it has lasted, and what to do about it."""
    figures = Figures(words.language, gap=" ")
    about = _name(finding.about, words)
    values = {"about": about}
    for name, value in finding.values.items():
        values[name] = _plain(value, figures)
        values[f"{name}_percent"] = _percent(value, figures)
    sentence = words.text(f"finding.{finding.code}", **values)
    duration = _duration(finding, words)
    return (
        f"{sentence} {duration}".rstrip(),
        words.text(f"action.{finding.code}", about=about),
    )


def false_alarm_text(verdict: Verdict, words: Catalogue) -> str:
    """Return the false-alarm rate as a sentence; empty where it was not simulated."""
    rate, figures = verdict.false_alarms, Figures(words.language, gap=" ")
    if rate is None:
        return ""
    shares = {name: figures.percent(getattr(rate, name), 1) for name in ("rate", "low", "high")}
    return words.text("say.false_alarms", weeks=rate.weeks, **shares)


def accuracy_text(verdict: Verdict, words: Catalogue) -> str:
    """Return from which day actuals can be compared with the forecast; empty where all can be."""
    days: dict[date, list[str]] = {}
    for target, day in sorted(verdict.not_knowable_before.items()):
        days.setdefault(day, []).append(_name(target, words))
    parts = [
        words.text(
            "say.not_yet_one",
            day=Figures(words.language, gap=" ").day(day),
            target=", ".join(targets),
        )
        for day, targets in sorted(days.items())
    ]
    return words.text("say.not_yet", days="; ".join(parts)) if parts else ""


def _name(about: str, words: Catalogue) -> str:
    """Return what a target is called; tables and columns keep their names."""
    return WORDS[words.language].texts.get(f"target.{about}", about)


def _duration(finding: Finding, words: Catalogue) -> str:
    if finding.light == "ok":
        return words.text("say.waits", weeks=finding.weeks)
    return words.text("say.lasts", weeks=finding.weeks) if finding.weeks > 1 else ""


def _plain(value: Value, figures: Figures) -> str:
    if isinstance(value, int | float):
        small = isinstance(value, float) and abs(value) < 1000
        digits = 0 if not small else 1 if abs(value) >= 10 else 3
        return figures.number(value, digits)
    return "\u2013" if value is None else value


def _percent(value: Value, figures: Figures) -> str:
    if not isinstance(value, int | float):
        return ""
    return figures.percent(value, 1 if abs(value) < 0.1 else 0)
