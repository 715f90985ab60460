"""What each account paid quarter by quarter, and how that differed from what was announced.

A row holds only what was known before its day, so whatever reads quarters that were over at an
origin cannot see past it. What an account came to pay by a day is read once the grace days after it
were over, where they lay before the origin: until then, who pauses looks like who has left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from features.errors import DataError
from models.forecast.retention import Retention, retained

QUARTER = timedelta(days=91)
QUARTERS = 4
YEAR = QUARTERS * QUARTER
"""364 days, so that years and quarters begin on the same day of the week."""
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
    """Accounts by quarter; ``frame`` holds the columns ``NEEDED``, ``as_of`` as ``date``.

    ``settled`` (``account_id``, ``as_of``, ``arr``) is what accounts paid on days of the panel as
    it was known ``wait`` after each: of the days from which so much time has passed, and no other.
    """

    frame: pd.DataFrame
    settled: pd.DataFrame
    wait: timedelta

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        settled: pd.DataFrame | None = None,
        wait: timedelta = timedelta(0),
    ) -> Panel:
        """Return the accounts that pay, by date; without ``settled``, as known on each day.

        Raises
        ------
        DataError
            When a column is missing, or dates are not a number of quarters apart.
        """
        lacking = [name for name in NEEDED if name not in frame]
        if lacking:
            raise DataError(f"the panel lacks {', '.join(lacking)}; build it anew")
        rows = frame.loc[frame["arr"] > 0, list(NEEDED)]
        if settled is None:
            settled = pd.DataFrame({"account_id": [], "as_of": [], "arr": []})
        panel = cls(rows.sort_values(["as_of", "account_id"]).reset_index(drop=True), settled, wait)
        odd = sorted(set(panel._rows) - set(panel.dates))
        if odd:
            raise DataError(
                f"the panel's dates {', '.join(map(str, odd))} are not {QUARTER.days} days after "
                f"another from {panel.dates[0]} on"
            )
        return panel

    @cached_property
    def dates(self) -> list[date]:
        """Every quarter's day from the first to the last on which anybody pays."""
        days = list(self._rows)
        count = (days[-1] - days[0]) // QUARTER + 1 if days else 0
        return [days[0] + number * QUARTER for number in range(count)]

    @cached_property
    def _rows(self) -> dict[date, pd.DataFrame]:
        return _by_date(self.frame)

    def at(self, origin: date) -> pd.DataFrame:
        """Return the accounts that pay at ``origin``."""
        return self._rows.get(origin, self.frame.iloc[:0])

    def came(self, origin: date, quarters: int, read_on: date = date.max) -> np.ndarray:
        """Return what each account of ``origin`` pays ``quarters`` later, 0 for those gone.

        As it was known before ``read_on``.
        """
        day = origin + quarters * QUARTER
        is_settled = day in self._settled and day <= read_on - self.wait
        rows = self._settled[day] if is_settled else self.at(day)
        later = rows.set_index("account_id")["arr"]
        arr: np.ndarray = later.reindex(self.at(origin)["account_id"]).fillna(0).to_numpy(float)
        return arr

    @cached_property
    def _settled(self) -> dict[date, pd.DataFrame]:
        return _by_date(self.settled)

    def realised(self, origin: date, read_on: date = date.max) -> Retention | None:
        """Return what became of the accounts of ``origin`` in a year, if that has passed.

        As it was known before ``read_on``.
        """
        rows = self.at(origin)
        if rows.empty or origin + YEAR > self.dates[-1]:
            return None
        signed, came = rows[AHEAD[-1]].to_numpy(float), self.came(origin, QUARTERS, read_on)
        return retained(rows["arr"].to_numpy(float), signed, came[None, :])

    def quarters(self, origin: date) -> list[date]:
        """Return the first days of the quarters with accounts that were over at ``origin``."""
        return [day for day in self._rows if day + QUARTER <= origin]

    def transitions(self, quarters: Sequence[date], origin: date) -> pd.DataFrame:
        """Return each account's step from the first day of ``quarters`` to the next quarter's.

        As it was known before ``origin``.

        Columns: ``as_of``; ``announced``, the ARR it was to have by then (as before, where all was
        to end); ``ratio``, what it had to that; ``ending``, whether all was to end; ``binding``,
        ``tenure`` and ``ramp``, as the functions of these names say.
        """
        steps = [
            self._settled_steps[day]
            if day + QUARTER <= origin - self.wait
            else self._stepped(day, origin)
            for day in quarters
        ]
        return pd.concat(steps, ignore_index=True)

    @cached_property
    def _settled_steps(self) -> dict[date, pd.DataFrame]:
        return {day: self._stepped(day, date.max) for day in self.dates[:-1]}

    def _stepped(self, day: date, read_on: date) -> pd.DataFrame:
        rows = self.at(day)
        signed, arr = rows[AHEAD[0]].to_numpy(float), rows["arr"].to_numpy(float)
        announced = np.where(signed > 0, signed, arr)
        return pd.DataFrame(
            {
                "as_of": day,
                "announced": announced,
                "ratio": self.came(day, 1, read_on) / announced,
                "ending": signed <= 0,
                "binding": binding(rows, 0),
                "tenure": tenures(rows, 0),
                "ramp": ramps(rows, 1),
            }
        )


def _by_date(rows: pd.DataFrame) -> dict[date, pd.DataFrame]:
    by_date = rows.groupby("as_of")
    return {day: by_date.get_group(day) for day in sorted(rows["as_of"].unique())}


def binding(rows: pd.DataFrame, quarter: int) -> np.ndarray:
    """Return what a term does to each account, ``quarter`` quarters ahead: one of the three.

    A term that ends is taken to be followed by another as long.
    """
    term = rows["term_days"].to_numpy(float)
    days_left = rows["renewal_days"].to_numpy(float) - QUARTER.days * quarter
    free = np.isnan(days_left) | ~(term > MONTHLY_DAYS)
    again = np.where(days_left < 0, np.mod(days_left, np.where(free, 1.0, term)), days_left)
    return np.where(free, OPEN, np.where(again < QUARTER.days, DUE, KEPT))


def tenures(rows: pd.DataFrame, quarter: int) -> np.ndarray:
    """Return the band of tenure of each account, ``quarter`` quarters ahead."""
    days = pd.to_datetime(rows["as_of"]) - pd.to_datetime(rows["started_on"])
    return np.digitize(days.dt.days.to_numpy(float) + QUARTER.days * quarter, TENURES)


def ramps(rows: pd.DataFrame, quarter: int) -> np.ndarray:
    """Say which accounts have more signed to come after ``quarter`` quarters than by then."""
    then, last = rows[AHEAD[quarter - 1]], rows[AHEAD[-1]]
    return (last > 1.001 * then).to_numpy()
