"""Fitting a calibration: from log-odds to a probability that can be taken at its word."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression


def sigmoid(raw: np.ndarray, label: np.ndarray) -> dict[str, Any]:
    """Fit Platt's sigmoid, ``p = 1 / (1 + exp(-(a * raw + b)))``, as JSON for ``calibrators``.

    Parameters
    ----------
    raw
        Scores in log-odds of rows the model has not seen, shape (n,).
    label
        Their outcomes, 0 or 1, shape (n,).

    Source: J. Platt, Probabilistic outputs for support vector machines (1999). The slope is kept
    from turning negative: a model that orders accounts wrongly is flat, not mirrored.
    """
    if label.min() == label.max():
        return {"method": "none"}
    fitted = LogisticRegression(C=np.inf, max_iter=1000).fit(raw.reshape(-1, 1), label)
    a, b = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if a <= 0:
        rate = float(label.mean())
        a, b = 0.0, float(np.log(rate / (1 - rate)))
    return {"method": "sigmoid", "a": a, "b": b}
