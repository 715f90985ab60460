"""What probabilities are worth once the outcomes, and the true probabilities, are known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from models.statistics import metrics
from models.statistics.bootstrap import Metric

DEPTHS = (5, 10, 20)
"""Per cent of the accounts of a date that are contacted."""
SURE, UNLIKELY = 0.95, 0.5
"""A probability above the first whose truth is below the second is badly wrong."""
LARGE = 2 / 3
"""Accounts above this share of a date's accounts by ARR are its top third."""
RESAMPLES = 4000
RATIOS = ("sum_to_truth", "sum_to_outcomes", "arr_to_truth", "arr_to_truth_top", "arr_to_outcomes")
"""Figures that are best at 1."""

NOT_COMPARED = ("verdict", "rows", "outcomes", "truth_auc", "truth_log_loss")


def figures(rows: pd.DataFrame) -> dict[str, float]:
    """Return what is measured of one target's probabilities; NaN where the rows cannot tell.

    Parameters
    ----------
    rows
        ``as_of``, ``p`` (probability), ``outcome`` (0, 1), ``arr`` and, of simulated companies,
        ``truth`` (true probability); rows without one of them are left out by the caller.
    """
    p, outcome, arr = (rows[name].to_numpy(float) for name in ("p", "outcome", "arr"))
    measured = {
        "rows": len(rows),
        "outcomes": float(outcome.sum()),
        "auc": _metric(metrics.auc, p, outcome),
        "log_loss": _metric(metrics.log_loss, p, outcome),
        "sum_to_outcomes": ratio(p.sum(), outcome.sum()),
        "arr_to_outcomes": ratio(arr @ p, arr @ outcome),
    }
    if "truth" not in rows:
        return measured
    truth = rows["truth"].to_numpy(float)
    large = is_large(rows)
    return measured | {
        "truth_auc": _metric(metrics.auc, truth, outcome),
        "truth_log_loss": _metric(metrics.log_loss, truth, outcome),
        "kl": float(kl(truth, p).mean()) if len(rows) else math.nan,
        "sum_to_truth": ratio(p.sum(), truth.sum()),
        "arr_to_truth": ratio(arr @ p, arr @ truth),
        "arr_to_truth_top": ratio(arr[large] @ p[large], arr[large] @ truth[large]),
        "badly_wrong": float(((p > SURE) & (truth < UNLIKELY)).sum()),
    }


def kl(truth: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return the Kullback-Leibler divergence of each probability from the true one, in nats.

    Probabilities are kept off 0 and 1 by 1e-12.
    """
    q = np.clip(p, 1e-12, 1 - 1e-12)
    t = np.clip(truth, 1e-12, 1 - 1e-12)
    divergence: np.ndarray = t * np.log(t / q) + (1 - t) * np.log((1 - t) / (1 - q))
    return divergence


def is_large(rows: pd.DataFrame) -> np.ndarray:
    """Return whether each row belongs to the top third of its date's accounts by ARR."""
    large: np.ndarray = (rows.groupby("as_of")["arr"].rank(pct=True) > LARGE).to_numpy()
    return large


def ratio(top: float, bottom: float) -> float:
    """Return a ratio, NaN where there is nothing to compare with."""
    return float(top / bottom) if bottom > 0 else math.nan


def captured(
    dates: pd.Series, rankings: Mapping[str, np.ndarray], amount: np.ndarray
) -> dict[str, float]:
    """Return the share of ``amount`` in the accounts that each ranking puts first on every date.

    Keys are ``<ranking>_<depth>``. A row whose score is NaN comes last; a ranking without any
    score captures NaN.
    """
    sizes = dates.groupby(dates).transform("size").to_numpy()
    shares = {}
    for name, score in rankings.items():
        worth = pd.Series(np.nan_to_num(score, nan=-np.inf), index=dates.index)
        rank = worth.groupby(dates).rank(method="first", ascending=False).to_numpy()
        for depth in DEPTHS:
            first = rank <= np.maximum(np.round(depth / 100 * sizes), 1)
            share = ratio(amount[first].sum(), amount.sum())
            shares[f"{name}_{depth}"] = math.nan if np.isnan(score).all() else share
    return shares


def typical_amount(arr: np.ndarray, amount: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return what an outcome is worth to accounts of ``wanted`` ARR: a power of their ARR.

    ``arr`` and ``amount`` are those of outcomes; the amounts that it gives them add up to theirs.
    """
    is_positive = (arr > 0) & (amount > 0)
    x, y = np.log(arr[is_positive]), np.log(amount[is_positive])
    if len(np.unique(x)) < 2:
        return np.full(len(wanted), float(amount.mean()) if len(amount) else math.nan)
    slope, level = np.polyfit(x, y, 1)
    factor = ratio(amount[is_positive].sum(), np.exp(level + slope * x).sum())
    worth: np.ndarray = factor * np.exp(level) * np.maximum(wanted, 0.0) ** slope
    return worth


def paired(ours: pd.DataFrame, theirs: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the mean difference of each figure over the companies of a group that both hold.

    Both have a row a ``company`` of a ``group``, ``target`` and ``window``, and the figures as
    columns. Ratios are compared by how far they are from 1, as the absolute logarithm. With a 95 %
    interval by bootstrap over companies.
    """
    keys = ["group", "window", "target"]
    both = ours.merge(theirs, on=[*keys, "company"], suffixes=("", "_before"))
    names = [str(name) for name in ours if f"{name}_before" in both and name not in NOT_COMPARED]
    for key, rows in both.groupby(keys, sort=False):
        for name in names:
            columns = {"after": name, "before": f"{name}_before"}
            values = pd.DataFrame({at: _compared(rows[c], name) for at, c in columns.items()})
            values = values.dropna()
            if len(values):
                difference = (values["after"] - values["before"]).to_numpy()
                yield {
                    **dict(zip(keys, key, strict=True)),
                    "figure": name,
                    **values.mean(),
                    "difference": float(difference.mean()),
                    "interval": interval(difference),
                    "companies": len(values),
                }


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of a mean over companies, by bootstrap; NaN of a single company."""
    if len(values) < 2:
        return math.nan, math.nan
    draws = np.random.default_rng(7).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def _compared(values: pd.Series, name: str) -> pd.Series:
    numbers = values.astype(float)
    return numbers.where(numbers > 0).map(math.log).abs() if name in RATIOS else numbers


def _metric(metric: Metric, score: np.ndarray, label: np.ndarray) -> float:
    return float(metric(score, label, np.ones((1, len(label))))[0]) if len(label) else math.nan
