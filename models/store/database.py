"""A database by its URL: transactions that see one state, and errors told as sentences.

SQLite and PostgreSQL differ in how a transaction begins; nothing else in the code knows that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from features.errors import DataError, EnvironmentFailure, ExpansionError, UsageError

DRIVERS = ("sqlite", "postgresql", "postgresql+psycopg")
WAIT_SECONDS = 10
ONE_WRITER = 7_391_205
"""Key of the PostgreSQL lock that lets one writer in at a time; the number means nothing."""


class Database:
    """A database at an SQLAlchemy URL: ``sqlite:///path`` or ``postgresql+psycopg://...``.

    Raises
    ------
    UsageError
        When the URL is none, or names neither SQLite nor PostgreSQL.
    EnvironmentFailure
        When SQLite's folder cannot be made, or PostgreSQL's driver is not installed.
    """

    def __init__(self, url: str) -> None:
        parsed = _parsed(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.place = parsed.render_as_string(hide_password=True)
        self._writers = _engine(parsed, self.is_sqlite)
        # In PostgreSQL's default level, each query of a transaction sees a state of its own.
        level = "SERIALIZABLE" if self.is_sqlite else "REPEATABLE READ"
        self._readers = self._writers.execution_options(isolation_level=level)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction whose queries all see the same state.

        Raises
        ------
        EnvironmentFailure
            When the database cannot be reached or says no.
        """
        with self._told(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that is seen whole or not at all; other writers wait.

        Raises
        ------
        DataError
            When a row breaks a rule of the table, such as a key that comes twice.
        EnvironmentFailure
            When the database cannot be reached or says no.
        """
        with self._told(), self._writers.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                if not self.is_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": ONE_WRITER})
                yield connection

    def vacuum(self, tables: Sequence[str]) -> None:
        """Give back the room of deleted rows: until then, their bytes are still in the files.

        Raises
        ------
        EnvironmentFailure
            When the database cannot be reached, or somebody else keeps it from being tidied up.
        """
        alone = self._writers.execution_options(isolation_level="AUTOCOMMIT")
        steps = ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"]
        if not self.is_sqlite:
            steps = [f'VACUUM "{name}"' for name in tables]
        with self._told(), alone.connect() as connection:
            for step in steps:
                connection.exec_driver_sql(step)
        self.close()  # the connection would go on without transactions

    def close(self) -> None:
        """Close all connections."""
        self._writers.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None)
            if isinstance(cause, ExpansionError):
                raise cause from None
            kind = DataError if isinstance(error, IntegrityError) else EnvironmentFailure
            reason = str(cause or error).split("\n", 1)[0]
            raise kind(f"the database at {self.place} says: {reason}") from error


def insert_once(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows`` but for those whose key is there already: told twice is told once."""
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert
    if rows:
        connection.execute(insert(table).on_conflict_do_nothing(), [dict(one) for one in rows])


def has(connection: Connection, table: Table) -> bool:
    """Say whether a table is there: an older release may not have made it yet."""
    return connection.dialect.has_table(connection, table.name)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    # Neither message repeats the URL: it may hold a password.
    if parsed is None or parsed.drivername not in DRIVERS:
        raise UsageError(
            "the URL of the score store is not understood; write sqlite:///folder/scores.db or "
            "postgresql+psycopg://user:password@host/database"
        )
    return parsed


def _engine(url: URL, is_sqlite: bool) -> Engine:
    if not is_sqlite:
        waits = {"connect_timeout": WAIT_SECONDS}
        try:
            return create_engine(url, pool_pre_ping=True, json_serializer=_json, connect_args=waits)
        except ModuleNotFoundError as error:
            raise EnvironmentFailure(
                f"PostgreSQL needs {error.name}: pip install psycopg"
            ) from None
    _make_folder(url.database)
    engine = create_engine(url, json_serializer=_json, connect_args={"timeout": WAIT_SECONDS})
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(database: str | None) -> None:
    folder = Path(database or ".").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailure(f"{folder}: cannot be made: {error.strerror}") from error


def _tune_sqlite(connection: Any, _record: Any) -> None:
    """Let readers go on while a scoring is written, and leave it to us when to begin."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Connection) -> None:
    # Python's driver begins only before a write, so two reads would see two states. A writer that
    # read first could not go on after another's commit: it takes its turn at once.
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _json(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError as error:
        raise DataError(f"a score holds a number that is none (nan or inf): {error}") from error
