"""How many seats an account will license in six and twelve months, if it stays, with an interval.

Where an account wants to be in a year is what a bundle is built around. The outcome is read from
later rows of the same feature table; the model has to be clearly nearer than 'as today, plus what
is signed', or that is what is said.

How good it is, is measured on dates later than any outcome that the fit has seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from features.errors import DataError
from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import specify
from models.dataset.time_split import parted
from models.statistics.interval import Interval
from models.training.boosting import Params
from models.training.quantiles import (
    BoostedQuantiles,
    NoChange,
    QuantileModel,
    coverage,
    parts,
    pinball_gain,
    share,
)

SEATS, SIGNED = "seats_licensed", "seats_contracted_ahead"
DAYS = (182, 364)
MEASURED = ("covered", "nearer", "summed")
MODEL, AS_TODAY = "model", "as today"
FEWEST_ACCOUNTS = 50
"""Fewer accounts than this in any part tell nothing of an interval."""


@dataclass(frozen=True)
class SeatDemand:
    """The demand ``days`` ahead by account, how it was found, and how good that was later.

    ``covered`` is the share of later outcomes that the intervals held (0.8 is meant), ``nearer`` by
    what share the model's pinball loss is below that of 'as today', and ``summed`` the sum of the
    middles as a share of the seats that came. ``accounts`` has a row an account: ``account_id``,
    ``seats`` today, and ``low``, ``middle`` and ``high`` in seats.
    """

    days: int
    method: str
    rows: int
    covered: Interval
    nearer: Interval
    summed: Interval
    accounts: pd.DataFrame

    @property
    def totals(self) -> dict[str, float]:
        """The seats of all accounts: ``today``, and ``middle``, the sum of their middles."""
        sums = self.accounts[["seats", "middle"]].sum()
        return {"today": float(sums["seats"]), "middle": float(sums["middle"])}

    def as_dict(self) -> dict[str, Any]:
        """Return all but the accounts as JSON-able values."""
        described = {name: getattr(self, name) for name in ("days", "method", "rows", "totals")}
        return described | {name: asdict(getattr(self, name)) for name in MEASURED}


def seat_demand(table: FeatureTable, days: int, params: Params) -> SeatDemand:
    """Return the seats that each account of the newest date will license in ``days``.

    Parameters
    ----------
    table
        The feature table; it is left as it is.
    days
        How far ahead; between two dates of the table the outcome is interpolated.
    params
        Seed and threads; the same table and parameters give the same demand.

    Raises
    ------
    DataError
        When nobody licenses seats, or the history is too short to fit and to measure.
    """
    if SEATS not in table.inputs or not (table.newest()[SEATS] > 0).any():
        raise DataError(
            "no account licenses seats, so there is no demand for them to forecast: no product "
            "held is priced by seats"
        )
    matured = with_outcome(table.frame, days, _step(table))
    train, test = parted(sorted(matured["as_of"].unique()), _reach(days, _step(table)))
    rows = matured[matured["as_of"].isin(train)]
    unseen = matured[matured["as_of"].isin(test)].reset_index(drop=True)
    _refuse_few(rows, unseen, days)
    quick = replace(params, learning_rate=0.06, max_trees=200, patience=20, monotone=False)
    features = specify(table, rows)
    tried: dict[str, QuantileModel] = {
        MODEL: BoostedQuantiles.fit(rows, features, quick),
        AS_TODAY: NoChange.fit(rows),
    }
    ends = {name: _ends(quantiles, unseen) for name, quantiles in tried.items()}
    gain = pinball_gain(ends[AS_TODAY], ends[MODEL], unseen)
    method = MODEL if gain.low > 0 else AS_TODAY
    accounts = _in_seats(tried[method].refit(matured), table.newest(), days)
    held, summed = coverage(ends[method], unseen), _summed(ends[method], unseen)
    return SeatDemand(days, method, len(unseen), held, gain, summed, accounts)


def with_outcome(frame: pd.DataFrame, days: int, step: int) -> pd.DataFrame:
    """Return the rows whose seats ``days`` later are known, with ``signed`` and ``ratio``.

    ``signed`` is what the account has today and is contracted to have by then, as far as a column
    tells; ``ratio`` the logarithm of its seats then to that. Who is gone by then, or was to have
    none by contract, is left out: no ratio leads on from nothing.
    """
    seats = frame.set_index(["account_id", "as_of"])[SEATS]
    before, after = (timedelta(days=step * number) for number in _around(days, step))
    share = (timedelta(days=days) - before) / (after - before) if after > before else 0.0
    then = (1 - share) * _at(seats, frame, before) + share * _at(seats, frame, after)
    signed = _signed(frame, days)
    is_customer = (then > 0) & (frame[SEATS].to_numpy(float) > 0) & (signed > 0)
    rows = frame[is_customer].copy()
    rows["signed"], rows["ratio"] = (
        signed[is_customer],
        np.log(then[is_customer] / signed[is_customer]),
    )
    return rows.reset_index(drop=True)


def _signed(frame: pd.DataFrame, days: int) -> np.ndarray:
    """Return the seats of today with what is contracted for the year, signed or known to end.

    Only a year ahead is it sure; 0 where all are known to end.
    """
    seats: np.ndarray = frame[SEATS].to_numpy(float)
    if days < max(DAYS) or SIGNED not in frame:
        return seats
    signed: np.ndarray = np.maximum(seats + np.nan_to_num(frame[SIGNED].to_numpy(float)), 0.0)
    return signed


def _at(seats: pd.Series, frame: pd.DataFrame, ahead: timedelta) -> np.ndarray:
    keys = pd.MultiIndex.from_arrays([frame["account_id"], [day + ahead for day in frame["as_of"]]])
    counts: np.ndarray = seats.reindex(keys).to_numpy(float)
    return counts


def _around(days: int, step: int) -> tuple[int, int]:
    """Return how many steps of the table's grid lie before ``days``, and how many reach it."""
    return days // step, -(-days // step)


