"""BoostedQuantiles of a number a row: by model, and by what happened to all alike.

Source: conformalised quantile regression, Romano, Patterson and Candès (2019); the rows that widen
the interval are of accounts that the fit has not seen.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from models.dataset.matrix import matrix
from models.inference.encoding import FeatureSpec
from models.statistics.bootstrap import Draws
from models.statistics.interval import Interval
from models.training.boosting import Boosting, Params

LEVELS = (0.1, 0.5, 0.9)
"""The ends of an interval that holds 8 of 10 rows, and its middle."""
MOST_ROWS = 60_000
PARTS = 5
"""Of five parts of the accounts three are fitted on, one says when to stop, one how wide to be."""
OUTCOME = "ratio"


class QuantileModel(Protocol):
    """A way to low, middle and high."""

    def refit(self, rows: pd.DataFrame) -> QuantileModel:
        """Return the same way, learned from more rows."""

    def ends(self, rows: pd.DataFrame) -> np.ndarray:
        """Return low, middle and high, (rows, 3); they never cross."""


def parts(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Split the accounts by their name alone: to fit on, to stop by, to find the width on."""
    number = rows["account_id"].map(lambda name: zlib.crc32(str(name).encode()) % PARTS)
    return rows[number > 1], rows[number == 1], rows[number == 0]


class NoChange:
    """No change, with the interval in which 8 of 10 accounts came to lie."""

    def __init__(self, quantiles: np.ndarray) -> None:
        self.quantiles = quantiles

    @classmethod
    def fit(cls, rows: pd.DataFrame) -> NoChange:
        """Find the interval that held 8 of 10 rows."""
        low, high = np.quantile(rows[OUTCOME], [LEVELS[0], LEVELS[-1]])
        return cls(np.array([min(low, 0.0), 0.0, max(high, 0.0)]))

    def refit(self, rows: pd.DataFrame) -> NoChange:
        """Return the same, fitted on more rows."""
        return self.fit(rows)

    def ends(self, rows: pd.DataFrame) -> np.ndarray:
        """Return low, middle and high log ratios, (rows, 3)."""
        return np.tile(self.quantiles, (len(rows), 1))


class BoostedQuantiles:
    """A booster a level, and by how much the interval has to be wider than they say."""

    def __init__(
        self, features: tuple[FeatureSpec, ...], params: Params, rows: pd.DataFrame,
        trees: Sequence[int], wider: float,
    ) -> None:  # fmt: skip
        self.features, self.params, self.trees, self.wider = features, params, trees, wider
        sample = _sampled(rows)
        self.boosters = [
            _boosting(sample, features, level).fitted(count, params)
            for level, count in zip(LEVELS, trees, strict=True)
        ]

    @classmethod
    def fit(
        cls, rows: pd.DataFrame, features: tuple[FeatureSpec, ...], params: Params
    ) -> BoostedQuantiles:
        """Fit a booster a level, and find out how much wider their interval has to be."""
        fitted, stop, width = (_sampled(some) for some in parts(rows))
        both = pd.concat([fitted, stop])
        first, second = np.split(np.arange(len(both)), [len(fitted)])
        stopped = [
            _boosting(both, features, level).early_stopped(first, second, params)
            for level in LEVELS
        ]
        numbers = matrix(width, features)
        low, _, high = (
            np.asarray(fit.booster.predict(numbers, num_iteration=fit.trees)) for fit in stopped
        )
        missed = np.maximum(low - width[OUTCOME], width[OUTCOME] - high)
        wider = np.quantile(missed, _conformal_level(len(missed)), method="higher")
        return cls(features, params, rows, [fit.trees for fit in stopped], float(wider))

    def refit(self, rows: pd.DataFrame) -> BoostedQuantiles:
        """Return the same, grown as far on more rows."""
        return BoostedQuantiles(self.features, self.params, rows, self.trees, self.wider)

    def ends(self, rows: pd.DataFrame) -> np.ndarray:
        """Return low, middle and high log ratios, (rows, 3); they never cross."""
        numbers = matrix(rows, self.features)
        predicted = [np.asarray(booster.predict(numbers)) for booster in self.boosters]
        ends = np.stack(predicted, axis=1) + np.array([-self.wider, 0.0, self.wider])
        return np.sort(ends, axis=1)


def _conformal_level(count: int) -> float:
    """Return the share of misses that an interval must cover, so that 8 of 10 new ones are held."""
    return min((LEVELS[-1] - LEVELS[0]) * (1 + 1 / count), 1.0)


def _boosting(rows: pd.DataFrame, features: Sequence[FeatureSpec], level: float) -> Boosting:
    outcome = rows[OUTCOME].to_numpy(float)
    settings = {"alpha": level}
    return Boosting(
        matrix(rows, features), outcome, features, objective="quantile", settings=settings
    )


def _sampled(rows: pd.DataFrame) -> pd.DataFrame:
    """Return all rows of so many accounts as are enough, chosen by their name alone."""
    if len(rows) <= MOST_ROWS:
        return rows
    share = MOST_ROWS / len(rows)
    lot = rows["account_id"].map(lambda name: zlib.crc32(f"{name} sampled".encode()) / 2**32)
    sample: pd.DataFrame = rows[lot < share]
    return sample


def _pinball(ends: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Return the mean loss of the three levels, (rows,)."""
    off = ratio[:, None] - ends
    levels = np.array(LEVELS)
    loss: np.ndarray = np.maximum(levels * off, (levels - 1) * off).mean(axis=1)
    return loss


def pinball_gain(other: np.ndarray, model: np.ndarray, rows: pd.DataFrame) -> Interval:
    """Return by what share the pinball loss of ``model`` is below that of ``other``.

    Both are ends, (rows, 3); the interval is drawn over accounts.
    """
    ratio = rows[OUTCOME].to_numpy(float)
    loss = _pinball(other, ratio)
    return share(loss - _pinball(model, ratio), loss, rows)


def coverage(ends: np.ndarray, rows: pd.DataFrame) -> Interval:
    """Return the share of rows whose outcome lies between low and high, drawn over accounts."""
    ratio = rows[OUTCOME].to_numpy(float)
    # A hair wider: most accounts stay exactly as they are, and so does the end of the interval.
    inside = (ratio >= ends[:, 0] - 1e-9) & (ratio <= ends[:, 2] + 1e-9)
    return share(inside.astype(float), np.ones(len(rows)), rows)


def share(amount: np.ndarray, total: np.ndarray, rows: pd.DataFrame) -> Interval:
    """Return the sum of ``amount`` as a share of that of ``total``, both (rows,), over accounts."""

    def of(amount: np.ndarray, total: np.ndarray, weight: np.ndarray) -> np.ndarray:
        ratio: np.ndarray = (weight @ amount) / np.maximum(weight @ total, 1e-12)
        return ratio

    return Draws(rows["account_id"], seed=0).interval(of, amount, total)
