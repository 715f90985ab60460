"""Inputs that look like leaks: they record the outcome instead of predicting it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from models.inference.encoding import FeatureSpec
from models.statistics import metrics
from models.statistics.bootstrap import point_estimate

LEAK_AUC = 0.98
"""A single column with this AUC was written with the outcome in hand."""
STRONG_AUC = 0.75
"""A column with this AUC carries a model; once it is constant, the model is hollow."""


def suspects(
    features: Sequence[FeatureSpec], rows: pd.DataFrame, label: np.ndarray, newest: pd.DataFrame
) -> list[str]:
    """Return a sentence for each input that looks like a leak.

    Parameters
    ----------
    features
        The inputs of a model.
    rows, label
        Mature rows with their outcomes, shape (rows,), of both kinds.
    newest
        The rows to be scored, whose outcome nobody knows yet.
    """
    sentences = [
        _suspicion(feature, rows[feature.name], label, newest[feature.name]) for feature in features
    ]
    return [sentence for sentence in sentences if sentence]


def strength(values: pd.Series, label: np.ndarray) -> float:
    """Return the AUC of a column on its own, whichever way round, its gaps included; 0.5 to 1."""
    scores = (_numbers(values, label), values.isna().to_numpy(float))
    areas = [point_estimate(metrics.auc, score, label) for score in scores]
    return max(max(area, 1 - area) for area in areas)


def _suspicion(feature: FeatureSpec, past: pd.Series, label: np.ndarray, newest: pd.Series) -> str:
    area = strength(past, label)
    alone = f"{feature.name} alone orders the outcomes with an AUC of {area:.2f}"
    if area > LEAK_AUC:
        return f"{alone}: it is written with them, leave it out"
    if area > STRONG_AUC and _is_constant(newest) and not _is_constant(past):
        return f"{alone}, and is the same for every account to be scored: mend its source"
    return ""


def _is_constant(values: pd.Series) -> bool:
    return bool(values.nunique(dropna=False) < 2)


def _numbers(values: pd.Series, label: np.ndarray) -> np.ndarray:
    """Return a column as numbers: a category as its share of outcomes, a gap as the median."""
    if pd.api.types.is_numeric_dtype(values):
        return values.fillna(values.median()).fillna(0.0).to_numpy(float)
    names = values.astype(object).fillna("").astype(str)
    shares: pd.Series = pd.Series(label, index=values.index).groupby(names).transform("mean")
    return shares.to_numpy(float)
