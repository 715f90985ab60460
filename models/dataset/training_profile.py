"""What a model's inputs looked like in training, and how far others have moved from that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.inference.encoding import FeatureSpec

BINS = 10
FEWEST = 200
"""Of fewer rows chance alone moves the index by more than is worth looking at."""
DIGITS = 6


def described(feature: FeatureSpec, column: np.ndarray) -> FeatureSpec:
    """Return an input with the shares of its training values, encoded as ``column`` (rows,).

    Numbers are told by the tenths that they lie in, categories each for itself; the last share is
    of what is not known.
    """
    known = column[~np.isnan(column)]
    wanted = feature.categories is None and len(known) > 0
    tenths = np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]) if wanted else np.empty(0)
    draft = replace(feature, edges=tuple(float(one) for one in np.unique(tenths)))
    shares = _shares(draft, column)
    return replace(draft, shares=tuple(round(float(one), DIGITS) for one in shares))


def index(feature: FeatureSpec, column: np.ndarray) -> float | None:
    """Return the population stability index of encoded values (rows,) against those of training.

    Zero is the same distribution; above ``models.statistics.psi.LARGE`` it is commonly
    called another one.
    ``None`` where the release is from before such shares were kept.
    """
    if not feature.shares:
        return None
    before, after = np.array(feature.shares), _shares(feature, column)
    return float(((after - before) * np.log(after / before)).sum())


def _shares(feature: FeatureSpec, column: np.ndarray) -> np.ndarray:
    missing = np.isnan(column)
    known = column[~missing]
    if feature.categories is None:
        bins, count = np.searchsorted(feature.edges, known, side="right"), len(feature.edges) + 1
    else:
        bins, count = known.astype(int), len(feature.categories)
    # Half a row more in each bin: an empty one would be an endless shift.
    counted = np.append(np.bincount(bins, minlength=count), missing.sum()) + 0.5
    shares: np.ndarray = counted / counted.sum()
    return shares
