"""``report``: the weekly page for CS leadership, with its annex on drift."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.drift import DriftResult, drift, write_annex
from pipelines.progress import Progress, silent
from pipelines.reporting import accounts, alarms
from pipelines.reporting.inputs import Inputs, gather
from pipelines.reporting.lists import beside, play_of, week
from pipelines.reporting.models import qualities
from pipelines.reporting.trust import trust
from pipelines.reporting.wording import FILTERS, LABELS

if TYPE_CHECKING:
    from pipelines.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"
SHOWN = 12
"""Next-best accounts on the page; the rest of ``[report] top`` is folded below them."""
RISKS = 10


@dataclass(frozen=True)
class ReportResult:
    """What ``report`` wrote: the page, its day and size, and the verdict on drift."""

    path: str
    as_of: str
    size_kb: int
    accounts: int
    drift: str

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        return asdict(self)


def report(settings: Settings, progress: Progress | None = None) -> ReportResult:
    """Write the page of the newest scoring to ``<work>/report/<as_of>/``.

    ``index.html`` needs nothing but itself and is the same for the same data; beside it lie
    ``evidently.html`` and ``drift.json``. Raises ``DataError`` when nothing has been scored yet.
    """
    tell = progress or silent
    tell("reading scores", 0.0)
    inputs = gather(settings)
    tell("looking for drift", 0.1)
    moved = drift(inputs.reference, inputs.newest, inputs.meta.get("features", ()))
    tell("writing", 0.8)
    folder = settings.report_folder / inputs.scoring.as_of.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    write_annex(moved, folder / "evidently.html", folder / "drift.json")
    page = render(inputs, moved, settings.report.top)
    return _result(_write(folder / "index.html", page), inputs, moved)


def render(inputs: Inputs, moved: DriftResult, top: int) -> str:
    """Return the page as HTML; ``top`` is the number of next-best accounts on it."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,  # account names and reasons come from other systems
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS, play=play_of, beside=beside)
    return environment.get_template("report.html").render(**_content(inputs, moved, top))


def _content(inputs: Inputs, moved: DriftResult, top: int) -> dict[str, Any]:
    return {
        "company": inputs.company,
        "scoring": inputs.scoring,
        "currency": inputs.scoring.currency,
        "days": inputs.scoring.horizon_days,
        "labels": LABELS,
        "trust": trust(inputs, moved),
        "totals": accounts.totals(inputs.scores),
        "week": week(inputs.scores),
        "next_best": accounts.next_best(inputs.scores, top),
        "shown": SHOWN,
        "at_risk": accounts.at_risk(inputs.scores, RISKS),
        "csms": accounts.csms(inputs.scores),
        "champions": alarms.champions(inputs),
        "oversold": alarms.oversold(inputs),
        "starting": alarms.starting(inputs),
        "models": qualities(inputs),
        "drift": moved,
        "reference_dates": inputs.reference_dates,
    }


def _write(path: Path, page: str) -> Path:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(page, "utf-8")
    return aside.replace(path)


def _result(path: Path, inputs: Inputs, moved: DriftResult) -> ReportResult:
    return ReportResult(
        path=str(path),
        as_of=inputs.scoring.as_of.isoformat(),
        size_kb=round(path.stat().st_size / 1024),
        accounts=len(inputs.scores),
        drift=moved.verdict,
    )
