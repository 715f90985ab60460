"""Runs the revisions that a store lacks."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

WAIT_FOR_READERS = "60s"
"""For so long PostgreSQL waits for those who read a table that is about to change."""


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring a store to a revision, within the transaction that is open: all of it or nothing."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_READERS}'"))
    command.upgrade(configuration(connection), revision)


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; the revisions lie in this package, and there is no file."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "models.store:migrations")
    config.set_main_option("path_separator", "os")
    return config
