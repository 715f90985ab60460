"""A report as it is handed over: its files, its summary, and what tells it from another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from features.errors import DataError
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


def newest_report(folder: Path, on: date | None = None) -> WeeklyReport:
    """Return the newest report in ``folder``, or the newest on or before a day.

    Raises
    ------
    DataError
        When there is none; the message says which there are.
    """
    days = sorted((path.parent.name for path in folder.glob(f"*/{summary.FILE}")), reverse=True)
    newest = next((day for day in days if on is None or day <= on.isoformat()), None)
    week_summary = summary.read(folder / newest) if newest else None
    if newest is None or week_summary is None:
        raise DataError(_none(folder, days, on))
    printed = folder / newest / pdf.FILE
    return WeeklyReport(folder / newest / PAGE, printed if printed.exists() else None, week_summary)


def _none(folder: Path, days: Sequence[str], on: date | None) -> str:
    asked = f" on or before {on}" if on else ""
    there = f"; there are those of {', '.join(days[:8])}" if days else ""
    return f"{folder}: holds no report{asked}{there}; run `expansion report` first"
