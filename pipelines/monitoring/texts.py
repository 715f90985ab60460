"""A verdict and its findings in the words of a language."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from models.i18n.messages import Catalogue, read
from models.i18n.number_format import WORDS, Figures
from pipelines.monitoring.verdict import Finding, Value, Verdict

CATALOGUES = read(Path(__file__).with_name("messages"))


def verdict_of(verdict: Verdict, words: Catalogue) -> tuple[str, str]:
    """Return what kind of week it was, and what to do."""
    return words.text(f"verdict.{verdict.kind}"), words.text(f"do.{verdict.kind}")


def told(finding: Finding, words: Catalogue) -> tuple[str, str]:
    """Return what was found, with how long it has lasted, and what to do about it."""
    figures = Figures(words.language, gap=" ")
    about = _called(finding.about, words)
    values = {"about": about}
    for name, value in finding.values.items():
        values[name] = _plain(value, figures)
        values[f"{name}_percent"] = _percent(value, figures)
    sentence = words.text(f"told.{finding.code}", **values)
    lasts = _lasts(finding, words)
    return (
        f"{sentence} {lasts}".rstrip(),
        words.text(f"do_about.{finding.code}", about=about),
    )


def false_alarms(verdict: Verdict, words: Catalogue) -> str:
    """Return how often the watch would cry without reason; empty where it was not simulated."""
    rate, figures = verdict.false_alarms, Figures(words.language, gap=" ")
    if rate is None:
        return ""
    shares = {name: figures.percent(getattr(rate, name), 1) for name in ("rate", "low", "high")}
    return words.text("say.false_alarms", weeks=rate.weeks, **shares)


def not_yet(verdict: Verdict, words: Catalogue) -> str:
    """Return from which day promises can be checked; empty where all can be by now."""
    days: dict[date, list[str]] = {}
    for target, day in sorted(verdict.not_knowable_before.items()):
        days.setdefault(day, []).append(_called(target, words))
    parts = [
        words.text(
            "say.not_yet_one",
            day=Figures(words.language, gap=" ").day(day),
            target=", ".join(targets),
        )
        for day, targets in sorted(days.items())
    ]
    return words.text("say.not_yet", days="; ".join(parts)) if parts else ""


def _called(about: str, words: Catalogue) -> str:
    """Return what a target is called; tables and columns keep their names."""
    return WORDS[words.language].texts.get(f"target.{about}", about)


def _lasts(finding: Finding, words: Catalogue) -> str:
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
