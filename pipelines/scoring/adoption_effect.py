"""``journey``: what early adoption went with in the year after, as table, JSON and plot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.adoption_steps import STEPS, YEAR, journey
from features.errors import DataError
from features.labels.declaration import Target
from features.labels.outcome_window import Horizon
from models.common.files import atomic_file, write_atomically
from models.dataset.matrix import SEGMENT_SOURCE
from models.statistics.cohort_comparison import ALL, Comparison, compare, picture
from pipelines.build import engines
from pipelines.common.progress import Progress, silent
from pipelines.config.company_features import targets
from pipelines.ingest import tables as ingest
from pipelines.ingest.attribute_history import todays
from pipelines.scoring import comparison_refusal

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

RETENTION = "retention"
"""Shown in place of the outcome that ends an account: what that leaves."""
NOTE = "These are associations, not effects: accounts that adopt early differ in other ways, too. "
SEGMENT_AND_SIZE = "'adjusted' compares accounts of the same segment and size at the start."
SIZE = "'adjusted' compares accounts of the same size at the start: only today's segment is known."


@dataclass(frozen=True)
class JourneyResult:
    """What ``journey`` found: every comparison, the accounts behind it, and the files written."""

    accounts: int
    comparisons: list[Comparison]
    note: str
    files: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        rows = [comparison.flat() for comparison in self.comparisons]
        return {**vars(self), "comparisons": rows}


def analyse(
    settings: Settings, out: Path | None = None, progress: Progress | None = None
) -> JourneyResult:
    """Compare who had reached a step by a day with who had not, and write table and plot.

    ``journey.csv`` and ``journey.png`` go to ``out``, by default ``<work>/journey``.

    Raises
    ------
    DataError
        When no tables have been read yet, or nothing can be compared; the message says why.
    """
    report = progress or silent
    report("observing accounts", 0.1)
    outcomes = {name: target for name, target in targets(settings).items() if target.is_leading}
    titles = _titles(outcomes)
    manifest = ingest.read_manifest(settings)
    rows = _rows(settings, outcomes, date.fromisoformat(manifest.data_through))
    is_todays = SEGMENT_SOURCE in todays(manifest.attributes)
    if is_todays:
        rows = rows.assign(segment=None)
    report("comparing", 0.7)
    comparisons = compare(rows, list(STEPS), list(titles))
    if not comparisons:
        raise DataError(comparison_refusal.reasons(settings, rows, outcomes))
    report("plotting", 0.9)
    files = _write(comparisons, titles, out or settings.work / "journey")
    matured = rows[rows[list(titles)].notna().any(axis=1)]
    accounts = matured["account_id"].nunique()
    note = NOTE + (SIZE if is_todays else SEGMENT_AND_SIZE)
    return JourneyResult(accounts, comparisons, note, [str(file) for file in files])


def _titles(outcomes: Mapping[str, Target]) -> dict[str, str]:
    """Return what is compared with its title: outcomes, and what those leave that end accounts."""
    staying = {name: target.title for name, target in outcomes.items() if not target.ends_account}
    ends = any(target.ends_account for target in outcomes.values())
    return staying | ({RETENTION: RETENTION.title()} if ends else {})


def _rows(settings: Settings, outcomes: Mapping[str, Target], through: date) -> pd.DataFrame:
    """Return a row an account and age, in order, with retention beside what ends accounts."""
    build = settings.build
    horizon = Horizon(YEAR, build.grace_days, through, build.price_changes)
    connection, tables = engines.connect(settings)
    try:
        frame: pd.DataFrame = journey(tables, horizon, outcomes).to_pyarrow().to_pandas()
    finally:
        connection.disconnect()
    numbers = {name: frame[name].astype(float) for name in (*outcomes, *STEPS, "units")}
    ended = [numbers[name] for name, target in outcomes.items() if target.ends_account]
    if ended:
        numbers[RETENTION] = 1 - pd.concat(ended, axis=1).max(axis=1, skipna=False)
    frame = frame.assign(**numbers)
    return frame.sort_values(["account_id", "day"], ignore_index=True)


def _write(comparisons: list[Comparison], titles: Mapping[str, str], folder: Path) -> list[Path]:
    table, plot = folder / "journey.csv", folder / "journey.png"
    frame = pd.DataFrame([comparison.flat() for comparison in comparisons])
    write_atomically(table, frame.to_csv(index=False))
    overall = [comparison for comparison in comparisons if comparison.cohort == ALL]
    compared = {comparison.step for comparison in overall}
    steps = {name: name.replace("_", " ") for name in STEPS if name in compared}
    image = picture(overall, steps, titles)
    with atomic_file(plot) as aside:
        aside.write_bytes(image)
    return [table, plot]
