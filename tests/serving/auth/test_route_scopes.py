"""Each route says where it stands which scope it needs, and no account's name changes that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount, Route

import serving.app
from models.common.clock import stored_now
from models.store.api_keys import SCOPES, KeyStore, Scope, generate_key
from models.store.scores import ScoreStore
from serving.app import create_app
from serving.auth.scopes import PUBLIC, RouteScopes, declared_scope, requires
from serving.settings import ServingSettings
from tests.models.stored import account, scoring
from tests.serving.asking import ask, services

ODD_IDS = (
    "what-if-co", "what-if", "seats", "score", "history", "feedback", "metrics", "health", "app",
    "eu/what-if", "what-if/eu", "v1/rows/score", "a/v1/feedback", "score/what-if", "a/b/c",
    "übermut & söhne", "日本-7", "50% off", "a?b#c", "x+y z", "...", "/leading", "trailing/",
)  # fmt: skip
KEY_SCOPES: tuple[tuple[Scope, ...], ...] = (
    ("read",), ("score",), ("feedback",), ("metrics",), ("read", "score"), ("admin",),
)  # fmt: skip
SECURITY = Path(__file__).parents[3] / "docs" / "security.md"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ServingSettings:
    folder = tmp_path_factory.mktemp("odd")
    url = f"sqlite:///{folder / 's.db'}"
    store = ScoreStore(url)
    ids = ("a-000001", *ODD_IDS)
    store.write(scoring(), [account(rank, account_id=i) for rank, i in enumerate(ids, start=1)])
    store.close()
    return ServingSettings(store_url=url, release_folder=folder / "release")


@pytest.fixture(scope="module")
def app(settings: ServingSettings) -> Iterator[FastAPI]:
    application = create_app(settings)
    application.state.snapshots.refresh()
    services(application).key_cache.refresh()
    yield application
    application.state.store.close()


@pytest.fixture(scope="module")
def keys(app: FastAPI, settings: ServingSettings) -> dict[tuple[Scope, ...], dict[str, str]]:
    """Return the header of a key for each set of scopes."""
    store, headers = KeyStore(settings.store_url), {}
    for scopes in KEY_SCOPES:
        stored, key = generate_key("crm", scopes, stored_now() + timedelta(days=1))
        store.add(stored)
        headers[scopes] = {"authorization": f"Bearer {key}"}
    store.close()
    services(app).key_cache.refresh()
    return headers


def account_routes(app: FastAPI) -> list[tuple[str, str, Scope]]:
    """Return method, path and scope of each route of the API that is about one account."""
    return [
        (method, route.path, scope)
        for route in app.routes
        if isinstance(route, Route) and route.path.startswith("/v1/accounts/{account_id:path}")
        for method in route.methods or ()
        if (scope := declared_scope(route)) != PUBLIC
    ]


def asked(
    app: FastAPI, method: str, path: str, account_id: str, headers: dict[str, str]
) -> httpx.Response:
    address = path.replace("{account_id:path}", quote(account_id, safe=""))
    body = {"json": {"seats_delta": 1}} if method == "POST" else {}
    return ask(app, method, address, headers=headers, **body)


def test_every_route_declares_a_scope(app: FastAPI) -> None:
    declared = [declared_scope(route) for route in app.routes]
    assert len(declared) > 20
    assert set(declared) == {"read", "score", "feedback", "metrics", PUBLIC}


def test_an_application_with_a_route_without_a_scope_is_not_made(
    settings: ServingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = APIRouter(prefix="/v1")

    @router.get("/forgotten")
    def forgotten() -> str:
        return "everything"

    monkeypatch.setattr(serving.app, "ROUTERS", (*serving.app.ROUTERS, router))
    with pytest.raises(ValueError, match=r"'/v1/forgotten' declares no scope"):
        create_app(settings)


def test_what_is_no_route_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match="declares no scope"):
        RouteScopes([Mount("/files", app=FastAPI())])


def test_a_scope_that_there_is_not_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="'reed' is no scope"):
        requires("reed")  # type: ignore[arg-type]


@pytest.mark.parametrize("account_id", ODD_IDS)
def test_an_account_is_as_readable_as_any_other_whatever_it_is_called(
    app: FastAPI, keys: dict[tuple[Scope, ...], dict[str, str]], account_id: str
) -> None:
    routes = account_routes(app)
    assert {path.rpartition("/")[2] for _, path, _ in routes} == {
        "score", "history", "seats", "what-if",
    }  # fmt: skip
    for method, path, scope in routes:
        for scopes, headers in keys.items():
            plain = asked(app, method, path, "a-000001", headers)
            odd = asked(app, method, path, account_id, headers)
            may = scope in scopes or "admin" in scopes
            assert (odd.status_code, odd.status_code != 403) == (plain.status_code, may), path
        without = asked(app, method, path, account_id, {})
        assert without.status_code == 401, path


@pytest.mark.parametrize("account_id", ODD_IDS)
def test_a_score_is_that_of_the_account_with_the_odd_id(
    app: FastAPI, keys: dict[tuple[Scope, ...], dict[str, str]], account_id: str
) -> None:
    path = "/v1/accounts/{account_id:path}/score"
    answer = asked(app, "GET", path, account_id, keys[("read",)])
    assert (answer.status_code, answer.json()["account_id"]) == (200, account_id)


@pytest.mark.parametrize(
    ("method", "path", "scopes", "status"),
    [
        ("DELETE", "/v1/feedback", ("read",), 403),
        ("DELETE", "/v1/feedback", ("feedback",), 405),
        ("PUT", "/v1/accounts/a-000001/what-if", ("read",), 403),
        ("PUT", "/v1/accounts/a-000001/what-if", ("score",), 405),
        ("POST", "/v1/accounts/what-if/score", ("read",), 405),
        ("GET", "/v1/feedback/", ("read",), 403),
        ("GET", "/v1/feedback/", ("feedback",), 307),
        ("GET", "/v1/nothing/what-if", ("score",), 403),
        ("GET", "/v1/nothing/what-if", ("read",), 404),
        ("GET", "/metrics", ("read",), 403),
        ("GET", "/metrics", ("metrics",), 200),
    ],
)
def test_an_address_needs_the_scope_of_the_route_that_answers_there(
    app: FastAPI,
    keys: dict[tuple[Scope, ...], dict[str, str]],
    method: str,
    path: str,
    scopes: tuple[Scope, ...],
    status: int,
) -> None:
    assert ask(app, method, path, headers=keys[scopes]).status_code == status
    assert ask(app, method, path).status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health/live", 200), ("/health/live/", 307), ("/docs", 200), ("/openapi.json", 200),
        ("/health/nothing", 401), ("/docs/nothing", 401), ("/openapi.json5", 401),
        ("/app/static/app.css", 200), ("/app/static/a/b", 303), ("/app/sign-in/x", 303),
    ],
)  # fmt: skip
def test_without_a_key_only_what_is_public_answers(app: FastAPI, path: str, status: int) -> None:
    assert ask(app, "GET", path).status_code == status


def test_metrics_may_be_open_to_all(settings: ServingSettings) -> None:
    opened = create_app(settings.model_copy(update={"metrics": "open"}))
    assert ask(opened, "GET", "/metrics").status_code == 200
    opened.state.store.close()


def test_the_document_names_the_scope_that_each_route_declares(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    for route in app.routes:
        if isinstance(route, Route) and route.include_in_schema:
            for method in route.methods or ():
                operation = paths[route.path_format][method.lower()]
                scopes = re.findall(r"Needs a key with the scope `(\w+)`", operation["description"])
                public = declared_scope(route) == PUBLIC
                assert scopes == ([] if public else [declared_scope(route)])
                assert operation.get("security", []) == ([] if public else [{"key": []}])


def test_the_table_of_scopes_holds_every_route(app: FastAPI) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", SECURITY.read_text("utf-8"), re.MULTILINE)
    documented = {
        scope: set(re.findall(r"`([A-Z]+ /\S*)`", text)) for scope, text in rows if scope != "admin"
    }
    declared: dict[str, set[str]] = {}
    for route in app.routes:
        assert isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}:
            line = f"{method} {route.path_format}"
            declared.setdefault(declared_scope(route), set()).add(line)
    assert documented == declared
    assert {*documented, "admin"} == {*SCOPES, PUBLIC}
