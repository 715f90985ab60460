"""``report``: the weekly page for CS leadership."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from models.common.files import write_atomically
from models.forecast.quarterly_panel import YEAR
from models.i18n.messages import Catalogue, with_targets
from models.i18n.number_format import Figures
from models.inference.expected_arr import GAIN, LOSS
from models.plays.prioritisation import NOBODY
from pipelines.common.progress import Progress, silent
from pipelines.report import pdf, summary
from pipelines.report.inputs import Inputs, gather
from pipelines.report.sections import accounts, alarms
from pipelines.report.sections.changes import changes
from pipelines.report.sections.csm_lists import follow_up, week
from pipelines.report.sections.models import Quality, qualities
from pipelines.report.sections.monitoring import monitoring_results
from pipelines.report.sections.nrr_outlook import Outlook, outlook
from pipelines.report.sections.track_record import checkable_from, track_record
from pipelines.report.sections.trust import trust
from pipelines.report.sections.whitespace import whitespace
from pipelines.report.texts import CATALOGUES, targets

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"
PAGE = "index.html"
SHOWN = 12
"""Next-best accounts on the page; the rest of ``[report] top`` is folded below them."""
EXPLAINED = (
    "trust", "accounts", "arr", "expected", "risk", "nrr", "changed", "probability", "list",
    "reasons", "alarms", "white", "accuracy", "auc", "figures", "reliability", "monitoring",
)  # fmt: skip
"""What the page says how it is computed, in this order; every figure links there."""


@dataclass(frozen=True)
class ReportResult:
    """What ``report`` wrote: the page, its day and size, and whether its numbers can be trusted.

    ``pdf`` is the path of the PDF, or says why there is none.
    """

    path: str
    as_of: str
    size_kb: int
    accounts: int
    light: str
    answer: str
    pdf: str


def report(
    settings: Settings,
    progress: Progress | None = None,
    *,
    on: date | None = None,
    language: str = "",
) -> ReportResult:
    """Write the page of the newest scoring, or of the week of ``on``.

    It is ``<work>/report/<as_of>/index.html``, needs nothing but itself, and is the same for the
    same data; beside it lies ``report.pdf`` where WeasyPrint is installed.

    Raises
    ------
    DataError
        When nothing has been scored yet, or nothing in that week.
    """
    report_progress = progress or silent
    report_progress("reading scores", 0.0)
    inputs = gather(settings, on)
    words = with_targets(CATALOGUES[language or inputs.language], inputs.targets.values())
    report_progress("comparing with the week before", 0.3)
    content = contents(settings, inputs, words)
    report_progress("writing", 0.8)
    path = settings.report_folder / inputs.scoring.as_of.isoformat() / PAGE
    page = render(content, words)
    write_atomically(path, page)
    summary.write(summary.summary(inputs, content, words.language), path.parent)
    report_progress("making the PDF", 0.9)
    return ReportResult(
        path=str(path),
        as_of=inputs.scoring.as_of.isoformat(),
        size_kb=round(path.stat().st_size / 1024),
        accounts=len(inputs.scores),
        light=content["trust"].light,
        answer=content["trust"].answer,
        pdf=pdf.missing() or str(pdf.written(page, path.parent)),
    )


def render(content: dict[str, Any], words: Catalogue) -> str:
    """Return the page as HTML in the language of ``words``."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,  # account names and reasons come from other systems
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["follow_up"] = partial(follow_up, words=words)
    return environment.get_template("report.html").render(
        t=words.text,
        tm=partial(_marked, words),
        n=words.several,
        f=Figures(words.language),
        called=words.name,
        named_targets=partial(targets, words=words),
        language=words.language,
        **content,
    )


def _marked(words: Catalogue, key: str, **values: str) -> Markup:
    """Return a text with values that hold markup of ours; all else is escaped."""
    return escape(words.texts[key]).format(**values)


def contents(settings: Settings, inputs: Inputs, words: Catalogue) -> dict[str, Any]:
    """Return what the page says, by the names that its template knows."""
    ahead, models = outlook(inputs.forecast), qualities(inputs, words)
    return {
        "company": inputs.company,
        "written_language": inputs.language,
        "scoring": inputs.scoring,
        "currency": inputs.scoring.currency,
        "days": inputs.scoring.horizon_days,
        "nobody": NOBODY,
        "trust": trust(inputs, words),
        "totals": accounts.totals(inputs),
        "outlook": ahead,
        "trial_day": _trial_day(ahead),
        "changed": changes(settings, inputs),
        "week": week(inputs.scores),
        "next_best": accounts.next_best(inputs, settings.report.top),
        "shown": SHOWN,
        "gains": inputs.directed(GAIN),
        "losses": inputs.directed(LOSS),
        "leading_losses": accounts.leading_losses(inputs),
        "leaving": accounts.leaving_accounts(inputs),
        "rankings": accounts.rankings(inputs),
        "at_risk": accounts.at_risk(inputs),
        "csms": accounts.csms(inputs),
        "champions": alarms.champions(inputs, words),
        "oversold": alarms.oversold(inputs, words),
        "starting": alarms.starting(inputs, words),
        "white": whitespace(inputs),
        "track_record": track_record(settings, inputs),
        "track_record_from": checkable_from(inputs),
        "models": models,
        "versions": _versions(models, words),
        "monitoring": monitoring_results(inputs, words),
        "explained": EXPLAINED,
    }


def _trial_day(ahead: Outlook | None) -> date | None:
    """Return the day up to which the forecast's newest trial could be checked."""
    return ahead.trial.origin + timedelta(days=YEAR.days) if ahead and ahead.trial else None


def _versions(models: list[Quality], words: Catalogue) -> str:
    scored = [model for model in models if model.scored]
    return ", ".join(
        f"{words.name('target', model.target)} {model.version or ''}" for model in scored
    )
