"""API keys: who may ask the server for what, until when. Only hashes are stored.

A key reads ``exp_<id>_<secret>``. The id, shown in lists and logs, finds the row; the secret is
256 random bits, so that one round of SHA-256 is as good as a slow hash, which is meant for
passwords that people choose.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Literal, get_args

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Integer,
    String,
    Table,
    insert,
    select,
    update,
)

from features.errors import DataError
from models.common.clock import stored_now
from models.store.database import Store, metadata

Scope = Literal["read", "score", "feedback", "metrics", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
FORM = re.compile(r"exp_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
"""What a key looks like; secret scanners can search for it."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(12), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False),
    Column("revoked_at", DateTime),
    Column("per_minute", Integer),
    Column("most_body_bytes", Integer),
)


@dataclass(frozen=True)
class ApiKey:
    """A key as it is stored; times are UTC and naive.

    ``admin`` among the scopes stands for all of them. ``per_minute`` (requests) and
    ``most_body_bytes`` are limits of this key's own, ``None`` for those of the server.
    """

    key_id: str
    name: str
    hash: str
    scopes: Sequence[Scope]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    per_minute: int | None = None
    most_body_bytes: int | None = None

    def fits(self, key: str) -> bool:
        """Say whether ``key`` is this one, in a time that tells nothing about it."""
        return compare_digest(digest(key), self.hash)

    def allows(self, scope: Scope) -> bool:
        """Say whether the key may be used for ``scope``."""
        return scope in self.scopes or "admin" in self.scopes

    def state(self, now: datetime) -> Literal["active", "revoked", "expired"]:
        """Return what the key is at ``now`` (UTC, naive)."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if now < self.expires_at else "expired"


def digest(key: str) -> str:
    """Return what is stored of a key."""
    return sha256(key.encode()).hexdigest()


def generate_key(
    name: str,
    scopes: Sequence[Scope],
    expires_at: datetime,
    *,
    per_minute: int | None = None,
    most_body_bytes: int | None = None,
) -> tuple[ApiKey, str]:
    """Return a new key as it is to be stored, and the key itself, which is nowhere else."""
    key_id = secrets.token_hex(6)
    key = f"exp_{key_id}_{secrets.token_urlsafe(32)}"
    stored = ApiKey(
        key_id=key_id,
        name=name,
        hash=digest(key),
        scopes=scopes,
        created_at=stored_now(),
        expires_at=expires_at,
        per_minute=per_minute,
        most_body_bytes=most_body_bytes,
    )
    return stored, key


class KeyStore(Store):
    """Reads and writes keys in the database of the score store."""

    def add(self, key: ApiKey) -> None:
        """Store a key."""
        with self._database.writing() as connection:
            connection.execute(insert(api_keys), [{**asdict(key), "scopes": list(key.scopes)}])

    def all(self) -> list[ApiKey]:
        """Return every key, those no longer valid included, the oldest first."""
        with self._database.reading() as connection:
            if connection is None:
                return []
            order = (api_keys.c.created_at, api_keys.c.key_id)
            rows = connection.execute(select(api_keys).order_by(*order))
            return [ApiKey(**row._mapping) for row in rows]

    def revoke(self, key_id: str) -> ApiKey:
        """Revoke a key and return it; one that is revoked already stays as it is.

        Raises
        ------
        DataError
            When there is no such key.
        """
        valid = (api_keys.c.key_id == key_id) & api_keys.c.revoked_at.is_(None)
        with self._database.writing() as connection:
            connection.execute(update(api_keys).where(valid).values(revoked_at=stored_now()))
            query = select(api_keys).where(api_keys.c.key_id == key_id)
            row = connection.execute(query).first()
        if row is None:
            raise DataError(f"there is no key {key_id!r}; `expansion keys list` shows them")
        return ApiKey(**row._mapping)
