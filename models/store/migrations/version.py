"""Which schema a store has, and which one this code knows. Alembic is not needed to ask."""

from __future__ import annotations

from sqlalchemy import Connection, column, inspect, select, table

VERSION = "0005"
"""The newest revision: the schema that this code reads and writes."""
BASELINE = "0001"
VERSION_TABLE = "score_store_version"
"""Alembic's own name would meet MLflow's, whose tables may lie in the same database."""
TABLES = frozenset({
    "scorings", "scores", "decisions", "input_names", "inputs", "forecasts", "seat_forecasts",
    "feedback", "audit", "api_keys", "outbox", "outbox_noticed", "outbox_switched_off", "erased",
})  # fmt: skip
"""Every table that a store ever had; before there were versions, only those that it needed."""


def stored_version(connection: Connection) -> str | None:
    """Return the version of a store's schema, ``None`` when nothing was ever written to it.

    A store that has tables and no version was written before there were versions.
    """
    names = frozenset(inspect(connection).get_table_names())
    if VERSION_TABLE in names:
        recorded = table(VERSION_TABLE, column("version_num"))
        return str(connection.execute(select(recorded.c.version_num)).scalar_one())
    return BASELINE if names & TABLES else None


def hold_version(connection: Connection) -> None:
    """Keep upgrades out until the end of a transaction that reads; to be called before it reads.

    PostgreSQL freezes what a transaction sees when its first query begins: a table that an upgrade
    replaces after that would look empty. To lock is no query.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {VERSION_TABLE} IN ACCESS SHARE MODE")


def is_newer(version: str) -> bool:
    """Say whether a schema is newer than this code; versions are numbers of four digits."""
    return version > VERSION