def _reach(days: int, step: int) -> int:
    return _around(days, step)[1] * step


def _step(table: FeatureTable) -> int:
    return int(table.meta["every_days"])


def _refuse_few(rows: pd.DataFrame, unseen: pd.DataFrame, days: int) -> None:
    fewest = min(rows_of_part["account_id"].nunique() for rows_of_part in (*parts(rows), unseen))
    if fewest < FEWEST_ACCOUNTS:
        raise DataError(
            f"{fewest} accounts are left to measure the seats {days} days ahead on, "
            f"{FEWEST_ACCOUNTS} are needed; bring a longer history or more accounts"
        )


def _ends(way: QuantileModel, rows: pd.DataFrame) -> np.ndarray:
    """Return low, middle and high log ratios; of who has signed for more, none below that."""
    ends = way.ends(rows)
    if SIGNED not in rows:
        return ends
    ramp = rows[[SIGNED]].to_numpy(float) > 0
    floored: np.ndarray = np.where(ramp, np.maximum(ends, 0.0), ends)
    return floored


def _summed(ends: np.ndarray, rows: pd.DataFrame) -> Interval:
    """Return the sum of the middles as a share of the seats that came."""
    middle, then = (np.exp(ratio) * rows["signed"] for ratio in (ends[:, 1], rows["ratio"]))
    return share(middle.to_numpy(), then.to_numpy(), rows)


def _in_seats(way: QuantileModel, rows: pd.DataFrame, days: int) -> pd.DataFrame:
    rows = rows[rows[SEATS] > 0]
    ends = np.exp(_ends(way, rows)) * _signed(rows, days)[:, None]
    low, middle, high = np.rint(np.maximum(ends, 0)).T
    seats: Mapping[str, Any] = {"low": low, "middle": middle, "high": high}
    names = rows["account_id"].to_numpy()
    return pd.DataFrame({"account_id": names, "seats": rows[SEATS].to_numpy(float), **seats})
