"""Nobody in who does not belong: keys, scopes, expiry, limits, and what each is answered."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Route

from features.errors import EnvironmentFailure, UsageError
from models.common.clock import stored_now
from models.store.api_keys import ApiKey, KeyStore, Scope, generate_key
from models.store.scores import ScoreStore
from serving.app import create_app
from serving.auth.scopes import PUBLIC, declared_scope
from serving.auth.startup_check import decide_keys
from serving.http.paths import is_page
from serving.settings import ServingSettings
from tests.models.stored import account, scoring
from tests.serving.asking import PROBLEM, ask, services

SCORE = "/v1/accounts/a-000001/score"
TOMORROW = stored_now() + timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> ServingSettings:
    url = f"sqlite:///{tmp_path / 's.db'}"
    store = ScoreStore(url)
    store.write(scoring(), [account(1), account(2)])
    store.close()
    return ServingSettings(store_url=url, release_folder=tmp_path / "release", per_minute=1000)


@pytest.fixture
def app(settings: ServingSettings) -> Iterator[FastAPI]:
    made_app = create_app(settings)
    made_app.state.snapshots.refresh()
    services(made_app).key_cache.refresh()
    yield made_app
    made_app.state.store.close()


def key_for(
    app: FastAPI, settings: ServingSettings, scopes: Sequence[Scope] = ("read",), **more: Any
) -> tuple[ApiKey, dict[str, str]]:
    """Return a new key that the application knows, and the header that holds it."""
    stored, key = generate_key("crm", scopes, more.pop("until", TOMORROW), **more)
    store = KeyStore(settings.store_url)
    store.add(stored)
    store.close()
    services(app).key_cache.refresh()
    return stored, {"authorization": f"Bearer {key}"}


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["request_id"]) == (status, answer.headers["x-request-id"])
    return body


def test_with_a_key_an_account_is_answered(app: FastAPI, settings: ServingSettings) -> None:
    _, header = key_for(app, settings)
    assert ask(app, "GET", SCORE, headers=header).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer nonsense",
        "Bearer exp_000000000000_" + "a" * 43,
        "Bearer exp_000000000000_" + "a" * 5000,
        "exp_000000000000_" + "a" * 43,
    ],
)
def test_without_a_valid_key_nobody_is_answered(app: FastAPI, header: str) -> None:
    answer = ask(app, "GET", SCORE, headers={"authorization": header})
    refused(answer, 401)
    assert answer.headers["www-authenticate"].startswith('Bearer realm="expansion"')
    assert "Account 1" not in answer.text


def test_a_key_with_one_letter_changed_is_refused(app: FastAPI, settings: ServingSettings) -> None:
    _, header = key_for(app, settings)
    last = header["authorization"][-2]
    wrong = header["authorization"][:-2] + ("A" if last != "A" else "B") + "A"
    answer = ask(app, "GET", SCORE, headers={"authorization": wrong})
    assert "Unknown API key" in refused(answer, 401)["detail"]
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_an_expired_key_says_so_to_its_owner(app: FastAPI, settings: ServingSettings) -> None:
    _, header = key_for(app, settings, until=stored_now() - timedelta(seconds=1))
    assert "expired" in refused(ask(app, "GET", SCORE, headers=header), 401)["detail"]


def test_a_revoked_key_is_refused_from_the_next_look_on(
    app: FastAPI, settings: ServingSettings
) -> None:
    stored, header = key_for(app, settings)
    assert ask(app, "GET", SCORE, headers=header).status_code == 200
    store = KeyStore(settings.store_url)
    store.revoke(stored.key_id)
    store.close()
    services(app).key_cache.refresh()
    assert "revoked" in refused(ask(app, "GET", SCORE, headers=header), 401)["detail"]


@pytest.mark.parametrize(
    ("scopes", "method", "path", "allowed"),
    [
        (["read"], "GET", SCORE, True),
        (["score"], "GET", SCORE, False),
        (["feedback"], "GET", SCORE, False),
        (["admin"], "GET", SCORE, True),
        (["read"], "POST", "/v1/feedback", False),
        (["read"], "GET", "/v1/feedback", False),
        (["read"], "POST", "/v1/rows/score", False),
        (["read"], "POST", "/v1/accounts/a-000001/what-if", False),
        (["read"], "GET", "/v1/a/path/to/come", True),
        ([], "GET", "/v1/a/path/to/come", False),
    ],
)
def test_a_key_opens_what_its_scopes_name(
    app: FastAPI,
    settings: ServingSettings,
    scopes: Sequence[Scope],
    method: str,
    path: str,
    allowed: bool,
) -> None:
    _, header = key_for(app, settings, scopes)
    answer = ask(app, method, path, headers=header)
    assert (answer.status_code != 403) is allowed
    if not allowed:
        assert "requires the scope" in refused(answer, 403)["detail"]
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_every_route_but_the_probes_needs_a_key(app: FastAPI) -> None:
    declared = {
        route.path: declared_scope(route) for route in app.routes if isinstance(route, Route)
    }
    assert {path for path, scope in declared.items() if scope == PUBLIC} == {
        "/health/live", "/health/ready", "/app/sign-in", "/app/static/{name}",
        "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json",
    }  # fmt: skip
    for path, scope in declared.items():
        answer = ask(app, "GET", path.replace("{account_id:path}", "a-000001"))
        refusal = 303 if is_page(path) else 401
        assert scope == PUBLIC or answer.status_code == refusal


def test_the_document_says_which_paths_need_a_key(app: FastAPI) -> None:
    paths = ask(app, "GET", "/openapi.json").json()["paths"]
    secured = {path: "security" in one for path, all_ in paths.items() for one in all_.values()}
    assert secured == {path: path.startswith("/v1/") for path in secured}


def test_what_a_key_may_ask_a_minute_is_counted(app: FastAPI, settings: ServingSettings) -> None:
    _, header = key_for(app, settings, per_minute=3)
    _, other = key_for(app, settings)
    answers = [ask(app, "GET", SCORE, headers=header) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    told = refused(answers[-1], 429)
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert f"again in {answers[-1].headers['retry-after']} s" in told["detail"]
    assert ask(app, "GET", SCORE, headers=other).status_code == 200


def test_a_body_may_be_as_large_as_its_key_allows(app: FastAPI, settings: ServingSettings) -> None:
    _, small = key_for(app, settings, most_body_bytes=100)
    _, large = key_for(app, settings, most_body_bytes=400_000)
    body = {"account_ids": ["a-000001"] * 50}
    refused(ask(app, "POST", "/v1/scores", json=body, headers=small), 413)
    assert ask(app, "POST", "/v1/scores", json=body, headers=large).status_code == 200


def test_nothing_of_a_body_is_read_before_the_key_is_known(app: FastAPI) -> None:
    read = []

    async def body() -> Any:
        read.append(1)
        yield b"{}"

    refused(ask(app, "POST", "/v1/scores", content=body()), 401)
    assert not read


def test_before_the_keys_were_read_nobody_is_let_in(settings: ServingSettings) -> None:
    fresh = create_app(settings)
    _, key = generate_key("crm", ["read"], TOMORROW)
    refused(ask(fresh, "GET", SCORE, headers={"authorization": f"Bearer {key}"}), 503)
    assert ask(fresh, "GET", "/health/live").status_code == 200


def test_while_the_store_is_gone_the_known_keys_count(
    app: FastAPI, settings: ServingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, header = key_for(app, settings)

    def gone(_self: KeyStore) -> list[ApiKey]:
        raise EnvironmentFailure("the database is gone")

    monkeypatch.setattr(KeyStore, "all", gone)
    key_cache = services(app).key_cache
    key_cache.refresh()
    assert "gone" in key_cache.problems[0]
    assert ask(app, "GET", SCORE, headers=header).status_code == 200


def test_a_key_is_in_no_log(
    app: FastAPI, settings: ServingSettings, caplog: pytest.LogCaptureFixture
) -> None:
    _, header = key_for(app, settings)
    guess = "q7" * 16
    with caplog.at_level(logging.DEBUG):
        ask(app, "GET", SCORE, headers=header)
        ask(app, "GET", SCORE, headers={"authorization": f"Bearer exp_000000000000_{guess}"})
    secret = header["authorization"].rsplit("_", 1)[-1]
    told = " ".join(str(vars(one)) for one in caplog.records)
    assert "answered" in told
    assert secret not in told
    assert guess not in told


@pytest.mark.parametrize(
    ("keys", "chosen", "host", "made_one", "expected"),
    [
        ("required", False, "127.0.0.1", False, "off"),
        ("required", False, "localhost", False, "off"),
        ("required", False, "127.0.0.1", True, "required"),
        ("required", True, "127.0.0.1", False, "required"),
        ("required", False, "0.0.0.0", False, "required"),  # noqa: S104
        ("required", False, "example.com", False, "required"),
        ("off", True, "127.0.0.1", True, "off"),
    ],
)
def test_who_starts_where_needs_keys(
    settings: ServingSettings, keys: str, chosen: bool, host: str, made_one: bool, expected: str
) -> None:
    if made_one:
        store = KeyStore(settings.store_url)
        store.add(generate_key("crm", ["read"], TOMORROW)[0])
        store.close()
    given = settings.model_copy(update={"keys": keys})
    assert decide_keys(given, host, chosen=chosen).keys == expected


def test_keys_cannot_be_off_where_others_can_ask(settings: ServingSettings) -> None:
    off = settings.model_copy(update={"keys": "off"})
    with pytest.raises(UsageError, match="expansion keys create"):
        decide_keys(off, "0.0.0.0", chosen=True)  # noqa: S104


def test_a_store_that_does_not_answer_opens_no_door(settings: ServingSettings) -> None:
    gone = settings.model_copy(update={"store_url": "sqlite:////proc/none/s.db"})
    with pytest.raises(EnvironmentFailure):
        decide_keys(gone, "127.0.0.1", chosen=False)
