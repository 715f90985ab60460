"""The only point-in-time join: what was known about which account before which day.

A fact has two times, when it happened and when it was known. A row is visible at ``as_of`` when
both lie before it; a value with a date of its own (``known_by``) is null until that date. What runs
on the day ``as_of`` is said by ``lines``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import ibis

from features.contract import TABLES, Table
from features.point_in_time.calendar import Calendar
from features.point_in_time.lines import GRACE_DAYS, contract_periods, pays, runs_on
from features.point_in_time.sql_dialects import cached

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
    grace_days
        How long a pause of a subscription may last without being a loss.
    lines
        The subscriptions as ``announced`` returns them, where they are computed already.
    """

    def __init__(
        self,
        tables: Mapping[str, ir.Table],
        spine: ir.Table,
        as_ofs: Sequence[date],
        grace_days: int = GRACE_DAYS,
        lines: ir.Table | None = None,
    ) -> None:
        self.tables = _without_zeros(tables)
        self.spine = spine
        self.calendar = Calendar(tuple(sorted(as_ofs)))
        self.grace_days = grace_days
        self._lines = self._announced_lines() if lines is None else lines

    @classmethod
    def at(
        cls, tables: Mapping[str, ir.Table], as_ofs: Sequence[date], grace_days: int = GRACE_DAYS
    ) -> Facts:
        """Return the facts of the accounts that pay on each of ``as_ofs``."""
        return cls(tables, spine(tables, as_ofs, grace_days), as_ofs, grace_days)

    @classmethod
    def computed(
        cls, tables: Mapping[str, ir.Table], as_ofs: Sequence[date], grace_days: int = GRACE_DAYS
    ) -> Facts:
        """Return the facts as ``at`` does, with spine and subscriptions computed once for all."""
        facts = cls(tables, cached(spine(tables, as_ofs, grace_days)), as_ofs, grace_days)
        lines = cached(facts.announced("subscriptions"))
        return cls(tables, facts.spine, as_ofs, grace_days, lines)

    def has(self, name: str) -> bool:
        """Say whether the company has the optional table ``name``."""
        return name in self.tables

    def rows(self, name: str) -> ir.Table:
        """Return the rows of ``name`` that happened and were known before each ``as_of``.

        Of subscriptions those too that start on it: a period runs on its first day, and has
        not to be over to count. ``announced`` says how subscriptions are read.

        Columns: ``as_of``, ``started_on`` and the table's own.
        """
        joined = self._known(name)
        day = joined[TABLES[name].happened]
        return joined.filter(day <= joined.as_of if name == "subscriptions" else day < joined.as_of)

    def announced(self, name: str) -> ir.Table:
        """Return the rows known before each ``as_of``, those that happen later included.

        For what is signed and starts later (ramps); never for what a feature calls past.
        Subscriptions come as ``contract_periods``: replaced periods ended, pauses closed that are
        known to be over within the grace days, free periods among them.
        """
        return self._known(name)

    def paid_lines(self) -> ir.Table:
        """Return the paid subscription periods known before each ``as_of``, later ones included."""
        lines = self.announced("subscriptions")
        return lines.filter(pays(lines))

    def latest(self, name: str, *key: str) -> ir.Table:
        """Return, of the rows visible at each ``as_of``, the newest one for each ``key``.

        Of those that happened and were known at the same time, the last by the table's key.
        """
        rows, table = self.rows(name), TABLES[name]
        newest = [rows[column].desc() for column in ("known_at", table.happened, *table.key)]
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
        if name == "subscriptions":
            return self._lines
        joined = self.spine.join(self.tables[name], "account_id")
        return _masked(joined.filter(_was_known(joined)), TABLES[name])

    def _announced_lines(self) -> ir.Table:
        joined = self.spine.join(self.tables["subscriptions"], "account_id")
        visible = _masked(joined.filter(_was_known(joined)), TABLES["subscriptions"])
        return contract_periods(visible, self.spine.columns, self.grace_days)


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


def spine(
    tables: Mapping[str, ir.Table], as_ofs: Sequence[date], grace_days: int = GRACE_DAYS
) -> ir.Table:
    """Return one row for each account that pays on each ``as_of``, by what was known before it.

    One of its paid lines runs on the day ``as_of``: started on it or before, and not known to have
    ended, or known to go on within ``grace_days``. Columns: ``account_id``, ``as_of``,
    ``started_on`` (first known start, of a free line too).
    """
    dates = ibis.memtable([(a,) for a in as_ofs], schema={"as_of": "date"})
    joined = tables["subscriptions"].cross_join(dates)
    visible = _masked(joined.filter(_was_known(joined)), TABLES["subscriptions"])
    lines = contract_periods(visible, KEYS, grace_days)
    begun = lines.filter(lines.starts_on <= lines.as_of)
    accounts = begun.group_by(KEYS).aggregate(
        started_on=begun.starts_on.min(), pays=(pays(begun) & runs_on(begun, begun.as_of)).any()
    )
    return accounts.filter(accounts.pays).drop("pays")
