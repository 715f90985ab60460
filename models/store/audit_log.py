"""The audit log: who asked for which account, when, and what they were answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, DateTime, Index, Integer, String, Table, select

from models.store import erased_ids
from models.store.database import Store, insert_once, metadata

audit = Table(
    "audit",
    metadata,
    Column("event_id", String(60), primary_key=True),
    Column("account_id", String(200), primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("key_id", String(12), nullable=False),
    Column("address", String(60), nullable=False),
    Column("asked", String(200), nullable=False),
    Column("status", Integer, nullable=False),
    Column("request_id", String(64), nullable=False),
    Index("audit_by_account", "account_id", "at"),
    Index("audit_by_time", "at"),
)


@dataclass(frozen=True)
class Asked:
    """Somebody asked for an account.

    ``at`` is UTC and naive; ``asked`` is method and route, ``status`` the answer's. ``key_id`` is
    empty where no key is needed.
    """

    event_id: str
    account_id: str
    at: datetime
    key_id: str
    address: str
    asked: str
    status: int
    request_id: str


class AuditLog(Store):
    """Reads and writes the audit log in the database of the score store."""

    def write(self, events: Sequence[Asked]) -> None:
        """Add events but those that are there; accounts erased meanwhile under a pseudonym."""
        with self._database.writing() as connection:
            erased = erased_ids.digests(connection, "account")
            insert_once(connection, audit, [_row(event, erased) for event in events])

    def read(
        self, account_id: str = "", key_id: str = "", since: datetime | None = None, most: int = 100
    ) -> list[Asked]:
        """Return the newest ``most`` events, of one account, by one key or since a time."""
        query = select(audit).order_by(audit.c.at.desc(), audit.c.event_id.desc()).limit(most)
        if account_id:
            query = query.where(audit.c.account_id == account_id)
        if key_id:
            query = query.where(audit.c.key_id == key_id)
        if since:
            query = query.where(audit.c.at >= since)
        with self._database.reading() as connection:
            if connection is None:
                return []
            return [Asked(**row._mapping) for row in connection.execute(query)]


def _row(event: Asked, erased: frozenset[str]) -> dict[str, object]:
    row = dict(vars(event))
    if erased and erased_ids.digest("account", event.account_id) in erased:
        row["account_id"] = erased_ids.pseudonym("account", event.account_id)
    return row
