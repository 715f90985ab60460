"""Who asked for which account is taken down, whatever was answered, and outlives a gone store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from features.errors import EnvironmentFailure
from models.common.clock import stored_now
from models.store.api_keys import KeyStore, generate_key
from models.store.audit_log import Asked, AuditLog
from models.store.scores import ScoreStore
from serving.app import create_app
from serving.settings import ServingSettings
from tests.models.stored import account, scoring
from tests.serving.asking import ask, services


@pytest.fixture
def settings(tmp_path: Path) -> ServingSettings:
    url = f"sqlite:///{tmp_path / 's.db'}"
    store = ScoreStore(url)
    store.write(scoring(), [account(1), account(2)])
    store.close()
    return ServingSettings(store_url=url, release_folder=tmp_path / "release")


@pytest.fixture
def key(settings: ServingSettings) -> str:
    stored, secret = generate_key("crm", ["admin"], stored_now() + timedelta(days=1))
    store = KeyStore(settings.store_url)
    store.add(stored)
    store.close()
    return secret


@pytest.fixture
def app(settings: ServingSettings, key: str) -> Iterator[FastAPI]:  # noqa: ARG001 (made before)
    made_app = create_app(settings)
    made_app.state.snapshots.refresh()
    services(made_app).key_cache.refresh()
    yield made_app
    made_app.state.store.close()


def asked(app: FastAPI, settings: ServingSettings, **more: Any) -> list[Asked]:
    services(app).audit_queue.refresh()
    log = AuditLog(settings.store_url)
    try:
        return log.read(**more)
    finally:
        log.close()


def call(app: FastAPI, key: str, method: str, path: str, **more: Any) -> None:
    headers = {"authorization": f"Bearer {key}", "x-request-id": "crm-42"}
    ask(app, method, path, headers=headers, **more)


def test_a_question_names_who_what_and_what_was_answered(
    app: FastAPI, settings: ServingSettings, key: str
) -> None:
    call(app, key, "GET", "/v1/accounts/a-000001/score")
    (event,) = asked(app, settings)
    assert event.account_id == "a-000001"
    assert event.key_id == key.split("_")[1]
    assert event.asked == "GET /v1/accounts/{account_id:path}/score"
    assert (event.status, event.request_id, event.address) == (200, "crm-42", "127.0.0.1")
    assert abs(event.at - stored_now()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("method", "path", "more", "accounts", "status"),
    [
        ("GET", "/v1/accounts/nobody/score", {}, {"nobody"}, 404),
        ("GET", "/v1/accounts/a%2F1/score", {}, {"a/1"}, 404),
        ("GET", "/v1/accounts/a-000001/history", {}, {"a-000001"}, 200),
        (
            "POST",
            "/v1/scores",
            {"json": {"account_ids": ["x", "a-000002"]}},
            {"x", "a-000002"},
            200,
        ),
        ("GET", "/v1/accounts", {}, {"a-000001", "a-000002"}, 200),
        ("POST", "/v1/feedback", {"json": {"account_id": "a"}}, set(), 422),
        ("GET", "/health/live", {}, set(), 200),
    ],
)
def test_every_account_that_was_asked_for_is_taken_down(
    app: FastAPI,
    settings: ServingSettings,
    key: str,
    method: str,
    path: str,
    more: dict[str, Any],
    accounts: set[str],
    status: int,
) -> None:
    call(app, key, method, path, **more)
    found = asked(app, settings)
    assert {one.account_id for one in found} == accounts
    assert {one.status for one in found} <= {status}


def test_who_was_not_let_in_leaves_no_trail(app: FastAPI, settings: ServingSettings) -> None:
    ask(app, "GET", "/v1/accounts/a-000001/score")
    assert asked(app, settings) == []


def test_who_may_not_is_taken_down_with_what_they_asked(
    app: FastAPI, settings: ServingSettings
) -> None:
    stored, secret = generate_key("crm", ["feedback"], stored_now() + timedelta(days=1))
    store = KeyStore(settings.store_url)
    store.add(stored)
    store.close()
    services(app).key_cache.refresh()
    call(app, secret, "GET", "/v1/accounts/a-000001/score")
    (event,) = asked(app, settings)
    assert (event.account_id, event.key_id, event.status) == ("a-000001", stored.key_id, 403)


def test_while_the_store_is_gone_the_trail_waits(
    app: FastAPI, settings: ServingSettings, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise EnvironmentFailure("the database is gone")

    audit_queue = services(app).audit_queue
    with monkeypatch.context() as away:
        away.setattr(AuditLog, "write", gone)
        call(app, key, "GET", "/v1/accounts/a-000001/score")
        audit_queue.refresh()
        assert "gone" in audit_queue.problems[0]
    call(app, key, "GET", "/v1/accounts/a-000002/score")
    assert {one.account_id for one in asked(app, settings)} == {"a-000001", "a-000002"}
    assert audit_queue.problems == ()


def test_a_trail_that_cannot_be_written_keeps_nobody_waiting(
    app: FastAPI, settings: ServingSettings, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.queue_folder("audit").parent.parent.write_text("no folder")
    call(app, key, "GET", "/v1/accounts/a-000001/score")
    assert "a-000001" in caplog.text
