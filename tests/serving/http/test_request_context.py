"""What every answer has: headers, an id, a line in the log; and what can be switched."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from features.errors import UsageError
from serving.app import create_app
from serving.http import body_limit
from serving.settings import ServingSettings
from serving.telemetry.json_logs import JsonLines
from tests.serving.asking import ask


def made(tmp_path: Path, **more: Any) -> FastAPI:
    return create_app(
        ServingSettings(
            store_url=f"sqlite:///{tmp_path / 's.db'}",
            release_folder=tmp_path / "release",
            **{"keys": "off", **more},
        )
    )


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return made(tmp_path)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/health/live", 200), ("/v1/nothing", 404), ("/v1/accounts/a/score", 503), ("/docs", 200)],
)
def test_every_answer_tells_browsers_to_be_careful(app: FastAPI, path: str, status: int) -> None:
    answer = ask(app, "GET", path)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert ("script-src" in answer.headers["content-security-policy"]) is (path == "/docs")
    assert "strict-transport-security" not in answer.headers
    assert "server" not in answer.headers


def test_an_unforeseen_error_has_the_headers_too(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Any) -> None:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(
        "serving.snapshot.watcher.SnapshotWatcher.current", property(fail), raising=False
    )
    answer = ask(app, "GET", "/v1/accounts/a/score")
    assert (answer.status_code, answer.headers["x-content-type-options"]) == (500, "nosniff")
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"])
def test_the_documents_can_be_switched_off(tmp_path: Path, path: str) -> None:
    assert ask(made(tmp_path, docs="off"), "GET", path).status_code == 404
    assert ask(made(tmp_path), "GET", path).status_code == 200


@pytest.mark.parametrize(
    ("trusted", "scheme", "client"),
    [("127.0.0.1", "https", "198.51.100.7"), ("10.0.0.0/8", "http", "127.0.0.1")],
)
def test_a_proxy_is_believed_if_it_is_trusted(
    app: FastAPI, trusted: str, scheme: str, client: str
) -> None:
    seen: list[Any] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["scheme"], scope["client"][0]))
        await app(scope, receive, send)

    forwarded = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9, 198.51.100.7"}
    proxied: Any = ProxyHeadersMiddleware(behind, trusted)  # type: ignore[arg-type]
    answer = ask(proxied, "GET", "/health/live", headers=forwarded)
    assert seen == [(scheme, client)]
    assert ("strict-transport-security" in answer.headers) is (scheme == "https")


def test_every_request_has_a_line_in_the_log_without_its_account(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        ask(app, "GET", "/v1/accounts/a-000001/score?secret=1", headers={"x-request-id": "crm-42"})
    (record,) = [one for one in caplog.records if one.name == "serving.http.request_context"]
    told = json.loads(JsonLines().format(record))
    assert told["level"] == "info"
    assert (told["request_id"], told["method"], told["status"]) == ("crm-42", "GET", 503)
    assert told["route"] == "/v1/accounts/{account_id:path}/score"
    assert told["milliseconds"] >= 0
    assert not [text for text in ("a-000001", "secret") if text in JsonLines().format(record)]


def test_a_logged_error_is_one_line_without_secrets() -> None:
    error = ValueError("postgresql+psycopg://me:pass@host/db with exp_0123456789ab_abc-_1")
    told = ("x", logging.ERROR, "f", 1, "key %s", ("exp_0123456789ab_q",))
    record = logging.getLogger("x").makeRecord(*told, (ValueError, error, None))
    line = JsonLines().format(record)
    found = json.loads(line)
    assert "\n" not in line
    assert found["message"] == "key exp_0123456789ab_***"
    assert "://me:***@host" in found["error"]
    assert "exp_0123456789ab_***" in found["error"]


def test_a_caller_who_hangs_up_midway_is_not_answered(app: FastAPI) -> None:
    """Half a body must not be taken for a whole one."""
    sent: list[Any] = []
    messages = iter(
        [
            {"type": "http.request", "body": b'{"account_ids": []}', "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/v1/scores", "query_string": b"",
        "scheme": "http", "headers": [(b"content-length", b"99")], "client": ("127.0.0.1", 1),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert not sent


def test_a_body_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "SECONDS", 0.01)

    async def never() -> Any:
        await asyncio.sleep(60)

    with pytest.raises(HTTPException) as refused:
        asyncio.run(body_limit.read_bounded(never, 100))
    assert refused.value.status_code == 408


def test_settings_that_are_not_understood_are_named_without_their_value() -> None:
    given = {
        "EXPANSION_STORE_URL": "sqlite://",
        "EXPANSION_RELEASE_FOLDER": "r",
        "EXPANSION_KEYS": "perhaps",
        "EXPANSION_PER_MINUTE": "-1",
    }
    with pytest.raises(UsageError) as told:
        ServingSettings.from_environment(given)
    assert [one.split(":")[0] for one in told.value.problems] == [
        "EXPANSION_KEYS", "EXPANSION_PER_MINUTE",
    ]  # fmt: skip
    assert "perhaps" not in str(told.value)
