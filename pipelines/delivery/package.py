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
class Package:
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


def package(folder: Path, on: date | None = None) -> Package:
    """Return the newest report in ``folder``, or the newest on or before a day.

    Raises
    ------
    DataError
        When there is none; the message says which there are.
    """
    days = sorted((one.parent.name for one in folder.glob(f"*/{summary.FILE}")), reverse=True)
    found = next((day for day in days if on is None or day <= on.isoformat()), None)
    told = summary.read(folder / found) if found else None
    if found is None or told is None:
        raise DataError(_none(folder, days, on))
    printed = folder / found / pdf.FILE
    return Package(folder / found / PAGE, printed if printed.exists() else None, told)


def _none(folder: Path, days: Sequence[str], on: date | None) -> str:
    asked = f" on or before {on}" if on else ""
    there = f"; there are those of {', '.join(days[:8])}" if days else ""
    return f"{folder}: holds no report{asked}{there}; run `expansion report` first"
