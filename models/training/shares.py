"""What an outcome is typically worth, as a share of the account's ARR."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable

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
