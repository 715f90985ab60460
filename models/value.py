"""What a probability is worth: expected expansion ARR, and ARR at risk."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.dataset import FeatureTable, Label

TAIL = 0.95
"""Shares above this quantile are taken down to it: one giant deal is no forecast for all."""


def typical_share(table: FeatureTable, target: str, train: pd.DataFrame) -> float:
    """Return an outcome's ARR as a share of the account's ARR, among training outcomes.

    The mean is weighted by ARR, so that amounts add up: small accounts grow by the larger share,
    and their plain mean would promise a large account too much.
    """
    label = table.labels[target]
    if label.amount_column is None:
        return 0.0
    happened = train[(train[label.column] == 1) & (train["arr"] > 0)]
    if happened.empty:
        return 0.0
    share = (happened[label.amount_column] / happened["arr"]).to_numpy(float)
    usual = np.minimum(share, np.quantile(share, TAIL))
    return float(np.average(usual, weights=happened["arr"]))


def exclusive(
    probabilities: Mapping[str, np.ndarray], labels: Mapping[str, Label]
) -> dict[str, np.ndarray]:
    """Return the probabilities with none of an exclusive pair above 1 together, shape (rows,).

    Each target has a model of its own, which knows nothing of the others; where two that exclude
    each other sum above 1, both are scaled down by the same factor.
    """
    found = dict(probabilities)
    for name, label in labels.items():
        for other in label.excludes:
            if name in found and other in found:
                scale = np.maximum(found[name] + found[other], 1.0)
                found |= {one: found[one] / scale for one in (name, other)}
    return found


def expected_amounts(
    probabilities: Mapping[str, np.ndarray], shares: Mapping[str, np.ndarray], arr: np.ndarray
) -> dict[str, np.ndarray]:
    """Return probability times ARR times its share, target by target, each of shape (rows,)."""
    return {name: p * np.nan_to_num(arr) * shares[name] for name, p in probabilities.items()}


def expansion(amounts: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    """Return the expected expansion ARR of upsell and cross-sell together."""
    return _sum(amounts, ("upsell", "cross_sell"), rows)


def at_risk(amounts: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    """Return the ARR expected to be lost to downsell and churn."""
    return _sum(amounts, ("downsell", "churn"), rows)


def _sum(amounts: Mapping[str, np.ndarray], names: tuple[str, ...], rows: int) -> np.ndarray:
    parts = [amounts[name] for name in names if name in amounts]
    return np.sum(parts, axis=0) if parts else np.zeros(rows)
