"""Lift: what a team reaches that contacts the accounts ranked first, in outcomes and ARR."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from models.i18n.number_format import PLAIN
from models.release.card import Reach, RivalReach
from models.statistics import metrics
from models.statistics.bootstrap import Draws

SHARES = (0.05, 0.10, 0.20)
CAPACITY = "capacity"
BY_ARR, BY_RULE = "ARR", "rule times ARR"
"""What a team without a model ranks its accounts by."""


def reached(
    rows: pd.DataFrame,
    label: np.ndarray,
    probability: np.ndarray,
    *,
    seed: int,
    amount: np.ndarray | None = None,
    worth: np.ndarray | None = None,
    capacity: int | None = None,
    rivals: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> tuple[Reach, ...]:
    """Return what the first 5, 10 and 20 % of each date hold, and the first ``capacity`` accounts.

    A depth that holds all accounts of every date is left out: any order would hold all there.

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
    rivals
        What simpler orders rank by, by their name, such as ``by_arr``; each of shape (rows,).
    """
    draws = Draws(rows["account_id"], seed)
    dates = rows["as_of"]
    depths = []
    for at, counts in _depths(dates.value_counts(sort=False), capacity):
        likeliest = _first(probability, dates, counts)
        outcomes = draws.interval(metrics.captured, likeliest, label)
        lift = draws.interval(metrics.lift, likeliest, label)
        arr = beside = None
        if amount is not None and worth is not None:
            dearest = _first(worth, dates, counts)
            arr = draws.interval(metrics.captured, dearest, amount)
            orders = {name: _first(score, dates, counts) for name, score in rivals.items()}
            beside = tuple(
                RivalReach(
                    name,
                    draws.interval(metrics.captured, order, amount),
                    draws.difference(dearest, order, amount, metrics.captured),
                )
                for name, order in orders.items()
            )
        depths.append(Reach(at, float(counts.mean()), outcomes, lift, arr, beside or None))
    return tuple(depths)


def simple_orders(arr: np.ndarray, rule: np.ndarray | None) -> dict[str, np.ndarray]:
    """Return what rivals of expected ARR rank by: the ARR alone, and the rule's score times it.

    ``rule`` is ``None`` without one. Scores of a rule may lie below 0; then the lowest counts 0.
    """
    orders = {BY_ARR: arr}
    if rule is not None:
        orders[BY_RULE] = (rule - rule.min(initial=0.0)) * arr
    return orders


def _depths(rows: pd.Series, capacity: int | None) -> Iterator[tuple[str, pd.Series]]:
    """Yield how many accounts of each date are contacted, in words and as counts by date.

    ``rows`` counts the accounts of each date.
    """
    depths = {f"first {PLAIN.percent(share)}": share * rows for share in SHARES}
    if capacity is not None:
        depths[f"{CAPACITY} of {capacity:,}"] = rows.clip(upper=capacity)
    for at, counts in depths.items():
        accounts = counts.round().clip(lower=1)
        if (accounts < rows).any():
            yield at, accounts


def _first(score: np.ndarray, dates: pd.Series, counts: pd.Series) -> np.ndarray:
    """Return 1 for the rows ranked first on their date, 0 for others, shape (rows,)."""
    rank = pd.Series(-score, index=dates.index).groupby(dates).rank(method="first")
    first: np.ndarray = (rank <= dates.map(counts)).to_numpy(float)
    return first
