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


def stretches(
    stretch: np.ndarray,
    as_of: np.ndarray,
    probability: np.ndarray,
    amount: np.ndarray,
    actual: np.ndarray,
    spread: float,
) -> list[Stretch]:
    """Return what was expected on each stretch of dates, and what came.

    Parameters
    ----------
    stretch, as_of
        The number of each row's stretch, such as that of the origin that scored it, and its date,
        shape (rows,).
    probability, amount
        How likely each row's outcome is, and what it would be worth; rows whose ARR is not known
        count 0. Shape (rows,).
    actual
        What came, 0 where nothing did, shape (rows,).
    spread
        The error of an outcome's amount as a share of it.
    """
    expected = np.nan_to_num(probability * amount)
    variance = expected * np.nan_to_num(amount) * (1 + spread**2) - expected**2
    columns = (expected, actual, variance)
    return [
        Stretch(*(float(column[member].sum()) / dates for column in columns))
        for number in np.unique(stretch)
        if (dates := len(np.unique(as_of[member := stretch == number])))
    ]


def level_error(stretches: Sequence[Stretch]) -> float:
    """Return the standard deviation of the level, as a share: what chance does not explain.

    Shrunk to the usual error, which stands where there is no stretch. Where chance alone is larger
    than the level usually is, a stretch says hardly anything of it.
    """
    excess, weight = 0.0, 0.0
    for each in stretches:
        if each.expected > 0:
            by_chance = each.variance / each.expected**2
            precision = (1 + by_chance / LEVEL**2) ** -2
            weight += precision
            excess += precision * ((each.actual / each.expected - 1) ** 2 - by_chance)
    variance = (PRIOR * LEVEL**2 + excess) / (PRIOR + weight)
    return float(np.sqrt(max(variance, (LEVEL / 2) ** 2)))
