"""Runs the revisions that a store lacks."""

from __future__ import annotations

import time

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import OperationalError

from models.store.migrations.version import TABLES, VERSION_TABLE

WAIT_SECONDS, TRY_AGAIN_SECONDS = 60.0, 0.05
"""For so long PostgreSQL waits for those who read."""
LOCK_NOT_AVAILABLE = "55P03"


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring a store to a revision, within the transaction that is open: all of it or nothing."""
    if connection.dialect.name == "postgresql":
        _lock_tables(connection)
    command.upgrade(configuration(connection), revision)


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; the revisions lie in this package, and there is no file."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "models.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _lock_tables(connection: Connection) -> None:
    """Lock every table at once. Who waits for one while holding another meets a reader: deadlock.

    Raises
    ------
    OperationalError
        When somebody reads for longer than a minute.
    """
    present = set(inspect(connection).get_table_names())
    names = ", ".join(f'"{name}"' for name in sorted(present & (TABLES | {VERSION_TABLE})))
    ends = time.monotonic() + WAIT_SECONDS
    while names:
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE NOWAIT")
        except OperationalError as error:
            is_busy = getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE
            if not is_busy or time.monotonic() > ends:
                raise
            time.sleep(TRY_AGAIN_SECONDS)
        else:
            return
