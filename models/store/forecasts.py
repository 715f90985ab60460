"""Forecasts in the score store, for the API and the report: the newest one and those before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Float,
    Integer,
    Select,
    String,
    Table,
    and_,
    delete,
    exists,
    insert,
    not_,
    or_,
    select,
)

from models.common.clock import latest_today
from models.store import erased_ids
from models.store.database import Store, metadata
from models.store.scores import scorings, valid

forecasts = Table(
    "forecasts",
    metadata,
    Column("as_of", Date, primary_key=True),
    Column("data_fingerprint", String(64), primary_key=True),
    Column("created_at", DateTime, nullable=False),
    Column("document", JSON, nullable=False),
)
seat_forecasts = Table(
    "seat_forecasts",
    metadata,
    Column("as_of", Date, primary_key=True),
    Column("data_fingerprint", String(64), primary_key=True),
    Column("account_id", String(200), primary_key=True),
    Column("days", Integer, primary_key=True),
    Column("seats", Float, nullable=False),
    Column("low", Float, nullable=False),
    Column("middle", Float, nullable=False),
    Column("high", Float, nullable=False),
)
BATCH = 2000


@dataclass(frozen=True)
class SeatForecast:
    """The seats of an account today and ``days`` ahead, if it stays.

    8 of 10 accounts come to lie between ``low`` and ``high``.
    """

    account_id: str
    days: int
    seats: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class SeatsAhead:
    """The seat demand of one account, the nearest day first, as seen from ``as_of``."""

    as_of: date
    forecasts: tuple[SeatForecast, ...]


@dataclass(frozen=True)
class StoredForecast:
    """A forecast of the base and the data that it comes from.

    ``created_at`` is UTC and naive; ``document`` is what ``forecast.json`` holds.
    """

    as_of: date
    data_fingerprint: str
    created_at: datetime
    document: dict[str, Any]


def _counts(forecast: Table) -> ColumnElement[bool]:
    """Return the condition of rows that count: not after today, and not withdrawn.

    A forecast goes with the scorings of its day and data: it is withdrawn once all of them are.
    """
    same = (
        scorings.c.as_of == forecast.c.as_of,
        scorings.c.data_fingerprint == forecast.c.data_fingerprint,
    )
    is_withdrawn = exists().where(*same, scorings.c.withdrawn_at.is_not(None))
    is_scored = exists().where(*same, valid())
    return and_(forecast.c.as_of <= latest_today(), or_(not_(is_withdrawn), is_scored))


class ForecastStore(Store):
    """Reads and writes forecasts at the score store's URL.

    One whose day lies after today, or whose scorings were withdrawn, is none to those who read.
    """

    def write(self, forecast: StoredForecast, seats: Iterable[SeatForecast] = ()) -> None:
        """Write a forecast in one step, in place of one of the same day from the same data.

        Of the ``seats`` by account only the newest stay; of earlier ones the document holds the
        sums. An account that was erased meanwhile is left out.

        Raises
        ------
        DataError
            When a figure of its document is not a number.
        """
        with self._database.writing() as connection:
            same = (
                forecasts.c.as_of == forecast.as_of,
                forecasts.c.data_fingerprint == forecast.data_fingerprint,
            )
            connection.execute(delete(forecasts).where(*same))
            connection.execute(insert(forecasts), [vars(forecast)])
            connection.execute(delete(seat_forecasts))
            day = {name: getattr(forecast, name) for name in ("as_of", "data_fingerprint")}
            remaining = iter(erased_ids.without(connection, seats))
            while batch := [day | vars(account) for account in islice(remaining, BATCH)]:
                connection.execute(insert(seat_forecasts), batch)

    def newest(self) -> StoredForecast | None:
        """Return the forecast of the newest day, or ``None`` when none has been made yet."""
        order = (forecasts.c.as_of.desc(), forecasts.c.created_at.desc())
        query = select(forecasts).where(_counts(forecasts)).order_by(*order)
        newest = self._read(query.limit(1))
        return newest[0] if newest else None

    def history(self) -> list[StoredForecast]:
        """Return one forecast for each day, the one made last, the oldest day first."""
        oldest_first = select(forecasts).where(_counts(forecasts))
        oldest_first = oldest_first.order_by(forecasts.c.as_of, forecasts.c.created_at)
        return list({forecast.as_of: forecast for forecast in self._read(oldest_first)}.values())

    def seats(self, account_id: str) -> SeatsAhead | None:
        """Return the newest seat demand of an account, or ``None`` when there is none."""
        query = (
            select(seat_forecasts)
            .where(seat_forecasts.c.account_id == account_id, _counts(seat_forecasts))
            .order_by(seat_forecasts.c.days)
        )
        names = [field.name for field in fields(SeatForecast)]
        with self._database.reading() as connection:
            if connection is None:
                return None
            rows = [row._mapping for row in connection.execute(query)]
        seats = tuple(SeatForecast(**{name: row[name] for name in names}) for row in rows)
        return SeatsAhead(rows[0]["as_of"], seats) if rows else None

    def _read(self, query: Select[Any]) -> list[StoredForecast]:
        with self._database.reading() as connection:
            if connection is None:
                return []
            return [StoredForecast(**row._mapping) for row in connection.execute(query)]
