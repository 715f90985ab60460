"""Whether the models keep what they promised, on outcomes that came after they were trained.

Rows from the day on at which a model's training ended, with outcomes known by now, are scored by
the model in use. What it expected is held against what came, with an interval over accounts: those
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
class Promise:
    """What a model expected and what came since it was trained; intervals are of 95 %.

    ``ratio`` is seen / expected; ``promised`` the AUC that the model card gives.
    """

    target: str
    rows: int
    expected: float
    seen: int
    ratio: Interval
    auc: Interval
    promised: Interval


def since(files: ModelFiles, label: Label) -> date:
    """Return the first day whose outcomes the model cannot have seen, not even in its test."""
    return files.card.test.last + timedelta(days=label.mature_days)


def knowable(files: ModelFiles, label: Label) -> date:
    """Return the day before which nothing can be said of what a model promised."""
    return since(files, label) + timedelta(days=label.mature_days)


def kept(files: ModelFiles, table: FeatureTable, label: Label, as_of: date) -> Promise | None:
    """Hold a model against outcomes; ``None`` where too few are known by ``as_of``."""
    frame = table.frame
    known = frame["as_of"] <= as_of - timedelta(days=label.mature_days)
    new = frame[known & (frame["as_of"] >= since(files, label)) & frame[label.column].notna()]
    seen = new[label.column].to_numpy(float)
    if min(seen.sum(), len(seen) - seen.sum()) < FEWEST:
        return None
    return _held(files, new, seen)


def found(promises: Mapping[str, Promise], as_of: date) -> Iterator[Finding]:
    """Yield the models that expect too much or too little, or no longer tell accounts apart."""
    for name, one in promises.items():
        far = not 1 / FAR < one.ratio.value < FAR
        if far and not one.ratio.low <= 1 <= one.ratio.high:
            values: dict[str, Value] = {"expected": round(one.expected, 1), "seen": one.seen}
            yield Finding("model_worse", "look", "model_off", name, values, as_of)
        if one.auc.high < one.promised.low:
            told: dict[str, Value] = {
                "now": round(one.auc.value, 3),
                "promised": round(one.promised.value, 3),
            }
            light: Light = "alarm" if one.auc.low <= 0.5 else "look"
            yield Finding("model_worse", light, "model_weaker", name, told, as_of)


def figures(promises: Mapping[str, Promise]) -> dict[str, float]:
    """Return what is drawn over the weeks: AUC and seen / expected of each target."""
    told: dict[str, Any] = {}
    for name, one in promises.items():
        told[f"auc {name}"] = round(one.auc.value, 4)
        told[f"seen to expected {name}"] = round(one.ratio.value, 4)
    return told


def _held(files: ModelFiles, rows: pd.DataFrame, seen: np.ndarray) -> Promise:
    expected = matrix_probabilities(files, matrix(rows, tuple(files.features)))
    draws = Draws(rows["account_id"], SEED)
    return Promise(
        target=files.card.target,
        rows=len(rows),
        expected=float(expected.sum()),
        seen=int(seen.sum()),
        ratio=draws.interval(_ratio, expected, seen),
        auc=draws.interval(auc, expected, seen),
        promised=files.card.metrics["auc"],
    )


def _ratio(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    found: np.ndarray = (weight @ label) / (weight @ score)
    return found
