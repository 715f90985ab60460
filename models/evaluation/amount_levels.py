"""By how much the sum of all amounts is off from one stretch of dates to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.inference.total_interval import LEVEL

PRIOR = 4.0
"""As many stretches speak for the usual error: a few quarters alone tell little of it."""


@dataclass(frozen=True)
class Stretch:
    """Expected and actual ARR of the outcomes of some dates, and the variance by chance alone.

    All are of one date on average: an outcome within the horizon of several dates is one.
    """

    expected: float
    actual: float
    variance: float


def stretch(
    as_of: np.ndarray,
    probability: np.ndarray,
    amount: np.ndarray,
    actual: np.ndarray,
    spread: float,
) -> Stretch:
    """Return what was expected on dates that one version scored, and what came, of one date.

    Parameters
    ----------
    as_of, probability, amount
        Of each row: its date, how likely the outcome is and what it would be worth, shape (rows,).
    actual
        What came, 0 where nothing did, shape (rows,).
    spread
        The error of an outcome's amount as a share of it.
    """
    dates = len(np.unique(as_of))
    expected = probability * amount
    variance = expected * amount * (1 + spread**2) - expected**2
    return Stretch(*(float(sums.sum()) / dates for sums in (expected, actual, variance)))


def level_error(stretches: Sequence[Stretch]) -> float:
    """Return the standard deviation of the level, as a share: what chance does not explain.

    Shrunk to the usual error, which stands where there is no stretch.
    """
    excess = [
        ((each.actual - each.expected) ** 2 - each.variance) / each.expected**2
        for each in stretches
        if each.expected > 0
    ]
    # Where chance alone is larger than the level, a stretch says hardly anything of it.
    weights = [
        1 / (1 + each.variance / (LEVEL * each.expected) ** 2)
        for each in stretches
        if each.expected > 0
    ]
    variance = (PRIOR * LEVEL**2 + float(np.dot(weights, excess))) / (PRIOR + sum(weights))
    return float(np.sqrt(max(variance, (LEVEL / 4) ** 2)))
