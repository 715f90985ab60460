"""Lift: what a team reaches that contacts the accounts ranked first, in outcomes and ARR."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from models.i18n.number_format import PLAIN
from models.release.card import Reach
from models.statistics import metrics
from models.statistics.bootstrap import Draws

SHARES = (0.05, 0.10, 0.20)
CAPACITY = "capacity"


def reached(
    rows: pd.DataFrame,
    label: np.ndarray,
    probability: np.ndarray,
    *,
    seed: int,
    amount: np.ndarray | None = None,
    worth: np.ndarray | None = None,
    capacity: int | None = None,
) -> tuple[Reach, ...]:
    """Return what the first 5, 10 and 20 % of each date hold, and the first ``capacity`` accounts.

    Parameters
    ----------
    rows
        The test rows: ``account_id`` and ``as_of``.
    label, probability
        Outcome (0, 1) and calibrated probability of each row, shape (rows,).
    seed
        Draws the resamples.
    amount, worth
        ARR of each outcome, and the expected ARR to rank by, shape (rows,).
    capacity
        Accounts that the whole team can contact on a date.
    """
    draws = Draws(rows["account_id"], seed)
    dates = rows["as_of"]
    depths = []
    for at, counts in _depths(dates.value_counts(sort=False), capacity):
        likeliest = _first(probability, dates, counts)
        arr = None
        if amount is not None and worth is not None:
            arr = draws.interval(metrics.captured, _first(worth, dates, counts), amount)
        outcomes = draws.interval(metrics.captured, likeliest, label)
        lift = draws.interval(metrics.lift, likeliest, label)
        depths.append(Reach(at, float(counts.mean()), outcomes, lift, arr))
    return tuple(depths)


def _depths(rows: pd.Series, capacity: int | None) -> Iterator[tuple[str, pd.Series]]:
    """Yield how many accounts of each date are contacted, in words and as counts by date."""
    for share in SHARES:
        yield f"first {PLAIN.percent(share)}", (share * rows).round().clip(lower=1)
    if capacity is not None:
        yield f"{CAPACITY} of {capacity:,}", rows.clip(upper=capacity)


def _first(score: np.ndarray, dates: pd.Series, counts: pd.Series) -> np.ndarray:
    """Return 1 for the rows ranked first on their date, 0 for others, shape (rows,)."""
    rank = pd.Series(-score, index=dates.index).groupby(dates).rank(method="first")
    first: np.ndarray = (rank <= dates.map(counts)).to_numpy(float)
    return first
