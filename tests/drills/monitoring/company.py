"""A demo company over its last year: rows of every Monday, and models trained before it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from models.dataset import feature_table
from models.dataset.feature_table import FeatureTable
from models.release import bundle
from models.release.model_files import ModelFiles
from pipelines.build.build import build
from pipelines.build.compute import features_at
from pipelines.build.metadata import METADATA
from pipelines.config.settings import Settings, load
from pipelines.lifecycle.deploy import current
from pipelines.lifecycle.train import train
from pipelines.monitoring.verdict import Verdict
from pipelines.monitoring.week import Week, judge
from pipelines.synthetic import simulate

WEEK = timedelta(days=7)
MONTHS = 54
"""Long enough that the models, a year before its end, are worth watching."""
SETTINGS = """
[build]
history_days = 1820
[data]
folder = "source"
[paths]
work = "var"
[features]
keep = ["industry", "region", "segment", "users.user_group", "org_units.headcount"]
[train]
max_trees = 150
"""


@dataclass(frozen=True)
class Company:
    """``table`` holds the rows of the usual dates and of every watched Monday, with outcomes.

    ``models`` were trained on what was known at the first of ``mondays``.
    """

    settings: Settings
    table: FeatureTable
    models: dict[str, ModelFiles]
    usual: Sequence[date]
    mondays: Sequence[date]

    def week(
        self, monday: date, past: Sequence[Verdict], tables: Path, rows: pd.DataFrame
    ) -> Verdict:
        """Return the verdict of a Monday, with the dates that a build would have had then."""
        dates = {*(day for day in self.usual if day < monday), monday}
        frame = rows[rows["as_of"].isin(dates)]
        newest_first = sorted(past, key=lambda one: one.as_of, reverse=True)
        table = replace(self.table, frame=frame)
        return judge(Week(tables, table, self.models, newest_first, monday), simulate=False)


def company(folder: Path, seed: int, *, accounts: int, weeks: int, end: date) -> Company:
    """Simulate a company, and train its models ``weeks`` weeks before the end of its data."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "expansion.toml").write_text(SETTINGS)
    settings = load(folder / "expansion.toml")
    simulate(settings.data.folder, accounts=accounts, months=MONTHS, seed=seed, end=end)
    build(settings)
    table = feature_table.read(settings.feature_table)
    mondays = [end - WEEK * back for back in range(weeks, -1, -1)]
    usual = sorted(table.frame["as_of"].unique())
    new = [day for day in mondays if day not in usual]
    frame = pd.concat([table.frame, features_at(settings, new).to_pandas()], ignore_index=True)
    models = _trained(settings, table, mondays[0])
    return Company(settings, replace(table, frame=frame), models, usual, mondays[1:])


def recomputed(home: Company, tables: Path, dates: Sequence[date]) -> pd.DataFrame:
    """Return the company's rows with those of ``dates`` computed from other tables."""
    work = tables.parent
    moved = home.settings.model_copy(
        update={"paths": home.settings.paths.model_copy(update={"work": work})}
    )
    rows = features_at(moved, dates).to_pandas()
    frame = home.table.frame
    return pd.concat([frame[~frame["as_of"].isin(dates)], rows], ignore_index=True)


def _trained(settings: Settings, table: FeatureTable, before: date) -> dict[str, ModelFiles]:
    """Train on the rows and outcomes known before a day, as a company would have then."""
    frame = table.frame[table.frame["as_of"] < before].copy()
    for label in table.labels.values():
        unknown = frame["as_of"] > before - timedelta(days=label.mature_days)
        for column in (label.column, label.amount_column):
            if column:
                frame.loc[unknown, column] = np.nan
    meta = {**table.meta, "data_through": before.isoformat()}
    written = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(
        written.replace_schema_metadata({METADATA: json.dumps(meta)}), settings.feature_table
    )
    train(settings)
    path = current(settings)
    if path is None:
        return {}
    return {name: ModelFiles.read(path / name) for name in bundle.verify(path).models}
