"""Removes an account or a person from every table of ours in the store, and looks for them after.

The list of the erased comes first and all else in the same transaction: whoever writes later finds
them on it, so that nothing that is on its way brings them back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing

from sqlalchemy import Connection, MetaData, Table, Text, cast, delete, or_, select, update
from sqlalchemy.types import JSON, String

from models.common.clock import stored_now
from models.store import api_keys, audit_log, erased_ids, feedback, forecasts, outbox, scored_inputs
from models.store import scores as store
from models.store.database import Database, has
from models.store.erased_ids import Kind

OURS: tuple[MetaData, ...] = tuple(
    one.metadata
    for one in (store, scored_inputs, forecasts, feedback, audit_log, api_keys, outbox, erased_ids)
)


def tables() -> list[Table]:
    """Return every table that the code may have made in the store."""
    return [table for one in OURS for table in one.sorted_tables]


def erase(url: str, kind: Kind, identifier: str) -> dict[str, int]:
    """Remove an id from the store; return by table how many rows were removed or made nameless.

    Raises
    ------
    UsageError
        When the URL names neither SQLite nor PostgreSQL.
    EnvironmentFailure
        When the database cannot be reached or says no; running it again goes on from there.
    """
    with closing(Database(url)) as database:
        with database.writing() as connection:
            erased_ids.remember(connection, kind, identifier, stored_now())
            removed = _account(connection, identifier) if kind == "account" else {}
            for name, rows in _mentions(connection, kind, identifier).items():
                removed[name] = removed.get(name, 0) + rows
            present = [table.name for table in tables() if has(connection, table)]
        database.vacuum(present)
    return removed


def found(url: str, identifier: str) -> dict[str, int]:
    """Return by table how many rows still name an id, in any column; every table is looked at."""
    with closing(Database(url)) as database, database.reading() as connection:
        there = [table for table in tables() if has(connection, table)]
        return {table.name: sum(1 for _ in _rows(connection, table, identifier)) for table in there}


def anywhere(url: str, identifier: str) -> dict[str, int]:
    """Return the same of a database that others lay out, such as MLflow's: all it has is read."""
    with closing(Database(url)) as database, database.reading() as connection:
        layout = MetaData()
        layout.reflect(connection)
        tables = sorted(layout.tables.values(), key=lambda one: one.name)
        return {one.name: sum(1 for _ in _rows(connection, one, identifier)) for one in tables}


def pattern(identifier: str) -> re.Pattern[str]:
    """Return what finds an id, but not one that it is the beginning or the end of."""
    return re.compile(rf"(?<![\w-]){re.escape(identifier)}(?![\w-])")


def _account(connection: Connection, account_id: str) -> dict[str, int]:
    removed = {}
    if has(connection, store.scores):
        _count_down(connection, account_id)
    for table in tables():
        # The audit log keeps the row, and a pseudonym in it.
        if "account_id" in table.c and table is not audit_log.audit and has(connection, table):
            gone = connection.execute(delete(table).where(table.c.account_id == account_id))
            removed[table.name] = gone.rowcount
    if has(connection, audit_log.audit):
        mine = update(audit_log.audit).where(audit_log.audit.c.account_id == account_id)
        changed = connection.execute(
            mine.values(account_id=erased_ids.pseudonym("account", account_id))
        )
        removed[audit_log.audit.name] = changed.rowcount
    return removed


def _count_down(connection: Connection, account_id: str) -> None:
    """Let each scoring count its rows; that also tells servers to read the newest one anew."""
    scorings, scores = store.scorings, store.scores
    mine = select(scores.c.scoring_id).where(scores.c.account_id == account_id)
    fewer = update(scorings).where(scorings.c.scoring_id.in_(mine))
    connection.execute(fewer.values(accounts=scorings.c.accounts - 1))


def _mentions(connection: Connection, kind: Kind, identifier: str) -> dict[str, int]:
    """Put a pseudonym in the place of an id wherever a person wrote it."""
    table = feedback.feedback
    if not has(connection, table):
        return {}
    rows = list(_rows(connection, table, identifier))
    instead = erased_ids.pseudonym(kind, identifier)
    for row in rows:
        texts = {
            name: pattern(identifier).sub(instead, text)
            for name in ("by", "note")
            if isinstance(text := row[name], str)
        }
        mine = update(table).where(table.c.number == row["number"])
        connection.execute(mine.values(**texts))
    return {table.name: len(rows)}


def _rows(connection: Connection, table: Table, identifier: str) -> Iterator[Mapping[str, object]]:
    """Yield the rows of a table that name an id in any text."""
    columns = [one for one in table.columns if isinstance(one.type, String | JSON)]
    if not columns:
        return
    spelled = {identifier, json.dumps(identifier)[1:-1]}
    seen = [cast(one, Text).contains(text, autoescape=True) for one in columns for text in spelled]
    wanted = [pattern(text) for text in spelled]
    for row in connection.execute(select(table).where(or_(*seen))):
        texts = " ".join(_text(row._mapping[one.name]) for one in columns)
        if any(one.search(texts) for one in wanted):
            yield dict(row._mapping)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
