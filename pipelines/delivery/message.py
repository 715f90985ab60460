"""A report's summary in words: the same lines for a mail and a chat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.i18n.messages import Catalogue, read
from models.i18n.number_format import WORDS, Figures
from pipelines.report.summary import Summary

CATALOGUES = read(Path(__file__).with_name("messages"), WORDS)
LIGHTS = {"ok": "\U0001f7e2", "look": "\U0001f7e1", "alarm": "\U0001f534"}
"""Large circles: they are seen before anything is read."""


@dataclass(frozen=True)
class SummaryText:
    """A summary in its language: subject, the question with its answer, and lines of figures."""

    subject: str
    greeting: str
    footer: str
    light: str
    trust: str
    answer: str
    verdict: str
    open: str
    lines: tuple[tuple[str, str], ...]


def summary_text(summary: Summary) -> SummaryText:
    """Return a summary in the words of its language."""
    words, figures = CATALOGUES[summary.language], Figures(summary.language)
    day = figures.day(summary.as_of)
    return SummaryText(
        subject=words.text("mail.subject", company=summary.company, day=day),
        greeting=words.text("mail.greeting", day=day),
        footer=words.text("mail.footer"),
        light=f"{LIGHTS[summary.light]} {words.text(f'say.light_{summary.light}')}",
        trust=words.text("say.trust"),
        answer=summary.answer,
        verdict=summary.verdict,
        open=words.text("say.open"),
        lines=tuple(_lines(summary, words, figures)),
    )


def _lines(summary: Summary, words: Catalogue, figures: Figures) -> Iterator[tuple[str, str]]:
    def money(amount: float | None, span: Sequence[float] | None = None) -> str:
        return _money(amount, span, summary.currency, words, figures)

    days = summary.horizon_days
    yield words.text("figure.arr", accounts=figures.number(summary.accounts)), money(summary.arr)
    yield (
        words.text("figure.expansion", days=days),
        money(summary.expected_expansion_arr, summary.expected_expansion_span),
    )
    yield (
        words.text("figure.risk", days=days),
        money(summary.arr_at_risk, summary.arr_at_risk_span),
    )
    if summary.arr_lost_by_notice:
        yield words.text("figure.notice"), money(summary.arr_lost_by_notice)
    if summary.leaves_out:
        names = (words.name("target", name) for name in summary.leaves_out)
        yield words.text("figure.leaves_out"), ", ".join(names)
    for name, spread in (("nrr", summary.nrr), ("grr", summary.grr)):
        if spread:
            yield words.text(f"figure.{name}"), _spread(spread, words, figures)
    for name in ("listed", "champions", "oversold", "behind"):
        yield words.text(f"figure.{name}"), figures.number(getattr(summary, name))


def _money(
    amount: float | None,
    span: Sequence[float] | None,
    currency: str,
    words: Catalogue,
    figures: Figures,
) -> str:
    """Return an amount with its interval, where it has one."""
    if amount is None:
        return words.text("value.not_known")
    text = f"{figures.short(amount)} {currency}"
    if span is None:
        return text
    low, high = map(figures.short, span)
    return words.text("value.total", amount=text, low=low, high=high)


def _spread(spread: Mapping[str, float], words: Catalogue, figures: Figures) -> str:
    value, low, high = (figures.percent(spread[end]) for end in ("value", "low_80", "high_80"))
    return words.text("value.spread", value=value, low=low, high=high)
