"""Who was erased: digests of ids, so that no later reading of the same source brings them back.

The list must outlive everything that can be computed anew; it lies in the score store's database.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from typing import Literal, Protocol, TypeVar

from sqlalchemy import Column, Connection, DateTime, String, Table, select

from models.store.database import StoreDatabase, insert_once, metadata

Kind = Literal["account", "contact"]


class _Named(Protocol):
    @property
    def account_id(self) -> str: ...


OfAccount = TypeVar("OfAccount", bound=_Named)

erased = Table(
    "erased",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("erased_at", DateTime, nullable=False),
)


def digest(kind: Kind, identifier: str) -> str:
    """Return what is kept of an id."""
    return sha256(f"{kind}:{identifier}".encode()).hexdigest()


def pseudonym(kind: Kind, identifier: str) -> str:
    """Return what stands in the place of an id where a row has to stay, as in the audit log."""
    return f"erased-{digest(kind, identifier)[:12]}"


def remember(connection: Connection, kind: Kind, identifier: str, at: datetime) -> None:
    """Put an id on the list; one that is on it already stays as it is. ``at`` is UTC and naive."""
    row = {"digest": digest(kind, identifier), "kind": kind, "erased_at": at}
    insert_once(connection, erased, [row])


def digests(connection: Connection, kind: Kind) -> frozenset[str]:
    """Return the digests of all ids of a kind that were erased."""
    rows = connection.execute(select(erased.c.digest).where(erased.c.kind == kind))
    return frozenset(rows.scalars())


def without(connection: Connection, rows: Iterable[OfAccount]) -> Iterable[OfAccount]:
    """Return the rows but those of accounts that were erased."""
    erased_digests = digests(connection, "account")
    if not erased_digests:
        return rows
    return [row for row in rows if digest("account", row.account_id) not in erased_digests]


def read(url: str) -> dict[Kind, frozenset[str]]:
    """Return the digests of each kind in the database at ``url``."""
    with closing(StoreDatabase(url)) as database, database.reading() as connection:
        if connection is None:
            return {"account": frozenset(), "contact": frozenset()}
        return {
            "account": digests(connection, "account"),
            "contact": digests(connection, "contact"),
        }
