"""Whether the accounts still look like those the models learned from, column by column.

The measure is the population stability index (PSI) of the newest rows against half a year of rows
with known outcomes, over the bands of ``binning``. Its threshold is the column's own: what it
reached within the past year, at dates at least a quarter back, so that seasons and steady growth
are no news, but a slow drift is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from models.statistics import psi
from pipelines.monitoring.detectors.binning import Cut, cut, grows
from pipelines.monitoring.detectors.feed_health import factor
from pipelines.monitoring.verdict import Finding, Value

REFERENCE_DAYS = 182
"""How much of the newest time with known outcomes the newest rows are held against."""
BACK_DAYS, YEAR_DAYS = 84, 378
"""The dates whose drift says what is usual lie between so many days before and so many."""
FEWEST_ROWS = 200
"""Rows needed on each side: with ten bands and fewer, chance alone comes near the threshold."""
FEWEST_DATES = 4
LEAST, UNTRIED = 0.1, 0.25
"""Least threshold of a column, and that of one whose past is too short to tell."""
BEYOND = 1.5
"""A column's PSI must exceed its largest of the past year by this factor."""
KNOWN, LOST = 0.5, 0.5
"""Share of known values before, and the part of it left, from which a column counts as lost."""
TIMES, STRANGE = 5.0, 1.0
"""Factor of the typical value, and PSI, from which a column is measured in something else."""
MATTERS = 0.1
"""Share of the models' weight that must lie on the moved columns before anybody need look."""


@dataclass(frozen=True)
class ColumnDrift:
    """One column: its PSI, its own threshold, and the share of the models' weight on it (0 to 1).

    ``completeness`` is the share of rows with a value, ``median`` that of numbers that are never
    negative, each before and now.
    """

    name: str
    psi: float
    threshold: float
    weight: float
    grows: bool
    completeness: tuple[float, float]
    median: tuple[float, float]

    @property
    def drifted(self) -> bool:
        """Whether it moved further than it ever did within the past year."""
        return not self.grows and self.psi >= self.threshold


@dataclass(frozen=True)
class FeatureDrift:
    """The drift of all columns on a date, with the number of rows on each side."""

    columns: tuple[ColumnDrift, ...]
    reference: int
    newest: int

    @property
    def has_enough_rows(self) -> bool:
        """Whether there are rows enough to tell drift from chance."""
        return min(self.reference, self.newest) >= FEWEST_ROWS

    @property
    def drifted_weight(self) -> float:
        """The share of the models' weight on drifted columns."""
        return sum(column.weight for column in self.columns if column.drifted)


def compare(
    frame: pd.DataFrame,
    declared: Sequence[Mapping[str, Any]],
    weights: Mapping[str, float],
    as_of: date,
    mature_days: int,
) -> FeatureDrift:
    """Compare the rows of ``as_of`` with their reference, and with how much that usually differs.

    Parameters
    ----------
    frame
        Rows by account and ``as_of``, of the dates up to ``as_of`` that are known.
    declared
        The columns' declarations: name, stem, unit.
    weights
        The models' weight of each feature by stem, 0 to 1.
    as_of
        The date whose rows are looked at.
    mature_days
        Days until the outcome of every target is known.
    """
    dates = sorted(frame["as_of"].unique())
    by_date = {day: frame[frame["as_of"] == day] for day in dates}
    tested = [day for day in _past(dates, as_of) if reference_dates(dates, day, mature_days)]
    pairs = [_pair(by_date, dates, day, mature_days) for day in (*tested, as_of)]
    compared = [column for column in declared if column["name"] in frame]
    drifts = tuple(
        _column_drift(column, pairs, _weight(column, compared, weights)) for column in compared
    )
    before, now = pairs[-1]
    return FeatureDrift(drifts, len(before), len(now))


