"""Forecasts in the score store, for the API and the report: the newest one and those before it.

Each kind has a table of its own, so that a store written before there were any stays readable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    delete,
    insert,
    select,
)

from models.store import erased_ids
from models.store.database import Database

metadata = MetaData()
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


class ForecastStore:
    """Reads and writes forecasts at the score store's URL.

    Raises
    ------
    UsageError
        When the URL names neither SQLite nor PostgreSQL.
    EnvironmentFailure
        From every method, when the database cannot be reached or says no.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def write(self, forecast: StoredForecast, seats: Iterable[SeatForecast] = ()) -> None:
        """Write a forecast in one step, in place of one of the same day from the same data.

        Of the ``seats`` by account only the newest are kept; the document holds what is told of
        them later. An account that was erased meanwhile is left out.

        Raises
        ------
        DataError
            When a figure of its document is not a number.
        """
        with self._database.writing() as connection:
            metadata.create_all(connection)
            same = (
                forecasts.c.as_of == forecast.as_of,
                forecasts.c.data_fingerprint == forecast.data_fingerprint,
            )
            connection.execute(delete(forecasts).where(*same))
            connection.execute(insert(forecasts), [vars(forecast)])
            connection.execute(delete(seat_forecasts))
            day = {name: getattr(forecast, name) for name in ("as_of", "data_fingerprint")}
            remaining = iter(erased_ids.without(connection, seats))
            while batch := [day | vars(one) for one in islice(remaining, BATCH)]:
                connection.execute(insert(seat_forecasts), batch)

    def newest(self) -> StoredForecast | None:
        """Return the forecast of the newest day, or ``None`` when none has been made yet."""
        order = (forecasts.c.as_of.desc(), forecasts.c.created_at.desc())
        found = self._read(select(forecasts).order_by(*order).limit(1))
        return found[0] if found else None

    def history(self) -> list[StoredForecast]:
        """Return one forecast for each day, the one made last, the oldest day first."""
        made = self._read(select(forecasts).order_by(forecasts.c.as_of, forecasts.c.created_at))
        return list({one.as_of: one for one in made}.values())

    def seats(self, account_id: str) -> SeatsAhead | None:
        """Return the newest seat demand of an account, or ``None`` when there is none."""
        query = (
            select(seat_forecasts)
            .where(seat_forecasts.c.account_id == account_id)
            .order_by(seat_forecasts.c.days)
        )
        names = [one.name for one in fields(SeatForecast)]
        with self._database.reading() as connection:
            if not connection.dialect.has_table(connection, seat_forecasts.name):
                return None
            rows = [row._mapping for row in connection.execute(query)]
        told = tuple(SeatForecast(**{name: row[name] for name in names}) for row in rows)
        return SeatsAhead(rows[0]["as_of"], told) if rows else None

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def _read(self, query: Select[Any]) -> list[StoredForecast]:
        with self._database.reading() as connection:
            if not connection.dialect.has_table(connection, forecasts.name):
                return []
            return [StoredForecast(**row._mapping) for row in connection.execute(query)]
