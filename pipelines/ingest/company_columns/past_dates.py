"""The past dates at which columns are judged: each table has rows that only came later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipelines.common.sql_quoting import literal, quoted
from pipelines.ingest.company_columns.past_tables import COMPLETE, Stream, streams

if TYPE_CHECKING:
    from pipelines.ingest.company_columns.past_tables import PastTables

MOST_DATES = 5
ENOUGH = 0.2
"""A date shows what a column reads of a table once such a share of its rows came later."""


def past_dates(tables: PastTables, data_through: date) -> list[date]:
    """Return a few days before ``data_through``, oldest first, that show any look ahead.

    Each is a busy day of some table, so that a row of the very day is there, too; together they
    leave a fifth of the rows of each table, and of each value that became known later, to come.
    """
    every = list(streams(tables.names))
    candidates = _candidates(tables, every, data_through)
    covered = {day: _shown(tables, every, day) for day in candidates}
    chosen: list[date] = []
    unseen: set[tuple[Stream, str]] = set().union(*covered.values())
    while unseen and len(chosen) < MOST_DATES:
        day = max(candidates, key=lambda other: (len(covered[other] & unseen), other))
        chosen.append(day)
        unseen -= covered[day]
    return sorted(chosen)


def _candidates(tables: PastTables, every: list[Stream], data_through: date) -> list[date]:
    """Return the busiest day of the middle of each stream on which some account pays."""
    days = {day for stream in every if (day := _busy_day(tables, stream, data_through))}
    # A load of everything on one day leaves nothing to come after it.
    days |= {day - timedelta(days=1) for day in days}
    return sorted(day for day in days if _pays_anybody(tables, day))


def _busy_day(tables: PastTables, stream: Stream, data_through: date) -> date | None:
    source = f"{COMPLETE}.{quoted(stream.table)}"
    inside = f"{stream.sql} < {literal(str(data_through))}::DATE"
    row = tables.connection.execute(
        f"WITH days AS (SELECT {stream.sql} AS day FROM {source} WHERE {inside}), middle AS "
        "(SELECT quantile_disc(day, 0.3) AS first, quantile_disc(day, 0.7) AS last FROM days) "
        "SELECT day FROM days, middle WHERE day BETWEEN first AND last "
        "GROUP BY day ORDER BY count(*) DESC, day LIMIT 1"
    ).fetchone()
    return row[0] if row else None


def _pays_anybody(tables: PastTables, day: date) -> bool:
    limit = f"{literal(str(day))}::DATE"
    row = tables.connection.execute(
        f"SELECT count(*) FROM {COMPLETE}.subscriptions WHERE known_at < {limit} "
        f"AND starts_on <= {limit} AND (ended_on IS NULL OR ended_on > {limit}) "
        "AND quantity * unit_price > 0"
    ).fetchone()
    return bool(row and row[0])


def _shown(tables: PastTables, every: list[Stream], day: date) -> set[tuple[Stream, str]]:
    """Return what ``day`` shows: streams of which enough came later, and those with a row on it."""
    limit = f"{literal(str(day))}::DATE"
    shown: set[tuple[Stream, str]] = set()
    for name in tables.names:
        members = [stream for stream in every if stream.table == name]
        counts = ", ".join(
            f"count(*) FILTER ({stream.sql} >= {limit}) >= {ENOUGH} * count({stream.sql}) "
            f"AND count({stream.sql}) > 0, count(*) FILTER ({stream.sql} = {limit}) > 0"
            for stream in members
        )
        answer = tables.connection.execute(f"SELECT {counts} FROM {COMPLETE}.{quoted(name)}")
        cells = iter(answer.fetchone() or ())
        for stream, comes_later, is_on_day in zip(members, cells, cells, strict=True):
            shown |= {(stream, "later")} if comes_later else set()
            shown |= {(stream, "on the day")} if is_on_day else set()
    return shown
