"""What each account paid quarter by quarter, and how that differed from what was announced.

A row holds only what was known before its day, so whatever reads rows up to an origin cannot see
past it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from features.errors import DataError
from models.retention import Retention, retained

QUARTER = timedelta(days=91)
QUARTERS = 4
AHEAD = ("arr_in_91d", "arr_in_182d", "arr_in_273d", "arr_in_364d")
NEEDED = ("account_id", "as_of", "started_on", "arr", *AHEAD, "renewal_days", "term_days")
KEPT, DUE, OPEN = range(BINDINGS := 3)
"""Whether a term binds the account over the quarter, ends in it, or there is none."""
MONTHLY_DAYS = 45
"""A term up to so long binds nobody for a quarter."""
TENURES = (182, 364, 728)
"""Days since the first start at which one band of tenure becomes the next."""


@dataclass(frozen=True)
class Panel:
    """Accounts by quarter; ``frame`` holds the columns ``NEEDED``, ``as_of`` as ``date``."""

    frame: pd.DataFrame

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Panel:
        """Return the accounts that pay, by date.

        Raises
        ------
        DataError
            When a column is missing, or the dates are not 91 days apart.
        """
        lacking = [name for name in NEEDED if name not in frame]
        if lacking:
            raise DataError(f"the panel lacks {', '.join(lacking)}; build it anew")
        rows = frame.loc[frame["arr"] > 0, list(NEEDED)]
        panel = cls(rows.sort_values(["as_of", "account_id"]).reset_index(drop=True))
        days = panel.dates
        odd = [str(b) for a, b in pairwise(days) if b - a != QUARTER]
        if odd:
            raise DataError(f"the panel's dates {', '.join(odd)} are not 91 days after another")
        return panel

    @property
    def dates(self) -> list[date]:
        """The dates, oldest first."""
        return sorted(self.frame["as_of"].unique())

    def until(self, origin: date) -> Panel:
        """Return what was there to see at ``origin``."""
        return Panel(self.frame[self.frame["as_of"] <= origin])

    def at(self, origin: date) -> pd.DataFrame:
        """Return the accounts that pay at ``origin``."""
        rows: pd.DataFrame = self.frame[self.frame["as_of"] == origin]
        return rows

    def came(self, origin: date, quarters: int = QUARTERS) -> np.ndarray:
        """Return what each account of ``origin`` pays ``quarters`` later, 0 for those gone."""
        later = self.at(origin + quarters * QUARTER).set_index("account_id")["arr"]
        found: np.ndarray = later.reindex(self.at(origin)["account_id"]).fillna(0).to_numpy(float)
        return found

    def realised(self, origin: date) -> Retention | None:
        """Return what became of the accounts of ``origin`` in a year, if that has passed."""
        rows = self.at(origin)
        if rows.empty or origin + QUARTERS * QUARTER not in set(self.dates):
            return None
        signed = rows[AHEAD[-1]].to_numpy(float)
        return retained(rows["arr"].to_numpy(float), signed, self.came(origin)[None, :])

    def transitions(self) -> pd.DataFrame:
        """Return each account's step from a quarter to the next.

        Columns: ``as_of``; ``announced``, the ARR it was to have by then (as before, where all was
        to end); ``ratio``, what it had to that; ``ending``, whether all was to end; ``binding``
        and ``tenure``, as ``binding`` and ``tenures`` say.
        """
        dates = self.dates
        parts = [self._steps(day) for day in dates[:-1]]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def _steps(self, day: date) -> pd.DataFrame:
        rows = self.at(day)
        signed, arr = rows[AHEAD[0]].to_numpy(float), rows["arr"].to_numpy(float)
        announced = np.where(signed > 0, signed, arr)
        return pd.DataFrame(
            {
                "as_of": day,
                "announced": announced,
                "ratio": self.came(day, 1) / announced,
                "ending": signed <= 0,
                "binding": binding(rows, 0),
                "tenure": tenures(rows, 0),
                "ramp": ramps(rows, 1),
            }
        )


def binding(rows: pd.DataFrame, quarter: int) -> np.ndarray:
    """Return what a term does to each account, ``quarter`` quarters ahead: one of the three.

    A term that ends is taken to be followed by another as long.
    """
    term = rows["term_days"].to_numpy(float)
    left = rows["renewal_days"].to_numpy(float) - QUARTER.days * quarter
    free = np.isnan(left) | ~(term > MONTHLY_DAYS)
    again = np.where(left < 0, np.mod(left, np.where(free, 1.0, term)), left)
    return np.where(free, OPEN, np.where(again < QUARTER.days, DUE, KEPT))


def tenures(rows: pd.DataFrame, quarter: int) -> np.ndarray:
    """Return the band of tenure of each account, ``quarter`` quarters ahead."""
    days = pd.to_datetime(rows["as_of"]) - pd.to_datetime(rows["started_on"])
    return np.digitize(days.dt.days.to_numpy(float) + QUARTER.days * quarter, TENURES)


def ramps(rows: pd.DataFrame, quarter: int) -> np.ndarray:
    """Say which accounts have more signed to come after ``quarter`` quarters than by then."""
    then, last = rows[AHEAD[quarter - 1]], rows[AHEAD[-1]]
    return (last > 1.001 * then).to_numpy()


def contracted(rows: pd.DataFrame) -> np.ndarray:
    """Return the announced ARR of each account, today and after each quarter, (accounts, 5)."""
    return rows[["arr", *AHEAD]].to_numpy(float)


def quarters_of(transitions: pd.DataFrame) -> Sequence[date]:
    """Return the quarters that steps were taken in, oldest first."""
    return sorted(transitions["as_of"].unique()) if len(transitions) else []
