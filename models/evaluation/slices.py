"""How good a model is where it matters: by segment, by region, by size and by tenure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from models.release.card import Slice
from models.statistics import metrics
from models.statistics.bootstrap import Draws

FEWEST_OUTCOMES = 30
"""With fewer outcomes, or fewer rows without, a slice's figures say little."""
YEAR = 365
MOST_GROUPS = 8
"""So many segments or regions are shown by name."""
OTHERS = "all others"


def slices(
    rows: pd.DataFrame,
    label: np.ndarray,
    probability: np.ndarray,
    seed: int,
    todays: Collection[str] = (),
) -> tuple[Slice, ...]:
    """Return the figures slice by slice; what a company has no column for is left out.

    Parameters
    ----------
    rows
        The test rows with their features.
    label, probability
        Outcome (0, 1) and calibrated probability of each row, shape (rows,).
    seed
        Draws the resamples.
    todays
        Attributes, as ``table.column``, that are known as of today only; their slices say so.
    """
    judged = []
    for name_of_group, group in groupings(rows):
        by = (
            f"{name_of_group}, as of today"
            if f"accounts.{name_of_group}" in todays
            else name_of_group
        )
        for name in sorted(group.dropna().unique(), key=_order):
            member = (group == name).to_numpy()
            draws = Draws(rows["account_id"][member], seed)
            judged.append(_slice(by, str(name), draws, label[member], probability[member]))
    return tuple(judged)


def _slice(by: str, name: str, draws: Draws, label: np.ndarray, probability: np.ndarray) -> Slice:
    positives = int(label.sum())
    return Slice(
        by=by,
        name=name,
        rows=len(label),
        accounts=draws.accounts,
        positives=positives,
        base_rate=float(label.mean()),
        predicted=float(probability.mean()),
        auc=draws.interval(metrics.auc, probability, label),
        small=min(positives, len(label) - positives) < FEWEST_OUTCOMES,
    )


def groupings(rows: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """Yield each way to divide the rows, such as ``segment``, with the group of each row."""
    for name in ("segment", "region"):
        if name in rows and rows[name].notna().any():
            yield name, _largest(rows[name])
    if "arr" in rows and rows["arr"].nunique() > len(_SIZES):
        yield "size", pd.qcut(rows["arr"].rank(method="first"), len(_SIZES), labels=_SIZES)
    if "adoption_age_days" in rows and rows["adoption_age_days"].notna().any():
        years = rows["adoption_age_days"] // YEAR
        yield "tenure", pd.cut(years, [-1, 0, 1, np.inf], labels=_TENURES)


def _largest(names: pd.Series) -> pd.Series:
    """Return the names with all but the most frequent ones as one."""
    largest = names.value_counts().index[:MOST_GROUPS]
    return names.where(names.isin(largest) | names.isna(), OTHERS)


_SIZES = ("smallest third by ARR", "middle third by ARR", "largest third by ARR")
_TENURES = ("first year", "second year", "longer")


def _order(name: str) -> tuple[int, str]:
    ranked = (*_SIZES, *_TENURES, OTHERS)
    return (ranked.index(name) if name in ranked else -1, str(name))
