"""``watch``: whether data, customers and models are as they were, and what to do if they are not.

It reads what ``build`` and ``score`` left, writes one verdict a week, and trains a challenger where
it is told to; nothing is promoted unless the settings say so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import DataError
from models import dataset, release
from models.dataset import FeatureTable
from models.model_files import ModelFiles
from pipelines.drift import drift, write_annex
from pipelines.progress import Progress, silent
from pipelines.publish import current
from pipelines.watching.columns import reference_dates
from pipelines.watching.verdict import Verdict, history, write
from pipelines.watching.week import Week, judged

if TYPE_CHECKING:
    from pipelines.settings import Settings

ANNEX, SUMMARY = "evidently.html", "drift.json"


def watch(settings: Settings, progress: Progress | None = None, on: date | None = None) -> Verdict:
    """Write the verdict of the newest date, or of another one of the feature table.

    It lies in ``<work>/watch/<as_of>/verdict.json``, with Evidently's page of every column and its
    figures as JSON beside it.

    Raises
    ------
    DataError
        When there is no feature table, or no rows of the day that is asked for.
    """
    report = progress or silent
    week = _week(settings, dataset.read(settings.feature_table), on)
    report("looking at feeds, accounts and models", 0.1)
    verdict = judged(week)
    report("writing Evidently's page", 0.6)
    path = write(verdict, settings.watch_folder)
    _annex(week, path.parent)
    return verdict


def _week(settings: Settings, table: FeatureTable, on: date | None) -> Week:
    dates = sorted(table.frame["as_of"].unique())
    as_of = on or dates[-1]
    if as_of not in dates:
        raise DataError(
            f"{settings.feature_table}: has no rows of {as_of}; the newest are of {dates[-1]}, and "
            f"the ones before of {', '.join(str(one) for one in dates[-4:-1])}"
        )
    known = replace(table, frame=table.frame[table.frame["as_of"] <= as_of])
    past = history(settings.watch_folder, as_of)
    return Week(settings.tables_folder, known, _models(settings), past, as_of)


def _models(settings: Settings) -> dict[str, ModelFiles]:
    path = current(settings)
    if path is None:
        return {}
    return {name: ModelFiles.read(path / name) for name in release.verify(path).models}


def _annex(week: Week, folder: Path) -> None:
    frame = week.table.frame
    days = reference_dates(sorted(frame["as_of"].unique()), week.as_of, week.mature_days)
    moved = drift(frame[frame["as_of"].isin(days)], week.rows, week.table.features)
    write_annex(moved, folder / ANNEX, folder / SUMMARY)
