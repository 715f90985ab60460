"""A report as it is handed over: its files, its summary, and what tells it from another."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from features.errors import DataError
from models.common.clock import latest_today
from pipelines.report import pdf, summary
from pipelines.report.summary import Summary

PAGE = "index.html"


@dataclass(frozen=True)
class WeeklyReport:
    """The page of a week, its PDF where there is one, and its summary."""

    page: Path
    pdf: Path | None
    summary: Summary

    @property
    def files(self) -> tuple[Path, ...]:
        """What is handed over."""
        return (self.page, *([self.pdf] if self.pdf else []))

    @property
    def digest(self) -> str:
        """What tells this report from another one of the same week."""
        return hashlib.sha256(self.page.read_bytes()).hexdigest()


def newest_report(
    folder: Path, on: date | None = None, invalid: Collection[str] = ()
) -> WeeklyReport:
    """Return the newest report in ``folder``, or the newest on or before a day.

    None of a day after today, nor of a scoring that is among the ``invalid`` ones.

    Raises
    ------
    DataError
        When there is none; the message says which there are.
    """
    last = (on or latest_today()).isoformat()
    days = sorted((path.parent.name for path in folder.glob(f"*/{summary.FILE}")), reverse=True)
    summaries = ((day, summary.read(folder / day)) for day in days if day <= last)
    for day, week_summary in summaries:
        if week_summary is None:
            break
        if week_summary.scoring_id not in invalid:
            printed = folder / day / pdf.FILE
            paper = printed if printed.exists() else None
            return WeeklyReport(folder / day / PAGE, paper, week_summary)
    raise DataError(_none(folder, days, on))


def _none(folder: Path, days: Sequence[str], on: date | None) -> str:
    asked = f" on or before {on}" if on else ""
    there = f"; there are those of {', '.join(days[:8])}" if days else ""
    return f"{folder}: holds no report{asked}{there}; run `expansion report` first"
