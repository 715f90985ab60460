"""Columns cut into bands, so that one measure of drift serves numbers, categories and gaps.

Evidently leaves missing values out and bins numbers in equal steps, which puts nearly all of a
heavy-tailed column (ARR, events) into one bin and hides a feed that broke. Bands with equal
shares of the reference, and a band of its own for "not known", see both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class Cut:
    """Bands by name, and the number of the band of each row of the reference and of now."""

    names: Sequence[str]
    before: np.ndarray
    now: np.ndarray


def band(reference: pd.Series, current: pd.Series, unit: str) -> tuple[pd.Series, pd.Series]:
    """Return both columns as bands (strings), cut where the reference says.

    Infinite values count as not known. Both results have the length of their input and none
    missing.
    """
    banded = cut(reference, current, unit)
    names = np.array(banded.names, dtype=object)
    return pd.Series(names[banded.before]), pd.Series(names[banded.now])


def cut(reference: pd.Series, current: pd.Series, unit: str) -> Cut:
    """Return the same as numbers of bands, which is what many comparisons in a row need."""
    if unit == "category":
        return _categories(reference, current)
    before, now = _finite(reference, unit), _finite(current, unit)
    values = np.unique(before[~np.isnan(before)])
    if len(values) <= FEW:
        names = [f"{number + 1:02d}: {value:,.4g}" for number, value in enumerate(values)]
        return Cut([*names, BEYOND, UNKNOWN], _among(before, values), _among(now, values))
    deciles = np.quantile(before[~np.isnan(before)], np.linspace(0, 1, BANDS + 1)[1:-1])
    edges = np.unique(deciles)
    names = [f"{number + 1:02d}: up to {edge:,.4g}" for number, edge in enumerate(edges)]
    names += [f"{len(edges) + 1:02d}: above {edges[-1]:,.4g}", UNKNOWN]
    return Cut(names, _between(before, edges), _between(now, edges))


def _categories(reference: pd.Series, current: pd.Series) -> Cut:
    common = sorted(reference.dropna().astype(str).value_counts().index[:COMMON])
    number = {name: place for place, name in enumerate(common)}
    before, now = (
        np.array(
            [
                len(common) + 1 if pd.isna(value) else number.get(str(value), len(common))
                for value in rows
            ]
        )
        for rows in (reference, current)
    )
    return Cut([*common, OTHER, UNKNOWN], before, now)


def _among(column: np.ndarray, values: np.ndarray) -> np.ndarray:
    place = np.searchsorted(values, column)
    met = (
        values[np.minimum(place, len(values) - 1)] if len(values) else np.full(len(column), np.nan)
    )
    number = np.where(met == column, place, len(values))
    return np.where(np.isnan(column), len(values) + 1, number)


def _between(column: np.ndarray, edges: np.ndarray) -> np.ndarray:
    place = np.searchsorted(edges, column, side="left")
    return np.where(np.isnan(column), len(edges) + 1, place)


def _finite(column: pd.Series, unit: str) -> np.ndarray:
    """Return numbers; from four weeks on, days as whole months: February is no drift."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float, copy=True)
    numbers[~np.isfinite(numbers)] = np.nan
    long = (np.abs(numbers) >= 28) & (unit == "days")
    numbers[long] = 30 * np.round(numbers[long] / MONTH)
    return np.round(numbers, 9)


def grows(column: Mapping[str, Any]) -> bool:
    """Say whether a column grows as time passes (age, days since, tenure): drift by nature."""
    name = str(column["name"])
    return column["unit"] == "days" and any(stem in name for stem in ("age_", "since", "tenure"))
