"""The record of versions: what accounts were like at each loading, from the first one on.

With ``versions = true`` under [tables.accounts], each loading compares the attributes with the
newest recorded ones and adds a version of every account that has changed, known since that day.
Once the record reaches a year back, it takes the place of today's values: what was before the
record is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from features.contract import ACCOUNTS
from features.errors import DataError
from models.common.clock import utc_now
from models.common.files import atomic_file
from pipelines.common.sql_quoting import literal, parquet, quoted

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

FILE = "accounts.parquet"
ATTRIBUTES = tuple(column.name for column in ACCOUNTS.columns if column.undated)
VALUES = ", ".join(map(quoted, ATTRIBUTES))


def path_of(settings: Settings) -> Path:
    """Return where the record of the accounts' versions lies."""
    return settings.versions_folder / FILE


def is_asked(settings: Settings) -> bool:
    """Say whether the company keeps a record."""
    mapping = settings.tables.get(ACCOUNTS.name)
    return mapping is not None and mapping.versions


def update(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """Add to the record what has changed since the last loading; a day's last loading counts.

    A clock that lies before the newest version adds nothing: it was set back.
    """
    if not is_asked(settings):
        return
    path, today = path_of(settings), utc_now().date()
    _read(connection, path)
    newest = _single(connection, "SELECT max(known_at) FROM recorded")
    if newest is not None and newest.date() > today:
        return
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE changed AS SELECT account_id, {VALUES} FROM "
        "(SELECT * FROM clean.accounts QUALIFY row_number() OVER (PARTITION BY account_id "
        "ORDER BY known_at DESC) = 1) AS now ANTI JOIN (SELECT * FROM recorded QUALIFY "
        "row_number() OVER (PARTITION BY account_id ORDER BY known_at DESC) = 1) AS before ON "
        + " AND ".join(
            f"now.{quoted(name)} IS NOT DISTINCT FROM before.{quoted(name)}"
            for name in ("account_id", *ATTRIBUTES)
        )
    )
    if not _single(connection, "SELECT count(*) FROM changed"):
        return
    moment = f"TIMESTAMP {literal(str(today))}"
    rows = (
        f"SELECT * FROM recorded ANTI JOIN (SELECT account_id, {moment} AS known_at FROM changed) "
        f"USING (account_id, known_at) UNION ALL SELECT account_id, {moment}, {VALUES} FROM changed"
    )
    with atomic_file(path) as aside:
        connection.execute(
            f"COPY (SELECT * FROM ({rows}) ORDER BY account_id, known_at) "
            f"TO {literal(str(aside))} (FORMAT parquet, COMPRESSION zstd)"
        )


def began(settings: Settings, connection: duckdb.DuckDBPyConnection) -> dict[str, date]:
    """Return the day of the first recorded value of each attribute that has one."""
    if not is_asked(settings):
        return {}
    _read(connection, path_of(settings))
    firsts = ", ".join(f"min(known_at) FILTER ({quoted(name)} IS NOT NULL)" for name in ATTRIBUTES)
    row: Sequence[datetime | None] = (
        connection.execute(f"SELECT {firsts} FROM recorded").fetchone() or ()
    )
    return {name: first.date() for name, first in zip(ATTRIBUTES, row, strict=False) if first}


def merge(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    used: Sequence[str],
) -> None:
    """Let ``clean.accounts`` have the recorded versions of the attributes ``used``.

    Of these a row has what was recorded by the day it was known: null before the record began.
    Recorded versions without a row of that moment come as rows.
    """
    _read(connection, path_of(settings))
    connection.execute("CREATE TEMP TABLE mapped AS SELECT * FROM clean.accounts")
    columns = [quoted(name) for name in ACCOUNTS.names]
    of_row = ", ".join(
        f"recorded.{name}" if name in map(quoted, used) else f"mapped.{name}" for name in columns
    )
    described = [name for name in columns if name not in ('"account_id"', '"known_at"')]
    of_version = ", ".join(
        f"versions.{name}"
        if name in ('"account_id"', '"known_at"', *map(quoted, used))
        else f"CASE WHEN earlier.account_id IS NULL THEN later.{name} ELSE earlier.{name} END"
        for name in columns
    )
    merged = (
        f"SELECT {of_row} FROM mapped ASOF LEFT JOIN recorded "
        "ON mapped.account_id = recorded.account_id AND mapped.known_at >= recorded.known_at "
        f"UNION ALL SELECT {of_version} FROM (SELECT * FROM recorded ANTI JOIN mapped "
        "USING (account_id, known_at)) AS versions "
        "ASOF LEFT JOIN mapped AS earlier ON versions.account_id = earlier.account_id "
        "AND versions.known_at >= earlier.known_at "
        f"JOIN (SELECT account_id, {', '.join(described)} FROM mapped QUALIFY row_number() OVER "
        "(PARTITION BY account_id ORDER BY known_at) = 1) AS later "
        "ON versions.account_id = later.account_id"
    )
    connection.execute(f"CREATE TEMP TABLE merged AS {merged}")
    kind = _single(
        connection,
        "SELECT table_type FROM information_schema.tables WHERE table_schema = 'clean' "
        "AND table_name = 'accounts'",
    )
    connection.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} clean.accounts")
    connection.execute("CREATE TABLE clean.accounts AS SELECT * FROM merged")


def _read(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make the record readable as ``recorded``; without a file it is empty."""
    empty = ", ".join(
        f"CAST(NULL AS {'BIGINT' if name == 'employees' else 'VARCHAR'}) AS {quoted(name)}"
        for name in ATTRIBUTES
    )
    rows = (
        f"SELECT account_id, known_at, {VALUES} FROM {parquet(path)}"
        if path.exists()
        else f"SELECT CAST(NULL AS VARCHAR) AS account_id, CAST(NULL AS TIMESTAMP) AS known_at, "
        f"{empty} WHERE FALSE"
    )
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE recorded AS {rows}")
    except duckdb.Error as error:
        raise DataError(
            f"{path}: the record of versions is damaged ({str(error).splitlines()[0]}); take it "
            "from a backup, or remove it: then the record begins anew"
        ) from None


def _single(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = connection.execute(sql).fetchone()
    return row[0] if row else None
