"""API keys: stored as hashes, valid until they expire or are revoked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

import pytest

from features.errors import DataError
from models.common.clock import stored_now
from models.store.api_keys import FORM, KeyStore, Scope, digest, generate_key

LATER = stored_now() + timedelta(days=1)


@pytest.fixture
def store(database_url: str) -> Iterator[KeyStore]:
    opened = KeyStore(database_url)
    yield opened
    opened.close()


def test_before_the_first_key_there_is_none(store: KeyStore) -> None:
    assert store.all() == []


def test_a_key_is_read_as_it_was_stored_and_nothing_stored_is_the_key(store: KeyStore) -> None:
    stored, key = generate_key("crm", ["read", "score"], LATER, per_minute=60, most_body_bytes=1000)
    store.add(stored)
    assert store.all() == [stored]
    secret = key.split("_", 2)[2]  # its own characters may be underscores
    assert FORM.fullmatch(key)
    assert secret not in str(asdict(stored))


def test_a_key_fits_itself_alone() -> None:
    stored, key = generate_key("crm", ["read"], LATER)
    _, other = generate_key("crm", ["read"], LATER)
    assert stored.fits(key)
    assert not stored.fits(other)
    assert not stored.fits(stored.hash)
    assert digest(key) != digest(other)


@pytest.mark.parametrize(
    ("scopes", "asked", "allowed"),
    [
        (["read"], "read", True),
        (["read"], "score", False),
        (["read", "feedback"], "feedback", True),
        (["admin"], "score", True),
        ([], "read", False),
    ],
)
def test_a_key_is_for_its_scopes_and_admin_for_all(
    scopes: list[Scope], asked: Scope, allowed: bool
) -> None:
    assert generate_key("crm", scopes, LATER)[0].allows(asked) is allowed


def test_a_key_expires_at_its_time() -> None:
    stored, _ = generate_key("crm", ["read"], LATER)
    assert stored.state(LATER - timedelta(seconds=1)) == "active"
    assert stored.state(LATER) == "expired"


def test_a_revoked_key_stays_revoked_since_the_first_time(store: KeyStore) -> None:
    stored, _ = generate_key("crm", ["read"], LATER)
    store.add(stored)
    first = store.revoke(stored.key_id)
    assert first.state(stored_now()) == "revoked"
    assert store.revoke(stored.key_id) == first
    assert store.all() == [first]


def test_an_unknown_key_cannot_be_revoked(store: KeyStore) -> None:
    with pytest.raises(DataError, match="expansion keys list"):
        store.revoke("0" * 12)
