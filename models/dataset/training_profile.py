"""What a model's inputs looked like in training, and how far others have moved from that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.inference.encoding import FeatureSpec
from models.statistics import psi

BINS = 10
FEWEST = 200
"""Of fewer rows chance alone moves the index by more than is worth looking at."""
DIGITS = 6


def described(feature: FeatureSpec, column: np.ndarray) -> FeatureSpec:
    """Return an input with the shares of its training values, encoded as ``column`` (rows,).

    Numbers are told by the tenths that they lie in, categories each for itself; the last share is
    of what is not known.
    """
    present = column[~np.isnan(column)]
    is_cut = feature.categories is None and len(present) > 0
    tenths = np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1]) if is_cut else np.empty(0)
    draft = replace(feature, edges=tuple(float(edge) for edge in np.unique(tenths)))
    shares = tuple(round(float(share), DIGITS) for share in _shares(draft, column))
    return replace(draft, shares=shares)


def index(feature: FeatureSpec, column: np.ndarray) -> float | None:
    """Return the population stability index of encoded values (rows,) against those of training.

    Zero is the same distribution; above ``models.statistics.psi.LARGE`` it is commonly
    called another one.
    ``None`` where the release is from before such shares were kept.
    """
    if not feature.shares:
        return None
    return float(psi.index(np.array(feature.shares), _shares(feature, column)))


def _shares(feature: FeatureSpec, column: np.ndarray) -> np.ndarray:
    if feature.categories is None:
        bins, count = np.searchsorted(feature.edges, column, side="right"), len(feature.edges) + 1
    else:
        count = len(feature.categories)
        bins = np.nan_to_num(column, nan=count).astype(int)
    return psi.bin_shares(np.where(np.isnan(column), count, bins), count + 1)
