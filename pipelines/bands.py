"""Columns cut into bands, so that one measure of drift serves numbers, categories and gaps.

Evidently leaves missing values out and bins numbers in equal steps, which puts nearly all of a
heavy-tailed column (ARR, events) into one bin and hides a feed that broke. Bands with equal
shares of the reference, and a band of its own for "not known", see both.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

BANDS = 10
"""Bands of a number: deciles of the reference (fewer where values repeat)."""
FEW = 12
"""A number with at most so many different values keeps each as a band (flags, products held)."""
COMMON = 20
"""Categories that keep a band of their own; the rest share one."""
MONTH = 30.44
"""Days in a month."""
UNKNOWN = "not known"
OTHER = "(rarer ones)"
BEYOND = "another value"


def band(reference: pd.Series, current: pd.Series, unit: str) -> tuple[pd.Series, pd.Series]:
    """Return both columns as bands (strings), cut where the reference says.

    Infinite values count as not known. Both results have the length of their input and none
    missing.
    """
    if unit == "category":
        return _categories(reference, current)
    before, now = _finite(reference, unit), _finite(current, unit)
    values = np.unique(before.dropna().to_numpy(float))
    if len(values) <= FEW:
        return _values(before, values), _values(now, values)
    edges = np.unique(before.quantile(np.linspace(0, 1, BANDS + 1)[1:-1]).to_numpy(float))
    return _cut(before, edges), _cut(now, edges)


def _categories(reference: pd.Series, current: pd.Series) -> tuple[pd.Series, pd.Series]:
    common = set(reference.dropna().astype(str).value_counts().index[:COMMON])
    return _named(reference, common), _named(current, common)


def _named(column: pd.Series, common: set[str]) -> pd.Series:
    names = [
        UNKNOWN if pd.isna(value) else str(value) if str(value) in common else OTHER
        for value in column
    ]
    return pd.Series(names, dtype=object)


def _finite(column: pd.Series, unit: str) -> pd.Series:
    """Return numbers; from four weeks on, days as whole months: February is no drift."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float, copy=True)
    numbers[~np.isfinite(numbers)] = np.nan
    long = (np.abs(numbers) >= 28) & (unit == "days")
    numbers[long] = 30 * np.round(numbers[long] / MONTH)
    return pd.Series(numbers)


def _values(column: pd.Series, values: np.ndarray) -> pd.Series:
    names = {
        round(value, 9): f"{number + 1:02d}: {value:,.4g}" for number, value in enumerate(values)
    }
    labels = [UNKNOWN if pd.isna(v) else names.get(float(v), BEYOND) for v in column]
    return pd.Series(labels, dtype=object)


def _cut(column: pd.Series, edges: np.ndarray) -> pd.Series:
    names = [f"{number + 1:02d}: up to {edge:,.4g}" for number, edge in enumerate(edges)]
    names.append(f"{len(edges) + 1:02d}: above {edges[-1]:,.4g}")
    number = np.searchsorted(edges, column.to_numpy(float), side="left")
    labels = [
        UNKNOWN if pd.isna(value) else names[place]
        for value, place in zip(column, number, strict=True)
    ]
    return pd.Series(labels, dtype=object)
