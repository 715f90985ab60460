"""A company's tables after the contract's rules, as the summary and the hints ask them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from features.contract import TABLES
from pipelines.common.sql_quoting import parquet, quoted

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

LINES = """
CREATE OR REPLACE TABLE summary.lines AS
SELECT *,
    CASE WHEN isfinite(quantity) AND isfinite(unit_price) THEN quantity * unit_price ELSE 0 END
        AS arr,
    CASE WHEN ended_on IS NULL THEN 'infinity'::DATE ELSE ended_on END AS runs_until
FROM clean.subscriptions
WHERE isfinite(starts_on) AND account_id IS NOT NULL
    AND (ended_on IS NULL OR ended_on > starts_on)
"""
"""Periods that run: [starts_on, runs_until), with their ARR; what ended before it ran never was."""


@dataclass(frozen=True)
class CheckedTables:
    """``clean.<table>`` and ``summary.lines`` in ``connection``, and what else is asked for.

    ``rows`` holds the rows of each table that the company has; ``data_through`` is the first day
    that is not complete.
    """

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    data_through: date
    rows: Mapping[str, int]

    def __post_init__(self) -> None:
        self.connection.execute("CREATE SCHEMA IF NOT EXISTS summary")
        self.connection.execute(LINES)

    @property
    def last_day(self) -> date:
        """The last complete day."""
        return self.data_through - timedelta(days=1)

    def has(self, *tables: str) -> bool:
        """Say whether each of ``tables`` is there and has rows."""
        return all(self.rows.get(name) for name in tables)

    def select(self, sql: str, *values: Any, **named: Any) -> list[dict[str, Any]]:
        """Return the rows of a query, each by column name.

        ``?`` and ``$1`` in it stand for ``values``, ``$name`` for ``named``.
        """
        cursor = self.connection.execute(sql, named or list(values))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def first(self, sql: str, *values: Any) -> dict[str, Any]:
        """Return the first row of a query, such as its aggregates."""
        return self.select(sql, *values)[0]


def leave_out_broken_rows(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[str]
) -> dict[str, int]:
    """Let ``clean.<table>`` be without rows that lack a value that the contract requires.

    No figure can be made of them. Returns how many rows remain in each of ``tables``.
    """
    remaining = {}
    for name in tables:
        needed = (quoted(column.name) for column in TABLES[name].columns if not column.nullable)
        present = " AND ".join(f"{column} IS NOT NULL" for column in needed)
        everything, table = f"clean.{quoted(f'{name}__all')}", f"clean.{quoted(name)}"
        connection.execute(f"CREATE TABLE {everything} AS SELECT * FROM {table} WHERE {present}")
        kind = "VIEW" if _is_view(connection, name) else "TABLE"
        connection.execute(f"DROP {kind} {table}")
        connection.execute(f"ALTER TABLE {everything} RENAME TO {quoted(name)}")
        counted = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        remaining[name] = (counted or (0,))[0]
    return remaining


def _is_view(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    query = "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'clean' AND view_name = ?"
    return bool((connection.execute(query, [name]).fetchone() or (0,))[0])


@contextmanager
def written_tables(settings: Settings, data_through: date) -> Iterator[CheckedTables]:
    """Open the tables that ``build`` wrote, as the hints ask them."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        connection.execute("CREATE SCHEMA clean")
        rows = {}
        for name in TABLES:
            path = settings.tables_folder / f"{name}.parquet"
            if path.exists():
                reader = parquet(path)
                connection.execute(f"CREATE VIEW clean.{quoted(name)} AS SELECT * FROM {reader}")
                counted = connection.execute(f"SELECT count(*) FROM clean.{quoted(name)}")
                rows[name] = (counted.fetchone() or (0,))[0]
        yield CheckedTables(connection, settings, data_through, rows)
