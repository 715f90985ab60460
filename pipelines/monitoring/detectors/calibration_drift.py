"""Whether the models forecast as well as their cards say, on outcomes after their training.

Rows from the day on at which a model's training ended, with outcomes known by now, are scored by
the model in use. What it expected is compared with what came, with an interval over accounts: those
of one account on several dates repeat each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable, Label
from models.dataset.matrix import matrix
from models.release.golden_rows import matrix_probabilities
from models.release.model_files import ModelFiles
from models.statistics.bootstrap import Draws
from models.statistics.interval import Interval
from models.statistics.metrics import auc
from pipelines.monitoring.verdict import Finding, Light, Value

SEED = 7
FEWEST = 20
"""Outcomes that must have come, and stayed away, before a model can be judged."""
FAR = 1.4
"""Factor between what came and what was expected from which it matters, if it is not chance."""


@dataclass(frozen=True)
class ForecastAccuracy:
    """What a model expected and the actuals since it was trained; intervals are of 95 %.

    ``ratio`` is actual / expected; ``card_auc`` the AUC that the model card gives.
    """

    target: str
    rows: int
    expected: float
    actual: int
    ratio: Interval
    auc: Interval
    card_auc: Interval


def first_unseen_day(files: ModelFiles, label: Label) -> date:
    """Return the first day whose outcomes the model cannot have seen, not even in its test."""
    return files.card.test.last + timedelta(days=label.mature_days)


def comparable_from(files: ModelFiles, label: Label) -> date:
    """Return the day from which a model's forecast can be compared with actuals."""
    return first_unseen_day(files, label) + timedelta(days=label.mature_days)


def measure(
    files: ModelFiles, table: FeatureTable, label: Label, as_of: date
) -> ForecastAccuracy | None:
    """Compare a model with outcomes; ``None`` where too few are known by ``as_of``."""
    frame = table.frame
    is_mature = frame["as_of"] <= as_of - timedelta(days=label.mature_days)
    new = frame[
        is_mature & (frame["as_of"] >= first_unseen_day(files, label)) & frame[label.column].notna()
    ]
    actual = new[label.column].to_numpy(float)
    if min(actual.sum(), len(actual) - actual.sum()) < FEWEST:
        return None
    return _accuracy(files, new, actual)


def findings(models: Mapping[str, ForecastAccuracy], as_of: date) -> Iterator[Finding]:
    """Yield the models that expect too much or too little, or no longer tell accounts apart."""
    for name, accuracy in models.items():
        far = not 1 / FAR < accuracy.ratio.value < FAR
        if far and not accuracy.ratio.low <= 1 <= accuracy.ratio.high:
            values: dict[str, Value] = {
                "expected": round(accuracy.expected, 1),
                "seen": accuracy.actual,
            }
            yield Finding("model_worse", "look", "model_off", name, values, as_of)
        if accuracy.auc.high < accuracy.card_auc.low:
            weaker: dict[str, Value] = {
                "now": round(accuracy.auc.value, 3),
                "promised": round(accuracy.card_auc.value, 3),
            }
            light: Light = "alarm" if accuracy.auc.low <= 0.5 else "look"
            yield Finding("model_worse", light, "model_weaker", name, weaker, as_of)


def figures(models: Mapping[str, ForecastAccuracy]) -> dict[str, float]:
    """Return what is drawn over the weeks: AUC and actual / expected of each target."""
    drawn: dict[str, Any] = {}
    for name, accuracy in models.items():
        drawn[f"auc {name}"] = round(accuracy.auc.value, 4)
        drawn[f"seen to expected {name}"] = round(accuracy.ratio.value, 4)
    return drawn


def _accuracy(files: ModelFiles, rows: pd.DataFrame, actual: np.ndarray) -> ForecastAccuracy:
    expected = matrix_probabilities(files, matrix(rows, tuple(files.features)))
    draws = Draws(rows["account_id"], SEED)
    return ForecastAccuracy(
        target=files.card.target,
        rows=len(rows),
        expected=float(expected.sum()),
        actual=int(actual.sum()),
        ratio=draws.interval(_ratio, expected, actual),
        auc=draws.interval(auc, expected, actual),
        card_auc=files.card.metrics["auc"],
    )


def _ratio(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = (weight @ label) / (weight @ score)
    return ratio
