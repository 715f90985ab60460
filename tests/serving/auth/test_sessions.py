"""A session is whoever's cookie this server signed, with this secret, within eight hours."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from itsdangerous import TimestampSigner

from features.errors import EnvironmentFailure, UsageError
from models.common.clock import stored_now
from models.store.api_keys import ApiKey, KeyStore, generate_key
from serving.auth.key_cache import KeyCache
from serving.auth.sessions import SECONDS, Sessions

NOW = 1_790_000_000


@pytest.fixture
def key_cache(tmp_path: Path) -> Iterator[KeyCache]:
    store = KeyStore(f"sqlite:///{tmp_path / 's.db'}")
    for name in ("crm", "desk"):
        store.add(generate_key(name, ["read"], stored_now() + timedelta(days=1))[0])
    key_cache = KeyCache(store)
    key_cache.refresh()
    yield key_cache
    store.close()


@pytest.fixture
def key(key_cache: KeyCache) -> ApiKey:
    return next(iter((key_cache.keys or {}).values()))


@pytest.fixture
def sessions(key_cache: KeyCache, tmp_path: Path) -> Sessions:
    return Sessions(key_cache, tmp_path / "pages")


def signed_at(monkeypatch: pytest.MonkeyPatch, second: int) -> None:
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: second)


def test_a_cookie_names_its_key_and_holds_nothing_of_it(sessions: Sessions, key: ApiKey) -> None:
    cookie = sessions.open(key)
    assert sessions.key_of(cookie) == key
    assert cookie.partition(".")[0] == key.key_id
    assert key.hash not in cookie


@pytest.mark.parametrize(
    ("after", "is_signed_in"), [(0, True), (SECONDS, True), (SECONDS + 1, False), (-1, False)]
)
def test_a_session_ends_after_a_working_day(
    sessions: Sessions, key: ApiKey, monkeypatch: pytest.MonkeyPatch, after: int, is_signed_in: bool
) -> None:
    signed_at(monkeypatch, NOW)
    cookie = sessions.open(key)
    signed_at(monkeypatch, NOW + after)
    assert (sessions.key_of(cookie) == key) is is_signed_in


def test_each_part_of_a_cookie_is_signed(
    sessions: Sessions, key_cache: KeyCache, key: ApiKey
) -> None:
    key_id, moment, signature = sessions.open(key).split(".")
    other = next(one for one in key_cache.keys or {} if one != key_id)
    later = base64.urlsafe_b64encode((2**31).to_bytes(4, "big")).decode().rstrip("=")
    for forged in (
        f"{other}.{moment}.{signature}",
        f"{key_id}.{later}.{signature}",
        f"{key_id}.{moment}.{signature[1:]}A",
        f"{key_id}.{moment}.{'A' * len(signature)}",
        f"{key_id}.{moment}.{signature}.{signature}",
        f"{key_id} .{moment}.{signature}",
    ):
        assert sessions.key_of(forged) is None, forged


def test_a_cookie_that_was_cut_off_anywhere_is_none(sessions: Sessions, key: ApiKey) -> None:
    cookie = sessions.open(key)
    assert [n for n in range(len(cookie)) if sessions.key_of(cookie[:n])] == []


@pytest.mark.parametrize("cookie", ["", ".", "..", "...", "ü.ü.ü", "\x00", "a" * 5000, "." * 5000])
def test_what_is_no_cookie_is_nobody(sessions: Sessions, key: ApiKey, cookie: str) -> None:
    assert sessions.key_of(cookie) is None
    assert sessions.key_of(key.key_id + cookie) is None


def test_a_cookie_of_the_form_before_signs_out(sessions: Sessions, key: ApiKey) -> None:
    assert sessions.key_of(f"{key.key_id}.{NOW + SECONDS}.{'0' * 64}") is None


def test_another_secret_signs_other_cookies_and_tokens(
    key_cache: KeyCache, key: ApiKey, tmp_path: Path
) -> None:
    ours, theirs = (Sessions(key_cache, tmp_path, secret) for secret in ("ours", "theirs"))
    cookie, token = ours.open(key), ours.token("anybody")
    assert (ours.key_of(cookie), theirs.key_of(cookie)) == (key, None)
    assert (ours.is_token(token, "anybody"), theirs.is_token(token, "anybody")) == (True, False)


def test_a_cookie_is_no_token_and_a_token_fits_one_session(sessions: Sessions, key: ApiKey) -> None:
    cookie = sessions.open(key)
    token = sessions.token(cookie)
    assert sessions.is_token(token, cookie)
    for wrong, bound_to in (
        (token, "another"),
        (token[:-2], cookie),
        ("", cookie),
        (cookie, cookie),
        ("ü", cookie),
    ):
        assert not sessions.is_token(wrong, bound_to)
    assert not sessions.is_token(cookie.rpartition(".")[2], cookie.rpartition(".")[0])


def test_workers_share_the_secret_that_the_first_of_them_made(
    key_cache: KeyCache, key: ApiKey, tmp_path: Path
) -> None:
    first, second = (Sessions(key_cache, tmp_path / "pages") for _ in range(2))
    assert second.key_of(first.open(key)) == key
    [path] = (tmp_path / "pages").iterdir()
    assert (path.name, path.stat().st_mode & 0o777) == ("session.secret", 0o600)


def test_nothing_is_signed_with_an_empty_secret(
    key_cache: KeyCache, key: ApiKey, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="EXPANSION_APP_SECRET is blank"):
        Sessions(key_cache, tmp_path, "  ")
    path = tmp_path / "session.secret"
    path.write_text("")
    with pytest.raises(EnvironmentFailure, match=r"session\.secret is empty"):
        Sessions(key_cache, tmp_path).open(key)


def test_a_key_made_anew_under_the_same_id_has_other_sessions(
    sessions: Sessions, key_cache: KeyCache, key: ApiKey
) -> None:
    cookie = sessions.open(key)
    again = ApiKey(**{**vars(key), "hash": "0" * 64})
    key_cache.keys = {key.key_id: again}
    assert sessions.key_of(cookie) is None
