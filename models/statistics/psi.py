"""How far scores have moved: the population stability index, with what chance alone would give."""

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
    one, two = (_shares(np.searchsorted(edges, each, side="right"), len(edges) + 1)
                for each in (before, after))  # fmt: skip
    return float(((two - one) * np.log(two / one)).sum())


def limit(before: int, after: int) -> float:
    """Return the index that so many scores do not exceed unless they have moved a lot.

    Without a shift the index is (1/n + 1/m) times a chi-square (B. Yurdakul, Statistical
    Properties of Population Stability Index, 2018).
    """
    return max(LARGE, CHANCE * (1 / before + 1 / after))


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's rank correlation of two scores; 0 where one of them is constant."""
    mine, others = _ranks(one), _ranks(other)
    if min(np.ptp(mine), np.ptp(others)) == 0:
        return 0.0
    return float(np.corrcoef(mine, others)[0, 1])


def _shares(bins: np.ndarray, count: int) -> np.ndarray:
    # Half a score more in each bin: an empty one among few scores would be an endless shift.
    counted = np.bincount(bins, minlength=count) + 0.5
    shares: np.ndarray = counted / counted.sum()
    return shares


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return the rank of each value, ties their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: np.ndarray = (ends - (counts - 1) / 2)[place]
    return ranks
