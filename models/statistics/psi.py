"""How far a population has moved: the population stability index (PSI), and what chance gives.

Callers choose the bins; the index, its smoothing and its limits are the same everywhere.
"""

from __future__ import annotations

import numpy as np

BINS = 10
LARGE = 0.25
"""Above this, a population is commonly called another one."""
CHANCE = 27.9
"""The 99.9 % quantile of chi-square with nine degrees of freedom."""


def stability(before: np.ndarray, after: np.ndarray) -> float:
    """Return the population stability index of scores ``after`` against those ``before``.

    Bins are the tenths of ``before``; ties share a bin. Zero means the same distribution.
    """
    edges = np.unique(np.quantile(before, np.linspace(0, 1, BINS + 1)[1:-1]))
    expected, actual = (
        bin_shares(np.searchsorted(edges, scores, side="right"), len(edges) + 1)
        for scores in (before, after)
    )
    return float(index(expected, actual))


def index(expected: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Return the population stability index of shares of bins against those expected.

    Shares lie along the last axis, each above zero; the others are those of the result.
    """
    shift: np.ndarray = ((actual - expected) * np.log(actual / expected)).sum(axis=-1)
    return shift


def bin_shares(bins: np.ndarray, count: int) -> np.ndarray:
    """Return the share of rows in each of ``count`` bins, given the bin of each row.

    Half a row is added to each bin: an empty one among few rows would be an endless shift.
    """
    return smoothed(np.bincount(bins, minlength=count))


def smoothed(counts: np.ndarray) -> np.ndarray:
    """Return the shares of bins, along the last axis, of counts with half a row added to each."""
    shares: np.ndarray = (counts + 0.5) / (counts + 0.5).sum(axis=-1, keepdims=True)
    return shares


def limit(before: int, after: int) -> float:
    """Return the index that so many scores do not exceed unless they have moved a lot.

    Without a shift the index is (1/n + 1/m) times a chi-square (B. Yurdakul, Statistical
    Properties of Population Stability Index, 2018).
    """
    return max(LARGE, CHANCE * (1 / before + 1 / after))


def agreement(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation of two scores; 0 where one of them is constant."""
    ranks = _ranks(first), _ranks(second)
    if min(map(np.ptp, ranks)) == 0:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return the rank of each value, ties their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: np.ndarray = (ends - (counts - 1) / 2)[place]
    return ranks
