"""Applying a calibration that is kept as JSON; shared by training, scoring and serving.

Needs NumPy alone and no module of ours: a logged model carries a copy of this file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def apply(calibration: Mapping[str, Any], raw: np.ndarray) -> np.ndarray:
    """Return the probability of each raw score (log-odds), shape (rows,).

    Raises
    ------
    ValueError
        When the calibration's method is not one of ``METHODS``.
    """
    method = str(calibration.get("method"))
    if method not in METHODS:
        raise ValueError(f"calibration method {method!r} is unknown; known: {', '.join(METHODS)}")
    return METHODS[method](calibration, np.asarray(raw, dtype=float))


def problem(calibration: Mapping[str, Any]) -> str:
    """Return why no fit can have given a calibration, or nothing: each keeps order and is finite.

    Raises
    ------
    KeyError, TypeError, ValueError
        When something is missing or of another type.
    """
    method = str(calibration.get("method"))
    if method == "isotonic":
        raw, probabilities = (np.array(calibration[name], float) for name in ("raw", "probability"))
        steps = np.concatenate([np.diff(raw), np.diff(probabilities)])
        ordered = raw.shape == probabilities.shape and raw.size > 0 and bool((steps >= 0).all())
        sound = ordered and bool(
            np.isfinite(raw).all() and (0 <= probabilities[0] <= probabilities[-1] <= 1)
        )
        return "" if sound else "its steps do not rise from 0 to 1"
    numbers = {name: float(calibration[name]) for name in PARAMETERS.get(method, ())}
    if not all(np.isfinite(values) for values in numbers.values()):
        return "a parameter is no number"
    falling = [name for name in SLOPES.get(method, ()) if numbers[name] < 0]
    return f"the slope {falling[0]!r} falls" if falling else ""


def logistic(log_odds: np.ndarray) -> np.ndarray:
    """Return the probability that belongs to log-odds, shape (rows,)."""
    # Written so that exp never overflows: large log-odds of either sign stay finite.
    small = np.exp(-np.abs(log_odds))
    probability: np.ndarray = np.where(log_odds >= 0, 1 / (1 + small), small / (1 + small))
    return probability


def _none(_calibration: Mapping[str, Any], raw: np.ndarray) -> np.ndarray:
    return logistic(raw)


def _sigmoid(calibration: Mapping[str, Any], raw: np.ndarray) -> np.ndarray:
    return logistic(float(calibration["a"]) * raw + float(calibration["b"]))


def _beta(calibration: Mapping[str, Any], raw: np.ndarray) -> np.ndarray:
    # ln p and ln(1 - p) of log-odds, without the detour over a p that rounds to 0 or 1.
    ln_p, ln_not = -np.logaddexp(0.0, -raw), -np.logaddexp(0.0, raw)
    a, b, c = (float(calibration[name]) for name in ("a", "b", "c"))
    return logistic(a * ln_p - b * ln_not + c)


def _isotonic(calibration: Mapping[str, Any], raw: np.ndarray) -> np.ndarray:
    probability: np.ndarray = np.interp(raw, calibration["raw"], calibration["probability"])
    return probability


METHODS: Mapping[str, Callable[[Mapping[str, Any], np.ndarray], np.ndarray]] = {
    "none": _none,
    "sigmoid": _sigmoid,
    "beta": _beta,
    "isotonic": _isotonic,
}
"""How a raw score becomes a probability, by the method's name; the simplest first."""
PARAMETERS = {"sigmoid": ("a", "b"), "beta": ("a", "b", "c")}
SLOPES = {"sigmoid": ("a",), "beta": ("a", "b")}
