"""A database by its URL: transactions that see one state, and errors as sentences.

SQLite and PostgreSQL differ in how a transaction begins; nothing else in the code knows that.
"""

from __future__ import annotations

import json
import logging
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from features.errors import DataError, EnvironmentFailure, ExpansionError, UsageError
from models.store.migrations.version import VERSION, hold_version, is_newer, stored_version

metadata = MetaData()
"""Every table of the score store; each module adds its own."""
DRIVERS = ("sqlite", "postgresql", "postgresql+psycopg")
WAIT_SECONDS = 10
log = logging.getLogger(__name__)
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
        # A store that nobody closed gives its connections back when it is gone. Not at the end of
        # a process, though: a fork's child would end those of its parent.
        weakref.finalize(self, self._writers.dispose).atexit = False
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
        with self._errors_as_sentences(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction of which others see all or nothing; other writers wait.

        Raises
        ------
        DataError
            When a row breaks a rule of the table, such as a key that comes twice.
        EnvironmentFailure
            When the database cannot be reached or says no.
        """
        with self._errors_as_sentences(), self._writers.connect() as connection:
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
        autocommit = self._writers.execution_options(isolation_level="AUTOCOMMIT")
        steps = ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"]
        if not self.is_sqlite:
            steps = [f'VACUUM "{name}"' for name in tables]
        with self._errors_as_sentences(), autocommit.connect() as connection:
            for step in steps:
                connection.exec_driver_sql(step)
        self.close()  # the connection would go on without transactions

    def close(self) -> None:
        """Close all connections."""
        self._writers.dispose()

    @contextmanager
    def _errors_as_sentences(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None)
            if isinstance(cause, ExpansionError):
                raise cause from None
            kind = DataError if isinstance(error, IntegrityError) else EnvironmentFailure
            reason = str(cause or error).split("\n", 1)[0]
            raise kind(f"the database at {self.place} says: {reason}") from error


class StoreDatabase:
    """The database of the score store, read and written only where its schema is this code's.

    Parameters
    ----------
    url
        See ``Database``.
    upgrades
        Whether an older schema is upgraded and an empty store gets its tables. A server does
        neither: it has no Alembic, and goes on with what it holds until somebody upgrades.
    """

    def __init__(self, url: str, *, upgrades: bool = True) -> None:
        self._database = Database(url)
        self._upgrades = upgrades

    @contextmanager
    def reading(self) -> Iterator[Connection | None]:
        """Open a transaction to read in; it is ``None`` when nothing was ever written.

        Raises
        ------
        EnvironmentFailure
            When the database cannot be reached or says no, or its schema is another one.
        """
        with self._database.reading() as connection:
            version = stored_version(connection)
        if version is None:
            yield None
            return
        if version != VERSION and self._upgrades:
            with self.writing():
                pass  # a transaction to write in begins with the upgrade
        elif version != VERSION:
            raise self._other_schema(version)
        with self._database.reading() as connection:
            hold_version(connection)
            version = stored_version(connection)
            if version != VERSION:
                raise self._other_schema(version)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction to write in; it upgrades the schema first, where that is wanted.

        Raises
        ------
        DataError
            When a row breaks a rule of the table, or does not fit the new schema.
        EnvironmentFailure
            When the database cannot be reached or says no, or its schema is another one.
        """
        with self._database.writing() as connection:
            version = stored_version(connection)
            if version != VERSION:
                if not self._upgrades or (version is not None and is_newer(version)):
                    raise self._other_schema(version)
                _upgrade(connection, version)
            yield connection

    def vacuum(self) -> None:
        """Give back the room of deleted rows in every table; see ``Database``."""
        self._database.vacuum(list(metadata.tables))

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def _other_schema(self, version: str | None) -> EnvironmentFailure:
        reader = "this installation" if self._upgrades else "this server"
        if version is None:
            return EnvironmentFailure("the score store is empty: run `expansion store upgrade`")
        remedy = f"update {reader}" if is_newer(version) else "run `expansion store upgrade`"
        return EnvironmentFailure(
            f"the score store has schema {version}, {reader} knows {VERSION}: {remedy}"
        )


class Store:
    """What every reader and writer of the score store begins with; it is closed in the end.

    Parameters
    ----------
    url
        SQLAlchemy URL of the score store.
    upgrades
        See ``StoreDatabase``.

    Raises
    ------
    UsageError
        When the URL names neither SQLite nor PostgreSQL.
    EnvironmentFailure
        From every method, when the database cannot be reached or says no.
    """

    def __init__(self, url: str, *, upgrades: bool = True) -> None:
        self._database = StoreDatabase(url, upgrades=upgrades)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()


@dataclass(frozen=True)
class SchemaState:
    """Which schema a store has, ``None`` for an empty one, and which this code knows."""

    store: str
    schema: str | None
    newest: str

    @property
    def is_newer(self) -> bool:
        """Whether the store is newer than this code."""
        return self.schema is not None and is_newer(self.schema)


@dataclass(frozen=True)
class SchemaUpgrade:
    """Which schema a store had, ``None`` for an empty one, and which it has now."""

    store: str
    before: str | None
    schema: str


def schema_state(url: str) -> SchemaState:
    """Return which schema the store at ``url`` has.

    Raises
    ------
    UsageError
        When the URL names neither SQLite nor PostgreSQL.
    EnvironmentFailure
        When the database cannot be reached or says no.
    """
    with closing(Database(url)) as database, database.reading() as connection:
        return SchemaState(database.place, stored_version(connection), VERSION)


def upgrade_schema(url: str) -> SchemaUpgrade:
    """Bring the store at ``url`` to this code's schema.

    Raises
    ------
    UsageError
        When the URL names neither SQLite nor PostgreSQL.
    DataError
        When a row does not fit the new schema; nothing has changed then.
    EnvironmentFailure
        When the database cannot be reached or says no, or its schema is newer.
    """
    state = schema_state(url)
    with closing(StoreDatabase(url)) as database, database.writing():
        return SchemaUpgrade(state.store, state.schema, VERSION)


def _upgrade(connection: Connection, version: str | None) -> None:
    # Alembic takes a third of a second to load, and few transactions need it.
    from models.store.migrations.upgrade import upgrade

    if version is not None:
        log.warning("upgrading the score store from schema %s to %s", version, VERSION)
    upgrade(connection)


def insert_once(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows`` but for those whose key is there already."""
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert
    if rows:
        connection.execute(insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])


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
