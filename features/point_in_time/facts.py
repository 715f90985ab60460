"""The only point-in-time join: what was known about which account before which day.

A fact has two times, when it happened and when it was known. A row is visible at ``as_of`` when
both lie before it; a value with a date of its own (``known_by``) is null until that date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import ibis

from features.contract import TABLES, Table
from features.point_in_time.calendar import Calendar

if TYPE_CHECKING:
    import ibis.expr.types as ir

KEYS = ["account_id", "as_of"]


class Facts:
    """The source tables as they were known before each ``as_of`` of a spine.

    Parameters
    ----------
    tables
        The contract's tables by name; optional ones may be missing.
    spine
        One row an account and ``as_of``: ``account_id``, ``as_of``, ``started_on``.
    as_ofs
        The distinct ``as_of`` dates of the spine.
    """

    def __init__(
        self, tables: Mapping[str, ir.Table], spine: ir.Table, as_ofs: Sequence[date]
    ) -> None:
        self.tables = _without_zeros(tables)
        self.spine = spine
        self.calendar = Calendar(tuple(sorted(as_ofs)))

    def has(self, name: str) -> bool:
        """Say whether the company has the optional table ``name``."""
        return name in self.tables

    def rows(self, name: str) -> ir.Table:
        """Return the rows of ``name`` that happened and were known before each ``as_of``.

        Columns: ``as_of``, ``started_on`` and the table's own.
        """
        joined = self._known(name)
        return joined.filter(joined[TABLES[name].happened] < joined.as_of)

    def announced(self, name: str) -> ir.Table:
        """Return the rows known before each ``as_of``, those that happen later included.

        For what is signed and starts later (ramps); never for what a feature calls past.
        """
        return self._known(name)

    def latest(self, name: str, *key: str) -> ir.Table:
        """Return, of the rows visible at each ``as_of``, the newest one for each ``key``."""
        rows = self.rows(name)
        newest = (rows.known_at.desc(), rows[TABLES[name].happened].desc())
        order = ibis.row_number().over(group_by=["as_of", *key], order_by=newest)
        return rows.mutate(_order=order).filter(ibis._._order == 0).drop("_order")

    def dated(self, name: str, days: int | None = None) -> ir.Table:
        """Return the rows of a log, once each, with the first ``as_of`` that sees them (``seen``).

        With ``days``, only what lies in the last ``days`` of some ``as_of``, and the ``week`` it
        falls in. For logs, whose rows never change: sum up what is alike in ``seen``, and copy
        the sums to each ``as_of`` afterwards, which is far less than copying rows.
        """
        rows = self.tables[name].rename(day=TABLES[name].happened)
        if days:
            first, last = self.calendar.first_day(days), self.calendar.last_day
            rows = rows.filter(rows.day.between(ibis.literal(first), ibis.literal(last)))
            rows = rows.join(self.calendar.weeks(days), "day")
        earliest = ibis.literal(self.calendar.first_day(1))
        known_on = ibis.greatest(rows.day, rows.known_at.date(), earliest)
        return rows.mutate(known_on=known_on).join(self.calendar.sightings(), "known_on")

    def spread(self, sums: ir.Table, days: int) -> ir.Table:
        """Copy ``sums`` by ``week`` and ``seen`` to each ``as_of`` that sees them in ``days``.

        Adds ``as_of`` and ``ago``, the days from the week's end to it.
        """
        copies = sums.join(self.calendar.windows(days), "week")
        return copies.filter(copies.seen <= copies.as_of)

    def price_list(self) -> ir.Table:
        """Return the products launched and known before each ``as_of``, a row for each."""
        dates = ibis.memtable([(a,) for a in self.calendar.as_ofs], schema={"as_of": "date"})
        offers = dates.cross_join(self.tables["products"])
        return offers.filter(_was_known(offers) & (offers.launched_on < offers.as_of))

    def _known(self, name: str) -> ir.Table:
        joined = self.spine.join(self.tables[name], "account_id")
        return _masked(joined.filter(_was_known(joined)), TABLES[name])


def _without_zeros(tables: Mapping[str, ir.Table]) -> Mapping[str, ir.Table]:
    """Drop usage rows without an event, which some feeds write: nobody used anything there."""
    if "usage_daily" not in tables:
        return tables
    usage = tables["usage_daily"]
    return {**tables, "usage_daily": usage.filter(usage.events > 0)}


def _was_known(joined: ir.Table) -> ir.BooleanValue:
    return joined.known_at < joined.as_of.cast("timestamp")


def _masked(joined: ir.Table, table: Table) -> ir.Table:
    """Null every value whose own known date lies on or after ``as_of``."""
    dated = [c for c in table.columns if c.known_by and c.name in joined.columns]
    values = {
        c.name: ibis.ifelse(joined[c.known_by] < joined.as_of, joined[c.name], ibis.null())
        for c in dated
    }
    return joined.mutate(**values) if values else joined


def spine(tables: Mapping[str, ir.Table], as_ofs: Sequence[date]) -> ir.Table:
    """Return one row for each account with a running subscription known at each ``as_of``.

    Running on the day ``as_of`` by what was known before it: started before, no known end on or
    before it. Columns: ``account_id``, ``as_of``, ``started_on`` (first known start).
    """
    dates = ibis.memtable([(a,) for a in as_ofs], schema={"as_of": "date"})
    lines = tables["subscriptions"]
    joined = lines.join(dates, lines.starts_on < dates.as_of)
    visible = _masked(joined.filter(_was_known(joined)), TABLES["subscriptions"])
    accounts = visible.group_by(KEYS).aggregate(
        started_on=visible.starts_on.min(), running=running(visible).any()
    )
    return accounts.filter(accounts.running).drop("running")


def running(lines: ir.Table) -> ir.BooleanValue:
    """Say which visible lines run on the day ``as_of``."""
    ended = lines.ended_on.notnull() & (lines.ended_on <= lines.as_of)
    return (lines.starts_on < lines.as_of) & ~ended
