"""``keys``: makes, lists and revokes the keys with which the API is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from features.errors import UsageError
from models.common.clock import stored_now
from models.store.api_keys import SCOPES, ApiKey, KeyStore, Scope, generate_key
from pipelines.config.error_messages import nearest

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


@dataclass(frozen=True)
class MadeKey:
    """A new key: the only place where ``key`` itself is ever to be read."""

    key: str
    stored: ApiKey

    def as_dict(self) -> dict[str, Any]:
        """Return the key and what is stored of it, as JSON-able values."""
        return {"key": self.key, **described(self.stored)}


def create(
    settings: Settings,
    name: str,
    scopes: Sequence[str],
    days: int,
    *,
    per_minute: int | None = None,
    most_body_bytes: int | None = None,
) -> MadeKey:
    """Make a key that is valid for ``days`` and store its hash.

    Raises
    ------
    UsageError
        When a scope is not known.
    """
    until = stored_now() + timedelta(days=days)
    stored, key = generate_key(
        name, _known(scopes), until, per_minute=per_minute, most_body_bytes=most_body_bytes
    )
    with _open(settings) as store:
        store.add(stored)
    return MadeKey(key, stored)


def listed(settings: Settings) -> list[dict[str, Any]]:
    """Return every key with its state, the oldest first."""
    with _open(settings) as store:
        return [described(key) for key in store.all()]


def revoke(settings: Settings, key_id: str) -> dict[str, Any]:
    """Revoke a key; servers refuse it as soon as they next look. ``DataError`` without such."""
    with _open(settings) as store:
        return described(store.revoke(key_id))


def described(key: ApiKey) -> dict[str, Any]:
    """Return a key as JSON-able values; of the hash nothing is shown."""
    plain = {name: value for name, value in asdict(key).items() if name != "hash"}
    times = {
        name: value.isoformat() for name, value in plain.items() if name.endswith("_at") and value
    }
    return {**plain, **times, "scopes": list(key.scopes), "state": key.state(stored_now())}


def _known(scopes: Sequence[str]) -> list[Scope]:
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise UsageError(
            [f"--scope: there is no {scope!r}{nearest(scope, list(SCOPES))}" for scope in unknown]
        )
    return [scope for scope in SCOPES if scope in scopes]


@contextmanager
def _open(settings: Settings) -> Iterator[KeyStore]:
    store = KeyStore(settings.store_url)
    try:
        yield store
    finally:
        store.close()
