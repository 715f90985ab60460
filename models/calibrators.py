"""Applying a calibration that is kept as JSON; shared by training, scoring and serving."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from features.errors import DataError


def apply(calibration: Mapping[str, Any], raw: np.ndarray) -> np.ndarray:
    """Return the probability of each raw score (log-odds), shape (rows,).

    Raises
    ------
    DataError
        When the calibration's method is not one of ``METHODS``.
    """
    method = str(calibration.get("method"))
    if method not in METHODS:
        raise DataError(f"calibration method {method!r} is unknown; known: {', '.join(METHODS)}")
    return METHODS[method](calibration, np.asarray(raw, dtype=float))


def _logistic(log_odds: np.ndarray) -> np.ndarray:
    # Written so that exp never overflows: large log-odds of either sign stay finite.
    small = np.exp(-np.abs(log_odds))
    probability: np.ndarray = np.where(log_odds >= 0, 1 / (1 + small), small / (1 + small))
    return probability


def _none(_calibration: Mapping[str, Any], raw: np.ndarray) -> np.ndarray:
    return _logistic(raw)


def _sigmoid(calibration: Mapping[str, Any], raw: np.ndarray) -> np.ndarray:
    return _logistic(float(calibration["a"]) * raw + float(calibration["b"]))


METHODS: Mapping[str, Callable[[Mapping[str, Any], np.ndarray], np.ndarray]] = {
    "none": _none,
    "sigmoid": _sigmoid,
}
"""How a raw score becomes a probability, by the method's name."""
