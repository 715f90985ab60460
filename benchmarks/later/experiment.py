"""One company through the experiment: trained on the day of the cut, measured in the year after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.later.company import YEAR, Origin, prepared
from benchmarks.later.measures import captured, figures, typical_amount
from benchmarks.later.under_test import Model, Scored, scored
from models.dataset import feature_table
from models.dataset.feature_table import FeatureTable, Label

WINDOWS = {"quarter": 91, "year": YEAR}
"""Days after the cut whose dates are measured."""
SHUFFLES = 30
EXPANSION = "expansion"
"""In the place of a target: what all targets that gain ARR hold together."""


def measured(origin: Origin, cache: Path, threads: int) -> list[dict[str, Any]]:
    """Train and score a company, and return its figures as ``rows_of`` does."""
    folder = prepared(origin, cache)
    earlier, later = (
        feature_table.read(folder / f"{name}.parquet") for name in ("feature_table", "later")
    )
    key = {"company": origin.name, "group": origin.group}
    return rows_of(key, earlier, later, scored(folder, later, threads))


def rows_of(
    key: Mapping[str, Any], earlier: FeatureTable, later: FeatureTable, result: Scored
) -> list[dict[str, Any]]:
    """Return a row of figures for each window and target, and one for their expansion together.

    ``key`` says in each row whose figures they are.
    """
    as_of = later.frame["as_of"]
    rows: list[dict[str, Any]] = []
    for window, days in WINDOWS.items():
        within = (as_of < as_of.min() + timedelta(days=days)).to_numpy()
        about = {**key, "window": window}
        rows += [about | row for row in _targets(later, result, within)]
        rows.append(about | {"target": EXPANSION} | _expansion(earlier, later, result, within))
    return rows


def _targets(later: FeatureTable, result: Scored, within: np.ndarray) -> Iterator[dict[str, Any]]:
    cut = later.frame["as_of"].min()
    for name, model in result.models.items():
        row: dict[str, Any] = {"target": name, "verdict": model.verdict, "in_use": model.in_use}
        if model.p is not None:
            measures = figures(_rows(later, later.labels[name], model, within))
            row |= measures
            if model.card_auc is not None and model.trained_to is not None:
                row |= {
                    "card_auc": model.card_auc,
                    "auc_minus_card": measures["auc"] - model.card_auc,
                    "lag_days": (cut - model.trained_to).days,
                }
        yield row


def _rows(later: FeatureTable, label: Label, model: Model, within: np.ndarray) -> pd.DataFrame:
    frame = later.frame
    columns = {"as_of": frame["as_of"], "arr": frame["arr"], "outcome": frame[label.column]}
    if (truth := f"p_{label.column}") in frame:
        columns["truth"] = frame[truth]
    return pd.DataFrame(columns).assign(p=model.p)[within].dropna()


def _expansion(
    earlier: FeatureTable, later: FeatureTable, result: Scored, within: np.ndarray
) -> dict[str, float]:
    """Return the share of the expansion ARR that came in the accounts that rankings put first."""
    frame = later.frame
    arr = frame["arr"].to_numpy(float)
    gains = [label for label in later.labels.values() if label.direction == "+"]
    came = np.sum([frame[label.amount_column].fillna(0).to_numpy(float) for label in gains], axis=0)
    rankings = {
        "model": result.expansion,
        "rule": result.rules * arr,
        "arr": arr,
    }
    if all(f"p_{label.column}" in frame for label in gains):
        rankings["truth"] = np.sum([_true_worth(earlier, frame, one) for one in gains], axis=0)
    dates, amount = frame.loc[within, "as_of"], came[within]
    shares = captured(dates, {name: worth[within] for name, worth in rankings.items()}, amount)
    orders = np.random.default_rng(7).random((SHUFFLES, len(dates)))
    shuffled = pd.DataFrame([captured(dates, {"random": order}, amount) for order in orders])
    return shares | {str(name): float(share) for name, share in shuffled.mean().items()}


def _true_worth(earlier: FeatureTable, frame: pd.DataFrame, label: Label) -> np.ndarray:
    """Return the true probability times what outcomes before the cut were worth at that ARR."""
    past = earlier.frame[earlier.frame[label.column] == 1]
    amount = past[label.amount_column].to_numpy(float)
    wanted = frame["arr"].to_numpy(float)
    worth = typical_amount(past["arr"].to_numpy(float), amount, wanted)
    true_worth: np.ndarray = frame[f"p_{label.column}"].to_numpy(float) * worth
    return true_worth
