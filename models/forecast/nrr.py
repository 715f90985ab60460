"""NRR and GRR of today's base in twelve months, from many simulated futures of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from features.errors import DataError
from models.forecast.quarterly_panel import YEAR, Panel
from models.forecast.retention import PARTS, band
from models.forecast.simulation import Base, imagined, learned

FUTURES = 1000
FEWEST_QUARTERS = 4
"""A year of history: with less, intervals held what came half as often as they said."""
MOST_QUARTERS = 20
"""Quarters longer ago than that tell of another company."""


@dataclass(frozen=True)
class Spread:
    """A figure in the middle futures, and the ends of its 80 and 95 % intervals over all."""

    value: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float

    @classmethod
    def of(cls, futures: np.ndarray, middle: np.ndarray) -> Spread:
        """Return the spread of a figure, (futures,); its value is the mean over ``middle``."""
        low_95, low_80, high_80, high_95 = np.quantile(futures, [0.025, 0.1, 0.9, 0.975])
        ends = [float(end) for end in (low_80, high_80, low_95, high_95)]
        return cls(float(futures[middle].mean()), *ends)


@dataclass(frozen=True)
class Forecast:
    """What becomes of today's base; shares of its ARR today, ``arr`` (currency a year).

    The values are means over the middle half of the futures by NRR, so ``parts`` add up to
    ``nrr.value - 1``. ``arr_won`` is paid by accounts that did not pay a year before,
    ``nrr_last_year`` and ``grr_last_year`` that year's retention; null in the first year.
    ``quarters`` are those learned from; ``shock`` is the size of a quarter's common shock, in
    log-odds.
    """

    origin: date
    accounts: int
    arr: float
    arr_won: float
    nrr: Spread
    grr: Spread
    parts: Mapping[str, Spread]
    band: str
    nrr_last_year: float | None
    grr_last_year: float | None
    quarters: int
    shock: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return the forecast as JSON-able values."""
        return {**asdict(self), "origin": str(self.origin)}


def forecast(panel: Panel, origin: date, *, seed: int, futures: int = FUTURES) -> Forecast:
    """Forecast the retention of the accounts that pay at ``origin``, over the 364 days from it.

    Parameters
    ----------
    panel
        The accounts by quarter; what came after ``origin`` is not looked at.
    origin
        One of the panel's dates.
    seed
        Same panel and seed, same forecast.
    futures
        How many futures are drawn.

    Raises
    ------
    DataError
        When nobody pays at ``origin``, or the quarters before it tell nothing.
    """
    rows, quarters = panel.at(origin), panel.quarters(origin)[-MOST_QUARTERS:]
    _refuse(rows, quarters, origin)
    history = learned(panel.transitions(quarters, origin))
    futures_imagined = imagined(Base.of(rows), history, np.random.default_rng(seed), futures)
    middle, before = _middle(futures_imagined.nrr), panel.realised(origin - YEAR, read_on=origin)
    nrr = Spread.of(futures_imagined.nrr, middle)
    return Forecast(
        origin=origin,
        accounts=len(rows),
        arr=float(rows["arr"].sum()),
        arr_won=float(rows.loc[_won(panel, origin), "arr"].sum()),
        nrr=nrr,
        grr=Spread.of(futures_imagined.grr, middle),
        parts={name: Spread.of(futures_imagined.parts[name], middle) for name in PARTS},
        band=band(nrr.value),
        nrr_last_year=None if before is None else float(before.nrr[0]),
        grr_last_year=None if before is None else float(before.grr[0]),
        quarters=len(quarters),
        shock=history.common.size,
    )


def _middle(nrr: np.ndarray) -> np.ndarray:
    """Return which futures have a middling NRR: half of them, a quarter beyond on either side.

    In a few futures a few accounts grow beyond all measure, and the mean of all follows them. The
    mean of the middle half does not, and parts of the same futures still add up.
    """
    order = np.argsort(nrr, kind="stable")
    quarter = len(nrr) // 4
    middle: np.ndarray = order[quarter : len(nrr) - quarter]
    return middle


def _won(panel: Panel, origin: date) -> pd.Series:
    """Say which accounts of ``origin`` did not pay a year before: new, back, or free until then.

    Where the panel begins later than that, those that started since.
    """
    rows, before = panel.at(origin), origin - YEAR
    if before < panel.dates[0]:
        return rows["started_on"] >= before
    return ~rows["account_id"].isin(panel.at(before)["account_id"])


def _refuse(rows: pd.DataFrame, quarters: Sequence[date], origin: date) -> None:
    problems = []
    if rows.empty:
        problems.append(f"no account pays on {origin}; there is no base to forecast")
    if len(quarters) < FEWEST_QUARTERS:
        problems.append(
            f"{len(quarters)} full quarters of subscriptions lie before {origin}; a forecast needs "
            f"{FEWEST_QUARTERS}: read older subscriptions in, or wait"
        )
    if problems:
        raise DataError(problems)
