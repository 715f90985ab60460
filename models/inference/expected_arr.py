"""What a probability is worth: expected expansion ARR, and ARR at risk.

Needs NumPy alone: the server works out amounts, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np


class Excluding(Protocol):
    """A target that knows which others never befall the same row."""

    @property
    def excludes(self) -> tuple[str, ...]:
        """The others' names."""


def exclusive(
    probabilities: Mapping[str, np.ndarray], labels: Mapping[str, Excluding]
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
