"""The generated client goes through every route, and what comes back is what its types say."""

from __future__ import annotations

import inspect
import json
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from jsonschema_rs import Draft4Validator
from pydantic import ConfigDict, TypeAdapter

from models.release import bundle
from models.store.forecasts import ForecastStore, SeatForecast, StoredForecast
from models.store.scored_inputs import Inputs
from serving.app import create_app
from serving.inference.scorer import Scorer
from serving.openapi import client
from serving.openapi.document import openapi
from serving.settings import ServingSettings
from tests.models.releases import account, scoring
from tests.serving.asking import ask, write_scores

FEEDBACK = {
    "account_id": "a/1", "action": "called", "outcome": "open", "happened_on": "2026-01-06",
    "by": "csm-1",
}  # fmt: skip
SEATS = [SeatForecast("a/1", days, 10.0, 10.0, 12.0, 20.0) for days in (182, 364)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The client, written as a user writes it; its types are such as pydantic can check."""
    path = tmp_path_factory.mktemp("client") / "client.py"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["client", str(path)])
        client.main()
    text = path.read_text("utf-8")
    module = ModuleType("made_client")
    sys.modules[module.__name__] = module
    # Before Python 3.12 pydantic takes the same thing from another place only.
    exec(text.replace(", TypedDict", "\nfrom typing_extensions import TypedDict"), vars(module))  # noqa: S102
    yield module
    del sys.modules[module.__name__]


@pytest.fixture
def app(tmp_path: Path, released: Path) -> Iterator[FastAPI]:
    url = f"sqlite:///{tmp_path / 's.db'}"
    built = create_app(ServingSettings(store_url=url, release_folder=tmp_path, keys="off"))
    current = bundle.current(released)
    assert current is not None
    built.state.releases.scorer = Scorer.load(current, bundle.verify(current))
    inputs = Inputs(("one", "two"), {"a/1": (0.2, 0.7)})
    write_scores(built, scoring(), [account("a/1"), account("b", 2)], inputs)
    built.state.snapshots.refresh()
    store = ForecastStore(url)
    moment = datetime.fromisoformat("2026-01-05T06:00")
    store.write(StoredForecast(date(2026, 1, 5), "f" * 64, moment, {}), SEATS)
    store.close()
    built.state.forecasts.refresh()
    yield built
    for closing in (built.state.executor, built.state.forecasts, built.state.store):
        closing.close()


def asking(made: ModuleType, app: FastAPI) -> Any:
    def send(
        method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        answer = ask(app, method, url, headers=dict(headers), content=body)
        return answer.status_code, answer.content

    return made.Client("http://test", send=send)


def test_every_route_is_asked_and_answers_as_its_type_says(made: ModuleType, app: FastAPI) -> None:
    api = asking(made, app)
    row = {"id": "a/1", "values": [0.2, None]}
    found = {
        "is_live": api.is_live(),
        "is_ready": api.is_ready(),
        "list_accounts": api.list_accounts(csm_id="csm-1", limit=1),
        "get_account_history": api.get_account_history("a/1", limit=3),
        "get_account_score": api.get_account_score("a/1"),
        "get_account_seats": api.get_account_seats("a/1"),
        "ask_what_if": api.ask_what_if("a/1", {"changes": [{"feature": "one", "value": 0.9}]}),
        "give_feedback": api.give_feedback(FEEDBACK, idempotency_key="k-1"),
        "list_feedback": api.list_feedback(account_id="a/1"),
        "list_models": api.list_models(),
        "get_model": api.get_model("upsell"),
        "get_portfolio": api.get_portfolio(),
        "score_rows": api.score_rows({"features": ["one", "two"], "rows": [row], "reasons": True}),
        "get_scores": api.get_scores({"account_ids": ["b", "x"]}),
    }
    methods = dict(inspect.getmembers(made.Client, inspect.isfunction))
    assert set(found) == {name for name in methods if not name.startswith("_")}
    for name, answer in found.items():
        kind = getattr(made, methods[name].__annotations__["return"])
        kind.__pydantic_config__ = ConfigDict(strict=True)
        assert TypeAdapter(kind).validate_python(answer) == answer, name
        assert list(_by_crm(name, answer)) == [], name
    assert found["get_account_score"]["name"] == "Example Ltd"
    assert found["get_scores"]["not_found"] == ["x"]
    assert api.give_feedback(FEEDBACK, idempotency_key="k-1") == found["give_feedback"]


@cache
def _crm() -> Any:
    return json.loads(openapi(for_crm=True))


def _by_crm(name: str, answer: Any) -> Iterator[str]:
    """Yield what is wrong with an answer by the document that a CRM reads."""
    document = _crm()
    for path in document["paths"].values():
        for one in path.values():
            if client._snake(one["operationId"]) == name:
                good = next(a for status, a in one["responses"].items() if status[0] == "2")
                schema = _null_as_a_type(good["content"]["application/json"]["schema"])
                known = _null_as_a_type(document["components"])
                checker = Draft4Validator({**schema, "components": known})
                yield from (str(one) for one in checker.iter_errors(answer))


def _null_as_a_type(part: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as one of JSON Schema."""
    if isinstance(part, list):
        return [_null_as_a_type(one) for one in part]
    if not isinstance(part, dict):
        return part
    inner = {name: _null_as_a_type(one) for name, one in part.items() if name != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if part.get("nullable") is True else inner


def test_what_is_refused_is_an_error_that_says_why(made: ModuleType, app: FastAPI) -> None:
    api = asking(made, app)
    with pytest.raises(made.ApiError, match=r"404: .*'nobody'") as caught:
        api.get_account_score("nobody")
    assert (caught.value.status, len(caught.value.request_id) > 8) == (404, True)
    with pytest.raises(made.ApiError, match=r"422: .*account_ids") as caught:
        api.get_scores({"account_ids": []})
    assert len(caught.value.errors) == 1


class Echo(BaseHTTPRequestHandler):
    """Tells what it was sent; says no on one path, without JSON."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        told = {"path": self.path, "key": self.headers["authorization"], "body": body}
        self.send_response(201)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def do_GET(self) -> None:
        self.send_response(502)
        self.end_headers()
        self.wfile.write(b"<h1>Bad gateway</h1>")

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_without_a_way_of_its_own_it_sends_over_http(made: ModuleType, address: str) -> None:
    api = made.Client(f"{address}/", key="exp_1_2", timeout=5)
    told = api.ask_what_if("ä/1", {"champion_leaves": True})
    assert told == {
        "path": "/v1/accounts/%C3%A4%2F1/what-if",
        "key": "Bearer exp_1_2",
        "body": {"champion_leaves": True},
    }
    with pytest.raises(made.ApiError, match="502: <h1>Bad gateway"):
        api.get_portfolio()


def test_an_address_must_be_one_of_the_web(made: ModuleType) -> None:
    with pytest.raises(ValueError, match="no web address"):
        made.Client("file:///etc/hosts")
