"""The seats that accounts will want in six and twelve months, beside the forecast of the base."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import DataError
from models.dataset import feature_table
from models.forecast.seat_demand import DAYS, SeatDemand, seat_demand
from models.store.forecasts import SeatForecast
from models.training.boosting import Params

if TYPE_CHECKING:
    import pandas as pd

TOP = 10


@dataclass(frozen=True)
class SeatsResult:
    """The demand by days ahead, and why there is none for others."""

    demands: tuple[SeatDemand, ...] = ()
    lacking: tuple[str, ...] = field(default=())

    def rows(self) -> Iterator[SeatForecast]:
        """Yield every account's demand, one for each of the days."""
        for demand in self.demands:
            for row in _records(demand.accounts):
                yield SeatForecast(days=demand.days, **row)

    def as_dict(self) -> dict[str, Any]:
        """Return how the demand was found, and the accounts that will want most, JSON-able."""
        demands = [{**demand.as_dict(), "top": top(demand)} for demand in self.demands]
        return {"demands": demands, "lacking": list(self.lacking)}


def top(demand: SeatDemand) -> list[dict[str, Any]]:
    """Return the accounts whose seats grow most, of those that are likelier to grow than not."""
    accounts = demand.accounts
    more = accounts["middle"] - accounts["seats"]
    order = accounts.assign(more=more)[more > 0].sort_values(
        ["more", "account_id"], ascending=[False, True], kind="stable"
    )
    return _records(order.drop(columns="more").head(TOP))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def forecast_seats(path: Path, fingerprint: str, params: Params) -> SeatsResult:
    """Return the seat demand by account; without what it needs, why there is none.

    ``path`` is the feature table's, which must be of the data with ``fingerprint``.
    """
    try:
        table = feature_table.read(path)
    except DataError as error:
        return SeatsResult(lacking=error.problems)
    if table.meta["fingerprint"] != fingerprint:
        return SeatsResult(
            lacking=(f"{path}: was built from other data; run `expansion build` first",)
        )
    demands, lacking = [], []
    for days in DAYS:
        try:
            demands.append(seat_demand(table, days, params))
        except DataError as error:
            lacking += [problem for problem in error.problems if problem not in lacking]
    return SeatsResult(tuple(demands), tuple(lacking))
