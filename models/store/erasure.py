"""Removes an account or a person from every table of ours in the store, and looks for them after.

The list of the erased comes first and all else in the same transaction: whoever writes later finds
them on it, so that nothing that is on its way brings them back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from sqlalchemy import Connection, MetaData, Table, Text, cast, delete, or_, select, update
from sqlalchemy.types import JSON, String

from models.common.clock import stored_now
from models.store import erased_ids
from models.store.api_keys import api_keys
from models.store.audit_log import audit
from models.store.database import Database, StoreDatabase
from models.store.erased_ids import Kind, erased
from models.store.feedback import feedback
from models.store.forecasts import forecasts, seat_forecasts
from models.store.outbox import noticed, outbox, switched_off
from models.store.scored_inputs import inputs, names
from models.store.scores import scores, scorings

TABLES: tuple[Table, ...] = (
    scorings,
    scores,
    names,
    inputs,
    forecasts,
    seat_forecasts,
    feedback,
    audit,
    api_keys,
    outbox,
    noticed,
    switched_off,
    erased,
)
"""Every table of the store: one that is missing here is never erased from."""


WRITTEN_BY_PEOPLE = {
    feedback: ("by", "note"),
    scorings: ("withdrawn_by", "withdrawn_reason"),
}
"""The texts that may name anybody, by table: they stay, with a pseudonym where an id was."""


def erase(url: str, kind: Kind, identifier: str) -> dict[str, int]:
    """Remove an id from the store; return by table how many rows were removed or made nameless.

    Raises
    ------
    UsageError
        When the URL names neither SQLite nor PostgreSQL.
    EnvironmentFailure
        When the database cannot be reached or says no; running it again goes on from there.
    """
    with closing(StoreDatabase(url)) as database:
        with database.writing() as connection:
            erased_ids.remember(connection, kind, identifier, stored_now())
            removed = _account(connection, identifier) if kind == "account" else {}
            for name, count in _replace_mentions(connection, kind, identifier).items():
                if count or name == feedback.name:
                    removed[name] = removed.get(name, 0) + count
        database.vacuum()
    return removed


def mentions(url: str, identifier: str) -> dict[str, int]:
    """Return by table how many rows still name an id, in any column; every table is looked at."""
    with closing(StoreDatabase(url)) as database, database.reading() as connection:
        return {} if connection is None else _counts(connection, TABLES, identifier)


def anywhere(url: str, identifier: str) -> dict[str, int]:
    """Return the same of a database that others lay out, such as MLflow's: all it has is read."""
    with closing(Database(url)) as database, database.reading() as connection:
        layout = MetaData()
        layout.reflect(connection)
        tables = sorted(layout.tables.values(), key=lambda table: table.name)
        return _counts(connection, tables, identifier)


def pattern(identifier: str) -> re.Pattern[str]:
    """Return what finds an id, but not one that it is the beginning or the end of."""
    return re.compile(rf"(?<![\w-]){re.escape(identifier)}(?![\w-])")


def _account(connection: Connection, account_id: str) -> dict[str, int]:
    _count_down(connection, account_id)
    removed = {}
    for table in TABLES:
        if "account_id" not in table.c:
            continue
        rows = table.c.account_id == account_id
        if table is audit:  # the row stays, with a pseudonym in it
            pseudonym = erased_ids.pseudonym("account", account_id)
            change = update(audit).where(rows).values(account_id=pseudonym)
            removed[table.name] = connection.execute(change).rowcount
        else:
            removed[table.name] = connection.execute(delete(table).where(rows)).rowcount
    return removed


def _count_down(connection: Connection, account_id: str) -> None:
    """Let each scoring count its rows; that also tells servers to read the newest one anew."""
    scored_in = select(scores.c.scoring_id).where(scores.c.account_id == account_id)
    fewer = update(scorings).where(scorings.c.scoring_id.in_(scored_in))
    connection.execute(fewer.values(accounts=scorings.c.accounts - 1))


def _replace_mentions(connection: Connection, kind: Kind, identifier: str) -> dict[str, int]:
    """Put a pseudonym in the place of an id wherever a person wrote it; return in how many rows."""
    counts = {}
    for table, columns in WRITTEN_BY_PEOPLE.items():
        rows = list(_rows(connection, table, identifier))
        changed = [_with_pseudonym(row, columns, kind, identifier) for row in rows]
        (key,) = table.primary_key
        for row, texts in zip(rows, changed, strict=True):
            if texts:
                connection.execute(update(table).where(key == row[key.name]).values(**texts))
        counts[table.name] = sum(1 for texts in changed if texts)
    return counts


def _with_pseudonym(
    row: Mapping[str, object], columns: Sequence[str], kind: Kind, identifier: str
) -> dict[str, str]:
    """Return those of a row's texts that name an id, with the pseudonym in its place."""
    pseudonym = erased_ids.pseudonym(kind, identifier)
    texts = {name: text for name in columns if isinstance(text := row[name], str)}
    replaced = {name: pattern(identifier).sub(pseudonym, text) for name, text in texts.items()}
    return {name: text for name, text in replaced.items() if text != texts[name]}


def _counts(connection: Connection, tables: Sequence[Table], identifier: str) -> dict[str, int]:
    return {table.name: sum(1 for _ in _rows(connection, table, identifier)) for table in tables}


def _rows(connection: Connection, table: Table, identifier: str) -> Iterator[Mapping[str, object]]:
    """Yield the rows of a table that name an id in any text."""
    columns = [column for column in table.columns if isinstance(column.type, String | JSON)]
    if not columns:
        return
    spellings = {identifier, json.dumps(identifier)[1:-1]}
    candidates = or_(
        *(
            cast(column, Text).contains(spelling, autoescape=True)
            for column in columns
            for spelling in spellings
        )
    )
    patterns = [pattern(spelling) for spelling in spellings]
    for row in connection.execute(select(table).where(candidates)):
        values = [row._mapping[column.name] for column in columns]
        texts = (
            value if isinstance(value, str) else json.dumps(value, default=str) for value in values
        )
        joined = " ".join(texts)
        if any(spelling.search(joined) for spelling in patterns):
            yield dict(row._mapping)
