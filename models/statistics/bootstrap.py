"""95 % intervals by bootstrap over accounts, since the rows of one account repeat each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from models.statistics import metrics
from models.statistics.interval import Interval

RESAMPLES = 400
MOST_CELLS = 8_000_000

Metric = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""A figure of scores, outcomes and weights; see ``models.statistics.metrics``."""


class Draws:
    """The same resamples of accounts for every figure, so that differences are paired."""

    def __init__(self, account_ids: pd.Series, seed: int, resamples: int = RESAMPLES) -> None:
        self.codes = pd.factorize(account_ids, sort=True)[0]
        self.accounts = int(self.codes.max()) + 1
        random = np.random.default_rng(seed)
        even = np.full(self.accounts, 1 / self.accounts)
        self.counts = random.multinomial(self.accounts, even, resamples)

    def resampled(self, metric: Metric, score: np.ndarray, label: np.ndarray) -> np.ndarray:
        """Return the metric of each resample, shape (resamples,)."""
        step = max(1, MOST_CELLS // len(score))
        parts = range(0, len(self.counts), step)
        return np.concatenate(
            [metric(score, label, self._weights(slice(i, i + step))) for i in parts]
        )

    def interval(self, metric: Metric, score: np.ndarray, label: np.ndarray) -> Interval:
        """Return the metric on all rows with its interval."""
        return interval_of(
            point_estimate(metric, score, label), self.resampled(metric, score, label)
        )

    def difference(
        self,
        score: np.ndarray,
        other: np.ndarray,
        label: np.ndarray,
        metric: Metric = metrics.auc,
    ) -> Interval:
        """Return by how much the metric of ``score`` exceeds that of ``other``, paired."""
        lead = point_estimate(metric, score, label) - point_estimate(metric, other, label)
        resampled = (self.resampled(metric, each, label) for each in (score, other))
        return interval_of(lead, np.subtract(*resampled))

    def _weights(self, rows: slice) -> np.ndarray:
        return self.counts[rows][:, self.codes].astype(float)


def point_estimate(metric: Metric, score: np.ndarray, label: np.ndarray) -> float:
    """Return the metric on all rows, each counted once."""
    return float(metric(score, label, np.ones((1, len(score))))[0])


def interval_of(value: float, values: np.ndarray) -> Interval:
    """Return ``value`` with the percentiles of its resamples, shape (resamples,)."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.percentile(finite, [2.5, 97.5])
    return Interval(value, float(low), float(high))
