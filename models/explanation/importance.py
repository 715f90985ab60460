"""What a model goes by: how much each feature weighs, and how the score moves with the weightiest.

In TreeSHAP's log-odds before calibration, over a sample of the rows it was tested on.
"""

from __future__ import annotations

from collections.abc import Sequence

import lightgbm as lgb
import numpy as np
import pandas as pd

from models.dataset.matrix import matrix
from models.explanation.reasons import contributions
from models.i18n.feature_text import when
from models.inference.encoding import OTHER, FeatureSpec
from models.release.card import DependenceCurve, FeatureWeight, Importance
from models.training.classifier import FittedModel

MOST_ROWS = 2_000
WEIGHTS = 15
CURVES = 6
BINS = 10


def importance(fitted: FittedModel, rows: pd.DataFrame, seed: int) -> Importance:
    """Return what ``fitted`` goes by on ``rows``, of which a sample is drawn by ``seed``.

    Source: S. Lundberg et al., From local explanations to global understanding (2020).
    """
    sample = rows.sample(min(MOST_ROWS, len(rows)), random_state=seed)
    inputs = matrix(sample, fitted.features)
    shares = contributions(lgb.Booster(model_str=fitted.text), inputs)
    strength = np.abs(shares).mean(axis=0)
    weights = _weights(fitted.features, strength)
    columns = [_strongest(weight.feature, fitted.features, strength) for weight in weights[:CURVES]]
    curves = tuple(
        _curve(fitted.features[column], inputs[:, column], shares[:, column])
        for column in columns
        if strength[column] > 0
    )
    return Importance(tuple(weights[:WEIGHTS]), curves)


def _weights(features: Sequence[FeatureSpec], strength: np.ndarray) -> list[FeatureWeight]:
    total = max(float(strength.sum()), 1e-12)
    weights: dict[str, FeatureWeight] = {}
    for feature, share in zip(features, strength / total, strict=True):
        before = weights[feature.stem].share if feature.stem in weights else 0.0
        weights[feature.stem] = FeatureWeight(
            feature.stem, feature.group, feature.description, before + float(share)
        )
    return sorted(weights.values(), key=lambda weight: (-weight.share, weight.feature))


def _strongest(stem: str, features: Sequence[FeatureSpec], strength: np.ndarray) -> int:
    """Return the input that weighs most among the windows of a feature."""
    windows = [column for column, feature in enumerate(features) if feature.stem == stem]
    return max(windows, key=lambda column: float(strength[column]))


def _curve(feature: FeatureSpec, values: np.ndarray, effect: np.ndarray) -> DependenceCurve:
    finite = np.flatnonzero(np.isfinite(values))
    order = finite[np.argsort(values[finite], kind="stable")]
    if feature.categories is not None:
        members = [order[values[order] == code] for code in np.unique(values[order])]
        every = (*feature.categories, OTHER)
        names = tuple(every[int(values[rows[0]])] for rows in members)
        return _binned_curve(feature, names, members, effect)
    bins: dict[float, list[np.ndarray]] = {}
    for rows in np.array_split(order, BINS):
        if len(rows):
            bins.setdefault(float(np.median(values[rows])), []).append(rows)
    return _binned_curve(
        feature, tuple(bins), [np.concatenate(rows) for rows in bins.values()], effect
    )


def _binned_curve(
    feature: FeatureSpec,
    value: tuple[float, ...] | tuple[str, ...],
    bins: Sequence[np.ndarray],
    effect: np.ndarray,
) -> DependenceCurve:
    low, high = (tuple(float(np.quantile(effect[rows], q)) for rows in bins) for q in (0.1, 0.9))
    return DependenceCurve(
        feature=feature.name,
        description=feature.description + when(feature),
        value=value,
        effect=tuple(float(effect[rows].mean()) for rows in bins),
        low=low,
        high=high,
    )
