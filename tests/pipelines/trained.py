"""A company whose feature table is small and has a known signal, ready to be trained on."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.labels.targets import TARGETS
from features.subscriptions.column_names import YEAR_DAYS, arr_column, day_column
from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix, specify
from models.registry import Registry
from models.release.golden_rows import golden_scores
from models.release.model_files import ModelFiles
from pipelines.build.metadata import METADATA
from pipelines.config.settings import Settings, load
from tests.models.tables import FEATURES, feature_table
from tests.support.cards import card

TOML = """
[company]
name = "Example Software"
currency = "EUR"
[paths]
work = "work"
[mlflow]
home = "mlruns"
[train]
max_trees = 60
threads = 1
min_positives = 50
"""
FEWEST = 12
"""Outcomes of cross-sell: too few to learn from."""


def company(folder: Path) -> Settings:
    """Write the settings, the feature table as ``build`` would, and the accounts."""
    settings = settings_in(folder)
    frame, through = labelled()
    write(settings, frame, through)
    accounts = pd.DataFrame({"account_id": sorted(set(frame["account_id"]))})
    accounts["name"] = "Old name"
    accounts["csm_id"] = "csm-1"
    accounts["segment"] = None
    accounts["known_at"] = pd.Timestamp("2024-01-01")
    renamed = accounts.assign(
        name="Name of " + accounts["account_id"], known_at=pd.Timestamp("2024-06-01")
    )
    later = accounts.assign(name="Not known yet", known_at=pd.Timestamp(through))
    settings.tables_folder.mkdir(parents=True, exist_ok=True)
    versions = pd.concat([later, renamed, accounts])
    pq.write_table(pa.Table.from_pandas(versions), settings.tables_folder / "accounts.parquet")
    return settings


def settings_in(folder: Path) -> Settings:
    """Write the settings of a company in ``folder``, whatever the environment says."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "expansion.toml").write_text(TOML, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("EXPANSION_STORE_URL", raising=False)
        return load(folder / "expansion.toml")


def labelled() -> tuple[pd.DataFrame, str]:
    """Return the table with too few cross-sells, every label null until it is mature."""
    table = feature_table(accounts=200, dates=24)
    frame, through = table.frame.copy(), max(table.frame["as_of"])
    happened = np.zeros(len(frame))
    happened[:: len(frame) // FEWEST] = 1.0
    frame["cross_sell_next_91d"] = happened
    frame["cross_sell_arr_next_91d"] = happened * 100
    for target in TARGETS.values():
        reach = timedelta(days=target.mature_days(91, 31))
        early = np.array([day + reach > through for day in frame["as_of"]])
        frame.loc[early, [target.column(91), target.amount_column(91)]] = np.nan
    return frame, str(through)


def write(settings: Settings, frame: pd.DataFrame, through: str, fingerprint: str = "f") -> None:
    """Write the feature table with its description."""
    meta = {
        "company": "Example Software",
        "currency": "EUR",
        "fingerprint": fingerprint * 64,
        "data_through": through,
        "horizon_days": 91,
        "grace_days": 31,
        "every_days": 28,
        "features": [one for one in FEATURES if one["name"] in frame],
        "targets": [target.as_dict(91, 31) for target in TARGETS.values()],
    }
    signed = {
        name: values
        for days in (91, YEAR_DAYS)
        for name, values in ((arr_column(days), frame["arr"]), (day_column(days), None))
    }
    frame = frame.assign(**{name: v for name, v in signed.items() if name not in frame})
    whole = {name: pd.array(frame[name], dtype="Int8") for name in frame if _is_label(name)}
    table = pa.Table.from_pandas(frame.assign(**whole), preserve_index=False)
    settings.feature_table.parent.mkdir(parents=True, exist_ok=True)
    described = {METADATA: json.dumps(meta, sort_keys=True).encode()}
    pq.write_table(table.replace_schema_metadata(described), settings.feature_table)


def model(
    table: FeatureTable,
    target: str,
    *,
    dates: int | None = None,
    inputs: Sequence[str] = (),
    seed: int = 0,
    **changes: Any,
) -> ModelFiles:
    """Return a model of a few trees, made in a moment; without ``dates`` it has seen every one."""
    days = sorted(table.mature(target)["as_of"].unique())[:dates]
    rows = table.at(target, days)
    features = tuple(one for one in specify(table, rows) if not inputs or one.name in inputs)
    data = lgb.Dataset(matrix(rows, features), rows[table.labels[target].column].to_numpy(float))
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 5}
    drawn = {"seed": seed, "bagging_fraction": 0.7, "bagging_freq": 1} if seed else {}
    text = lgb.train(settings | drawn, data, 30).model_to_string()
    trained = replace(card().trained, last=days[-1])
    described = replace(card(), target=target, trained=trained, **changes)
    draft = ModelFiles(text, {"method": "none"}, features, described, {"rows": [{}]})
    return replace(draft, golden={"rows": [{}], **golden_scores(draft)})


def calibrated(files: ModelFiles, calibration: dict[str, Any]) -> ModelFiles:
    """Return the model with another calibration, and golden rows to match."""
    other = replace(files, calibration=calibration)
    return replace(other, golden={**files.golden, **golden_scores(other)})


def empty_registry(settings: Settings) -> Registry:
    """Return a registry in which nothing is registered; its making takes seconds, a copy none."""
    shutil.copyfile(_database(), _made(settings.mlflow.home) / "mlflow.db")
    return Registry(settings.mlflow_uri, settings.mlflow_artifacts)


@cache
def _database() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mlflow-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Registry(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts").versions()
    return folder / "mlflow.db"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _is_label(name: str) -> bool:
    return name in {target.column(91) for target in TARGETS.values()}
