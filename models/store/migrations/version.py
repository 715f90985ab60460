"""Which schema a store has, and which one this code knows. Alembic is not needed to ask."""

from __future__ import annotations

from sqlalchemy import Connection, column, inspect, select, table

VERSION = "0002"
"""The newest revision: the schema that this code reads and writes."""
BASELINE = "0001"
VERSION_TABLE = "score_store_version"
"""Alembic's own name would meet MLflow's, whose tables may lie in the same database."""
UNVERSIONED_TABLES = frozenset({
    "scorings", "scores", "decisions", "input_names", "inputs", "forecasts", "seat_forecasts",
    "feedback", "audit", "api_keys", "outbox", "outbox_noticed", "outbox_switched_off", "erased",
})  # fmt: skip
"""Tables of before there were versions, each made when it was first needed."""


def stored_version(connection: Connection) -> str | None:
    """Return the version of a store's schema, ``None`` when nothing was ever written to it.

    A store that has tables and no version was written before there were versions.
    """
    names = frozenset(inspect(connection).get_table_names())
    if VERSION_TABLE in names:
        recorded = table(VERSION_TABLE, column("version_num"))
        return str(connection.execute(select(recorded.c.version_num)).scalar_one())
    return BASELINE if names & UNVERSIONED_TABLES else None


def is_newer(version: str) -> bool:
    """Say whether a schema is newer than this code; versions are numbers of four digits."""
    return version > VERSION
