"""What each table holds: its days, when its rows became known, and columns that say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from features.contract import TABLES, Table
from pipelines.common.sql_quoting import quoted
from pipelines.ingest.summary.checked_tables import CheckedTables

HAPPENED = {"subscriptions": "signed_on"}
"""The day from which lateness counts where that is not the day on which a row happened."""


@dataclass(frozen=True)
class TableRecord:
    """A table's rows in figures.

    ``late_days`` are the days from when a row happened to when it was known: the median, and
    what 90 % keep; null without ``known_at``. ``load_day`` is the day on which most rows became
    known, ``load_share`` their share. ``empty`` columns are never filled; ``constant`` ones hold
    the same value in every row.
    """

    table: str
    rows: int
    first_day: date | None
    last_day: date | None
    late_days: tuple[int, int] | None
    load_day: date | None
    load_share: float | None
    empty: tuple[str, ...]
    constant: dict[str, str]


def records(tables: CheckedTables) -> list[TableRecord]:
    """Return a record of each table that the company has, in the contract's order."""
    return [_record(tables, table) for name, table in TABLES.items() if tables.has(name)]


def _record(tables: CheckedTables, table: Table) -> TableRecord:
    relation = f"clean.{quoted(table.name)}"
    happened = table.happened
    columns = ", ".join(
        f"count({name}) AS n_{name}, min({name})::VARCHAR AS low_{name}, "
        f"max({name})::VARCHAR AS high_{name}"
        for name in table.names
    )
    row = tables.first(
        f"SELECT min({happened}) FILTER (isfinite({happened})) AS first_day, "
        f"max({happened}) FILTER (isfinite({happened})) AS last_day, {columns} FROM {relation}"
    )
    late_days, load_day, load_share = None, None, None
    if "known_at" in table.names:
        late_days = _late_days(tables, table, relation)
        load_day, load_share = _load(tables, relation, tables.rows[table.name])
    return TableRecord(
        table=table.name,
        rows=tables.rows[table.name],
        first_day=row["first_day"],
        last_day=row["last_day"],
        late_days=late_days,
        load_day=load_day,
        load_share=load_share,
        empty=tuple(column.name for column in table.columns if not row[f"n_{column.name}"]),
        constant=_constant(table, row, tables.rows[table.name]),
    )


def _constant(table: Table, row: dict[str, Any], rows: int) -> dict[str, str]:
    """Return the columns that could differ from row to row and never do."""
    return {
        column.name: row[f"low_{column.name}"]
        for column in table.columns
        if rows > 1
        and column.name != "currency"
        and row[f"n_{column.name}"] == rows
        and row[f"low_{column.name}"] == row[f"high_{column.name}"]
    }


def _late_days(tables: CheckedTables, table: Table, relation: str) -> tuple[int, int] | None:
    happened = HAPPENED.get(table.name, table.happened)
    counts = tables.select(
        f"SELECT known_at::DATE - {happened} AS days, count(*) AS rows FROM {relation} "
        f"WHERE isfinite(known_at) AND isfinite({happened}) GROUP BY 1 ORDER BY 1"
    )
    return (_quantile(counts, 0.5), _quantile(counts, 0.9)) if counts else None


def _quantile(counts: Sequence[dict[str, Any]], share: float) -> int:
    """Return the days that ``share`` of the rows keep, of counts by days."""
    wanted, so_far = share * sum(count["rows"] for count in counts), 0
    for count in counts:
        so_far += count["rows"]
        if so_far >= wanted:
            break
    return int(count["days"])


def _load(tables: CheckedTables, relation: str, rows: int) -> tuple[date | None, float | None]:
    found = tables.select(
        f"SELECT known_at::DATE AS day, count(*) AS rows FROM {relation} "
        "WHERE known_at IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
    )
    return (found[0]["day"], found[0]["rows"] / rows) if found else (None, None)
