"""What a model goes by: how much each feature weighs, and how the score moves with the weightiest.

In TreeSHAP's log-odds before calibration, over a sample of the rows it was tested on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd

from models.dataset.matrix import matrix
from models.explanation.reasons import contributions
from models.i18n.feature_text import when
from models.inference.encoding import FeatureSpec
from models.training.classifier import Fitted

MOST_ROWS = 2_000
WEIGHTS = 15
CURVES = 6
BINS = 10


@dataclass(frozen=True)
class Weight:
    """A feature's part of all contributions, its windows together; the parts sum to 1."""

    feature: str
    group: str
    description: str
    share: float


@dataclass(frozen=True)
class Curve:
    """How the score moves with one input: bins of equally many rows, from low to high values.

    ``value`` is each bin's median or, of a category, its name; ``effect`` the mean contribution,
    ``low`` and ``high`` hold four fifths of the rows.
    """

    feature: str
    description: str
    value: list[float] | list[str]
    effect: list[float]
    low: list[float]
    high: list[float]


@dataclass(frozen=True)
class Importance:
    """The weightiest features first, and the curves of the first of them."""

    weights: list[Weight]
    curves: list[Curve]


def importance(fitted: Fitted, rows: pd.DataFrame, seed: int) -> Importance:
    """Return what ``fitted`` goes by on ``rows``, of which a sample is drawn by ``seed``.

    Source: S. Lundberg et al., From local explanations to global understanding (2020).
    """
    sample = rows.sample(min(MOST_ROWS, len(rows)), random_state=seed)
    inputs = matrix(sample, fitted.features)
    shares = contributions(lgb.Booster(model_str=fitted.text), inputs)
    strength = np.abs(shares).mean(axis=0)
    weights = _weights(fitted.features, strength)
    first = [_strongest(one.feature, fitted.features, strength) for one in weights[:CURVES]]
    curves = [
        _curve(fitted.features[n], inputs[:, n], shares[:, n]) for n in first if strength[n] > 0
    ]
    return Importance(weights[:WEIGHTS], curves)


def _weights(features: Sequence[FeatureSpec], strength: np.ndarray) -> list[Weight]:
    total = max(float(strength.sum()), 1e-12)
    found: dict[str, Weight] = {}
    for one, part in zip(features, strength / total, strict=True):
        before = found[one.stem].share if one.stem in found else 0.0
        found[one.stem] = Weight(one.stem, one.group, one.description, before + float(part))
    return sorted(found.values(), key=lambda one: (-one.share, one.feature))


def _strongest(stem: str, features: Sequence[FeatureSpec], strength: np.ndarray) -> int:
    """Return the input that weighs most among the windows of a feature."""
    own = [number for number, one in enumerate(features) if one.stem == stem]
    return max(own, key=lambda number: float(strength[number]))


def _curve(feature: FeatureSpec, values: np.ndarray, effect: np.ndarray) -> Curve:
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    if feature.categories is not None:
        parts = [order[values[order] == one] for one in np.unique(values[order])]
        names = [feature.categories[int(values[part[0]])] for part in parts]
        return _drawn(feature, names, parts, effect)
    found: dict[float, list[np.ndarray]] = {}
    for part in np.array_split(order, BINS):
        if len(part):
            found.setdefault(float(np.median(values[part])), []).append(part)
    return _drawn(feature, list(found), [np.concatenate(one) for one in found.values()], effect)


def _drawn(
    feature: FeatureSpec,
    value: list[float] | list[str],
    parts: Sequence[np.ndarray],
    effect: np.ndarray,
) -> Curve:
    low, high = ([float(np.quantile(effect[p], q)) for p in parts] for q in (0.1, 0.9))
    means = [float(effect[part].mean()) for part in parts]
    return Curve(feature.name, feature.description + when(feature), value, means, low, high)
