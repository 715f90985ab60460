"""Copies of a company's tables: some accounts, whole; cut at a day; and in another order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis

from features.contract import TABLES, Table
from pipelines.common.sql_quoting import literal, quoted
from pipelines.ingest.rules.times import EVENTS

if TYPE_CHECKING:
    import duckdb
    from ibis.backends.duckdb import Backend

MOST_ACCOUNTS = 2000
MOST_USAGE_ROWS = 1_000_000
"""Of larger companies some accounts are judged: those with rows in rare tables first."""
EACH_STREAM = 100
"""Of each table, and each value that becomes known later, so many accounts with late rows."""

COMPLETE, SHUFFLED, SEEN = "company_complete", "company_shuffled", "company_seen"
CANDIDATES = f"{COMPLETE}.chosen_accounts"


@dataclass(frozen=True)
class Stream:
    """The days on which rows of a table happen, or they or a value of them become known."""

    table: str
    day: str

    @property
    def sql(self) -> str:
        """The day as an SQL expression over the table."""
        return f"CAST({quoted(self.day)} AS DATE)"


def streams(tables: Sequence[str]) -> Iterator[Stream]:
    """Yield the streams of the tables, each day once."""
    for name in tables:
        table = TABLES[name]
        days = [table.happened, "known_at", *(c.known_by for c in table.columns if c.known_by)]
        yield from (Stream(name, day) for day in dict.fromkeys(days))


class PastTables:
    """The rows in ``clean`` of some accounts, seen as they are, cut at a day, or in another order.

    ``shown`` are views that show one of these at a time, so that a query is compiled once for all.
    What an account's column is in the one and in the other says what it reads; percentiles over
    all accounts go over these alone, in each of them.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
        self.names = [name for name in TABLES if name in tables]
        # Ibis leaves results open, which would block whoever else asks the same connection.
        self.connection = connection.cursor()
        self.backend: Backend = ibis.duckdb.from_connection(connection.cursor())
        for schema in (COMPLETE, SEEN):
            self.connection.execute(f"CREATE SCHEMA {schema}")
        self._choose_accounts()
        for name in self.names:
            self._copy(name, COMPLETE, f"{self._of_chosen(name)} ORDER BY ALL")
        self._is_shuffled = False
        self.see_all()
        self.shown = {name: self.backend.table(name, database=SEEN) for name in self.names}

    def see_all(self) -> None:
        """Show all that the company knows."""
        self._see({name: _all_of(name) for name in self.names})

    def see_shuffled(self) -> None:
        """Show the same rows in another order."""
        if not self._is_shuffled:
            self.connection.execute(f"CREATE SCHEMA {SHUFFLED}")
            for name in self.names:
                self._copy(name, SHUFFLED, f"{_all_of(name)} ORDER BY ALL DESC")
            self._is_shuffled = True
        self._see({name: _all_of(name, SHUFFLED) for name in self.names})

    def see_what_was_known(self, day: date, only: str | None = None) -> None:
        """Show the tables without what happened or became known on ``day`` or later.

        With ``only``, that table alone is cut.
        """
        self._see(
            {
                name: _all_of(name) if only not in (None, name) else _as_known(TABLES[name], day)
                for name in self.names
            }
        )

    def see_without(self, table: str, column: str) -> None:
        """Show all that the company knows but for the values of a column."""
        emptied = f"CASE WHEN false THEN {quoted(column)} END AS {quoted(column)}"
        others = {name: _all_of(name) for name in self.names if name != table}
        self._see(
            {**others, table: f"SELECT * REPLACE ({emptied}) FROM {COMPLETE}.{quoted(table)}"}
        )

    def _see(self, rows: Mapping[str, str]) -> None:
        for name, sql in rows.items():
            self.connection.execute(f"CREATE OR REPLACE VIEW {SEEN}.{quoted(name)} AS {sql}")

    def later_row(self, table: str, account_id: str, day: date) -> dict[str, Any] | None:
        """Return key and days of the account's first row of which ``day`` knew less, if any."""
        declared = TABLES[table]
        names = dict.fromkeys(
            [*declared.key, declared.happened, "known_at"]
            + [c.known_by for c in declared.columns if c.known_by]
        )
        later = " OR ".join(
            f"{stream.sql} >= {literal(str(day))}::DATE" for stream in streams([table])
        )
        of_account = (
            f" AND account_id = {literal(account_id)}" if "account_id" in declared.names else ""
        )
        cursor = self.connection.execute(
            f"SELECT {', '.join(map(quoted, names))} FROM {COMPLETE}.{quoted(table)} "
            f"WHERE ({later}){of_account} ORDER BY ALL LIMIT 1"
        )
        row = cursor.fetchone()
        cells = dict(zip(names, row, strict=True)) if row else None
        return cells and {name: value for name, value in cells.items() if value is not None}

    def _copy(self, name: str, schema: str, rows: str) -> None:
        self.connection.execute(f"CREATE TABLE {schema}.{quoted(name)} AS {rows}")

    def _of_chosen(self, name: str) -> str:
        columns = ", ".join(map(quoted, TABLES[name].names))
        rows = f"SELECT {columns} FROM clean.{quoted(name)}"
        if "account_id" not in TABLES[name].names:
            return rows
        return f"{rows} WHERE account_id IN (SELECT account_id FROM {CANDIDATES})"

    def _choose_accounts(self) -> None:
        """Choose all accounts of a small company; of a large one those with rare rows first."""
        rare = " UNION ALL ".join(
            f"(SELECT account_id FROM clean.{quoted(stream.table)} WHERE {stream.sql} >= "
            f"(SELECT median({stream.sql}) FROM clean.{quoted(stream.table)}) "
            f"GROUP BY account_id ORDER BY hash(account_id) LIMIT {EACH_STREAM})"
            for stream in streams(self.names)
            if "account_id" in TABLES[stream.table].names
        )
        usage = (
            "SELECT account_id, count(*) AS rows FROM clean.usage_daily GROUP BY account_id"
            if "usage_daily" in self.names
            else "SELECT '' AS account_id, 0 AS rows"
        )
        self.connection.execute(f"""
            CREATE TABLE {CANDIDATES} AS
            WITH paying AS (SELECT DISTINCT account_id FROM clean.subscriptions),
            ranked AS (
                SELECT account_id, row_number() OVER turn AS place,
                    sum(coalesce(rows, 0)) OVER turn AS total
                FROM paying LEFT JOIN ({usage}) USING (account_id)
                WINDOW turn AS (
                    ORDER BY account_id IN (SELECT account_id FROM ({rare})) DESC, hash(account_id)
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                )
            )
            SELECT account_id FROM ranked
            WHERE place <= {MOST_ACCOUNTS} AND (total <= {MOST_USAGE_ROWS} OR place = 1)
        """)


def _all_of(name: str, schema: str = COMPLETE) -> str:
    return f"SELECT * FROM {schema}.{quoted(name)}"


def _as_known(table: Table, day: date) -> str:
    """Return the rows of a table as they were known before ``day``, as SQL."""
    limit = f"{literal(str(day))}::DATE"
    values = ", ".join(
        f"CASE WHEN {quoted(c.known_by)} < {limit} THEN {quoted(c.name)} END AS {quoted(c.name)}"
        if c.known_by
        else quoted(c.name)
        for c in table.columns
    )
    seen = f"known_at < {limit}"
    if table.name in EVENTS:
        seen += f" AND {quoted(table.happened)} < {limit}"
    return f"SELECT {values} FROM {COMPLETE}.{quoted(table.name)} WHERE {seen}"
