"""The business summary: what a person from finance recognises the company by."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pipelines.ingest.summary import people, revenue
from pipelines.ingest.summary.checked_tables import CheckedTables
from pipelines.ingest.summary.people import Seats, Usage
from pipelines.ingest.summary.records import TableRecord, records
from pipelines.ingest.summary.revenue import DayRevenue, ProductPrices, YearRevenue


@dataclass(frozen=True)
class Summary:
    """The company in figures, on the last complete day and before.

    Amounts are in ``currency`` a year. ``months`` are ends of months, ``years`` calendar years,
    both with the newest last. ``usage`` is null at a company that records none.
    """

    currency: str
    today: DayRevenue
    months: list[DayRevenue]
    years: list[YearRevenue]
    prices: list[ProductPrices]
    seats: Seats
    usage: Usage | None
    records: list[TableRecord]

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as plain values."""
        return asdict(self)


def summarise(tables: CheckedTables) -> Summary:
    """Return the figures of a company's checked tables."""
    return Summary(
        currency=tables.settings.company.currency,
        today=revenue.revenue_on(tables, [tables.last_day])[0],
        months=revenue.months(tables),
        years=revenue.years(tables),
        prices=revenue.prices(tables),
        seats=people.seats(tables),
        usage=people.usage(tables),
        records=records(tables),
    )