def reference_dates(dates: Sequence[date], as_of: date, mature_days: int) -> list[date]:
    """Return the dates of the last half year whose outcomes are known on ``as_of``, in order."""
    mature = [day for day in dates if day <= as_of - timedelta(days=mature_days)]
    return [day for day in mature if day > mature[-1] - timedelta(days=REFERENCE_DAYS)]


def band_index(bands: Cut) -> float:
    """Return the population stability index of two columns in bands."""
    before, now = (psi.bin_shares(rows, len(bands.names)) for rows in (bands.before, bands.now))
    return float(psi.index(before, now))


def findings(drift: FeatureDrift, as_of: date) -> Iterator[Finding]:
    """Yield the columns that broke, and those that moved where they weigh enough together."""
    for column in drift.columns:
        yield from _broken(column, as_of)
    if not drift.has_enough_rows or drift.drifted_weight < MATTERS:
        return
    drifted = sorted(
        (column for column in drift.columns if column.drifted),
        key=lambda column: (-column.weight, column.name),
    )
    values: dict[str, Value] = {
        "columns": len(drifted),
        "weight": round(drift.drifted_weight, 3),
        "first": drifted[0].name,
        "psi": round(drifted[0].psi, 3),
        "usual": round(drifted[0].threshold / BEYOND, 3),
    }
    yield Finding("customers_changed", "look", "columns_moved", "features", values, as_of)


def _past(dates: Sequence[date], as_of: date) -> list[date]:
    first, last = (as_of - timedelta(days=days) for days in (YEAR_DAYS, BACK_DAYS))
    return [day for day in dates if first <= day <= last]


def _pair(
    by_date: Mapping[date, pd.DataFrame], dates: Sequence[date], day: date, mature_days: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    now = by_date[day]
    before = [by_date[past] for past in reference_dates(dates, day, mature_days)]
    return (pd.concat(before) if before else now.iloc[:0]), now


def _column_drift(
    column: Mapping[str, Any],
    pairs: Sequence[tuple[pd.DataFrame, pd.DataFrame]],
    weight: float,
) -> ColumnDrift:
    name, unit = str(column["name"]), str(column["unit"])
    *past, now = [band_index(cut(a[name], b[name], unit)) if len(a) else 0.0 for a, b in pairs]
    usual = BEYOND * max(past) if len(past) >= FEWEST_DATES else UNTRIED
    sides = [frame[name] for frame in pairs[-1]]
    # Of what may be negative, such as a trend, no factor tells anything.
    sized = unit != "category" and not any((side < 0).any() for side in sides)
    middle = [float(side.median()) if sized and len(side) else float("nan") for side in sides]
    return ColumnDrift(
        name=name,
        psi=now,
        threshold=max(LEAST, usual),
        weight=weight,
        grows=grows(column),
        completeness=(float(sides[0].notna().mean()), float(sides[1].notna().mean())),
        median=(middle[0], middle[1]),
    )


def _weight(
    column: Mapping[str, Any], compared: Sequence[Mapping[str, Any]], weights: Mapping[str, float]
) -> float:
    """Return a column's part of its feature's weight, which all its windows share."""
    alike = sum(str(other["stem"]) == str(column["stem"]) for other in compared)
    return float(weights.get(str(column["stem"]), 0.0)) / alike


def _broken(column: ColumnDrift, as_of: date) -> Iterator[Finding]:
    before, now = column.completeness
    if before >= KNOWN and now <= LOST * before:
        lost = {"now": round(now, 3), "usual": round(before, 3)}
        yield Finding("data_broken", "alarm", "feature_lost", column.name, lost, as_of)
        return
    before, now = column.median
    if before > 0 and now > 0 and column.drifted and column.psi >= STRANGE:
        ratio = now / before
        if not 1 / TIMES < ratio < TIMES:
            scaled: dict[str, Value] = {"factor": factor(ratio), "psi": round(column.psi, 2)}
            yield Finding("data_broken", "alarm", "feature_scaled", column.name, scaled, as_of)
