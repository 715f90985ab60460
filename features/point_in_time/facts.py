"""The only point-in-time join: what was known about which account before which day.

A fact has two times, when it happened and when it was known. A row is visible at ``as_of`` when
both lie before it; a value with a date of its own (``known_by``) is null until that date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import ibis

from features.contract import TABLES, Table
from features.declaration.derived_columns import Derived, stages
from features.declaration.feature import Feature, FeatureColumn, FeatureGroup, Rows
from features.point_in_time.calendar import Calendar
from features.point_in_time.sql_dialects import number

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
    seen = _masked(joined.filter(_was_known(joined)), TABLES["subscriptions"])
    accounts = seen.group_by(KEYS).aggregate(
        started_on=seen.starts_on.min(), running=running(seen).any()
    )
    return accounts.filter(accounts.running).drop("running")


def running(lines: ir.Table) -> ir.BooleanValue:
    """Say which visible lines run on the day ``as_of``."""
    ended = lines.ended_on.notnull() & (lines.ended_on <= lines.as_of)
    return (lines.starts_on < lines.as_of) & ~ended


@dataclass(frozen=True)
class Summary:
    """The columns drawn from one set of rows in one window, a row an account with any."""

    table: ir.Table
    columns: tuple[FeatureColumn, ...]


def compute(groups: Sequence[FeatureGroup], facts: Facts) -> ir.Table:
    """Return the spine with every column of ``groups``; numbers as float64, names as string.

    A column whose source table the company does not have is null throughout.
    """
    features = [feature for group in groups for feature in group.features]
    summaries = [
        one for rows in _distinct_rows(features) for one in _summaries(rows, features, facts)
    ]
    wide = _joined(facts.spine, summaries)
    missing = {c.name: _null(c) for f in features if _lacks(f, facts) for c in f.columns}
    wide = wide.mutate(**missing)
    for stage in stages(groups):
        wide = wide.mutate(**{one.column.name: _combined(wide, one, facts) for one in stage})
    return wide.select(*KEYS, *[c.name for f in features for c in f.columns])


def _combined(wide: ir.Table, one: Derived, facts: Facts) -> ir.Value:
    """Combine columns; null where the company lacks a table that they are drawn from."""
    if not all(facts.has(source) for source in one.sources):
        return _null(one.column)
    value = _typed(one.feature.value(wide, one.column), one.column)
    return value if one.column.absent is None else value.fill_null(one.column.absent)


def _distinct_rows(features: Sequence[Feature]) -> list[Rows]:
    return list(dict.fromkeys(f.rows for f in features if f.rows is not None))


def _lacks(feature: Feature, facts: Facts) -> bool:
    """Say whether the company lacks a table that the feature is drawn from."""
    return feature.rows is not None and not all(facts.has(s) for s in feature.rows.sources)


def _summaries(rows: Rows, features: Sequence[Feature], facts: Facts) -> Iterator[Summary]:
    """Summarise ``rows`` once for each window or day that their features ask for."""
    mine = [f for f in features if f.rows is rows and not _lacks(f, facts)]
    table = rows.build(facts) if mine else None
    for (window, by_day), pairs in _variants(mine):
        chosen = _chosen(table, window, by_day)
        values: dict[str, Any] = {c.name: _typed(f.value(chosen, c), c) for f, c in pairs}
        summed = chosen.group_by(KEYS).aggregate(**values)
        yield Summary(summed, tuple(c for _, c in pairs))


def _variants(
    features: Sequence[Feature],
) -> Iterator[tuple[tuple[int, int], list[tuple[Feature, FeatureColumn]]]]:
    """Group columns by the rows they see, so that each window is aggregated once."""

    def key(pair: tuple[Feature, FeatureColumn]) -> tuple[int, int]:
        return pair[1].window_days or 0, pair[1].by_day or 0

    pairs = sorted(((f, c) for f in features for c in f.columns), key=key)
    for variant, members in groupby(pairs, key):
        yield variant, list(members)


def _chosen(table: ir.Table, window: int, by_day: int) -> ir.Table:
    if window and "ago" in table.columns:
        return table.filter(table.ago <= window)
    if window:
        return table.filter(table.as_of.delta(table.day, unit="day") <= window)
    if by_day:
        return table.filter(table.days_since_start < by_day)
    return table


def _joined(wide: ir.Table, summaries: Sequence[Summary]) -> ir.Table:
    """Left join all summaries to the spine; each column says what an account without rows gets."""
    values: dict[str, Any] = {}
    chain = wide
    for place, one in enumerate(summaries):
        names = {f"account_id_{place}": "account_id", f"as_of_{place}": "as_of"}
        keyed = one.table.rename(names)
        matches = [("account_id", f"account_id_{place}"), ("as_of", f"as_of_{place}")]
        chain = chain.left_join(keyed, matches)
        values |= {c.name: partial(_filled, c, f"account_id_{place}") for c in one.columns}
    return chain.select(*wide.columns, **{name: fill(chain) for name, fill in values.items()})


def _filled(column: FeatureColumn, found: str, joined: ir.Table) -> ir.Value:
    """Give what is declared to an account without rows, and null while a day is still open."""
    value = joined[column.name]
    if column.absent is not None:
        absent = ibis.literal(column.absent, type="float64")
        value = ibis.ifelse(joined[found].isnull(), absent, value)
    if column.by_day:
        reached = joined.as_of.delta(joined.started_on, unit="day") >= column.by_day
        value = ibis.ifelse(reached, value, ibis.null())
    return value


def _typed(value: ir.Value, column: FeatureColumn) -> ir.Value:
    return value.cast("string") if column.unit == "category" else number(value)


def _null(column: FeatureColumn) -> ir.Value:
    return ibis.null("string" if column.unit == "category" else "float64")
