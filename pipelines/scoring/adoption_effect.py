"""``journey``: what early adoption went with in the year after, as table, JSON and plot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.adoption_steps import OUTCOMES, STEPS, YEAR, journey
from features.errors import DataError
from features.labels.targets import Horizon
from models.common.files import atomic_file, write_atomically
from models.statistics.cohort_comparison import ALL, Comparison, compare, picture
from pipelines.build import engines
from pipelines.common.progress import Progress, silent
from pipelines.ingest import tables as ingest

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

SHOWN = {"upsell": "Upsell", "cross_sell": "Cross-sell", "retention": "Retention"}
"""Outcomes as they are told; retention is what churn leaves."""
NOTE = (
    "These are associations, not effects: whoever adopts early differs in more than that. "
    "'adjusted' compares accounts of the same segment and size at the start."
)


@dataclass(frozen=True)
class JourneyResult:
    """What ``journey`` found: every comparison, the accounts behind it, and the files written."""

    accounts: int
    comparisons: list[Comparison]
    note: str
    files: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        rows = [one.flat() for one in self.comparisons]
        return {**vars(self), "comparisons": rows}


def analyse(
    settings: Settings, out: Path | None = None, progress: Progress | None = None
) -> JourneyResult:
    """Compare who had reached a step by a day with who had not, and write table and plot.

    ``journey.csv`` and ``journey.png`` go to ``out``, by default ``<work>/journey``.

    Raises
    ------
    DataError
        When no tables have been read yet, or no account has been observed long enough.
    """
    report = progress or silent
    report("following accounts", 0.1)
    rows = _rows(settings)
    report("comparing", 0.7)
    found = compare(rows, list(STEPS), list(SHOWN))
    if not found:
        raise DataError(
            "no account has started, reached or missed a step, and been observed for a year after; "
            f"the journey needs data over more than {YEAR + 30} days from an account's start"
        )
    report("drawing", 0.9)
    files = _write(found, out or settings.work / "journey")
    matured = rows[rows[list(SHOWN)].notna().any(axis=1)]
    return JourneyResult(matured["account_id"].nunique(), found, NOTE, [str(one) for one in files])


def _rows(settings: Settings) -> pd.DataFrame:
    """Return a row an account and age, in order, with retention in place of churn."""
    through = date.fromisoformat(ingest.read_manifest(settings).data_through)
    build = settings.build
    horizon = Horizon(YEAR, build.grace_days, through, build.price_changes)
    connection, tables = engines.connect(settings)
    try:
        frame: pd.DataFrame = journey(tables, horizon).to_pyarrow().to_pandas()
    finally:
        connection.disconnect()
    numbers = {name: frame[name].astype(float) for name in (*OUTCOMES, *STEPS, "units")}
    frame = frame.assign(**numbers, retention=1 - numbers["churn"])
    return frame.sort_values(["account_id", "day"], ignore_index=True)


def _write(found: list[Comparison], folder: Path) -> list[Path]:
    table, plot = folder / "journey.csv", folder / "journey.png"
    write_atomically(table, pd.DataFrame([one.flat() for one in found]).to_csv(index=False))
    whole = [one for one in found if one.cohort == ALL]
    steps = {name: name.replace("_", " ") for name in STEPS if any(o.step == name for o in whole)}
    drawn = picture(whole, steps, SHOWN)
    with atomic_file(plot) as other:
        other.write_bytes(drawn)
    return [table, plot]
