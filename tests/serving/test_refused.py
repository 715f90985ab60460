"""What is refused, by kind, with which status: the table in docs/security.md is held by this."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from models.common.clock import stored_now
from models.store.api_keys import KeyStore, generate_key
from models.store.scores import ScoreStore
from serving.app import create_app
from serving.settings import ServingSettings
from tests.models.releases import account, scoring
from tests.serving.asking import PROBLEM, ask

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
KEYS = {
    scope: generate_key(scope, [scope], stored_now() + timedelta(days=1))
    for scope in ("admin", "read")
}
EXPIRED = generate_key("expired", ["admin"], stored_now() - timedelta(days=1))
ONCE = generate_key("once", ["admin"], stored_now() + timedelta(days=1), per_minute=1)
JSON = {"content-type": "application/json"}
GIVEN = {"account_id": "a", "action": "called", "outcome": "open", "happened_on": "2026-01-05",
         "by": "csm-1"}  # fmt: skip
Sent = dict[str, Any]


def get(path: str, **more: Any) -> Sent:
    return {"method": "GET", "path": path, **more}


def post(path: str, content: Any, **more: Any) -> Sent:
    body = {"content": content} if isinstance(content, bytes) else {"json": content}
    return {"method": "POST", "path": path, "headers": JSON, **body, **more}


def batch(content: Any, **more: Any) -> Sent:
    return post("/v1/scores", content, **more)


def rows(**changes: Any) -> Sent:
    body = {"features": ["one", "two"], "rows": [{"values": [1, 2]}], **changes}
    return post("/v1/rows/score", body)


def what_if(**changes: Any) -> Sent:
    return post("/v1/accounts/a/what-if", changes)


def given(**changes: Any) -> Sent:
    return post("/v1/feedback", {**GIVEN, **changes})


SCORE = "/v1/accounts/a/score"
BAD: dict[str, tuple[int, Sent]] = {
    "no key": (401, get(SCORE, key="")),
    "an unknown key": (401, get(SCORE, key="exp_000000000000_" + "0" * 43)),
    "an expired key": (401, get(SCORE, key=EXPIRED[1])),
    "a key without the scope": (403, {**given(), "key": KEYS["read"][1]}),
    "an unknown account": (404, get("/v1/accounts/nobody/score")),
    "an unknown path": (404, get("/v1/nothing")),
    "an unknown model": (404, get("/v1/models/nothing")),
    "another method": (405, {"method": "DELETE", "path": SCORE}),
    "a body over the limit": (413, batch(b" " * 2_200_000)),
    "a body of another type": (415, batch(b"<a/>", headers={"content-type": "text/xml"})),
    "another charset": (415, batch(b"{}", headers={"content-type": "application/json; charset=x"})),
    "a compressed body": (415, batch(b"{}", headers={**JSON, "content-encoding": "gzip"})),
    "no JSON": (400, batch(b"{'account_ids'")),
    "bytes that are no UTF-8": (400, batch(b'{"account_ids": ["\xff"]}')),
    "NaN": (400, batch(b'{"account_ids": NaN}')),
    "a key twice in an object": (400, batch(b'{"account_ids": ["a"], "account_ids": ["b"]}')),
    "half a character": (400, batch(rb'{"account_ids": ["\ud800"]}')),
    "nesting without end": (400, batch(b"[" * 100_000)),
    "a number of 5,000 digits": (400, batch(b'{"account_ids": ' + b"9" * 5000 + b"}")),
    "an unknown field": (422, batch({"account_ids": ["a"], "more": 1})),
    "another type": (422, batch({"account_ids": [1]})),
    "no ids": (422, batch({"account_ids": []})),
    "1,001 ids": (422, batch({"account_ids": [str(one) for one in range(1001)]})),
    "an id with a control character": (422, get("/v1/accounts/a%00/score")),
    "an id of 201 characters": (422, get(f"/v1/accounts/{'x' * 201}/score")),
    "a cursor that is none of ours": (422, get("/v1/accounts?cursor=x")),
    "a cursor of a list that is gone": (
        410,
        get("/v1/accounts?cursor=eyJlZGl0aW9uIjoieCIsIm9yZGVyIjoiYXRfc3Rha2UiLCJmaWx0ZXJzIjp7fX0"),
    ),
    "a limit of 0": (422, get("/v1/accounts?limit=0")),
    "an order that is none": (422, get("/v1/accounts?order_by=name")),
    "rows without an input": (422, rows(features=["one"])),
    "rows with a foreign input": (422, rows(features=["one", "two", "three"])),
    "1,001 rows": (422, rows(rows=[{"values": [1, 2]}] * 1001)),
    "a row of a wrong length, type or size": (200, rows(rows=[{"values": [1]}])),
    "a change of nothing": (422, what_if()),
    "a what-if where inputs were not kept": (
        409,
        what_if(changes=[{"feature": "three", "value": 1}]),
    ),
    "a number beyond 1e15": (422, what_if(seats_delta=1e300)),
    "feedback on a day to come": (422, given(happened_on="2999-01-01")),
    "feedback on an unknown play": (422, given(play="nothing")),
    "true for a number": (422, given(amount=True)),
    "a number for a day": (422, given(happened_on=0)),
    "an amount without end": (422, given(amount=1e300)),
    "a day that is none": (422, given(happened_on="2026-02-30")),
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, released: Path) -> Iterator[FastAPI]:
    url = f"sqlite:///{tmp_path_factory.mktemp('refused') / 's.db'}"
    store = ScoreStore(url)
    store.write(scoring(accounts=1), [account("a")])
    store.close()
    keys = KeyStore(url)
    for stored, _ in (*KEYS.values(), EXPIRED, ONCE):
        keys.add(stored)
    keys.close()
    app = create_app(ServingSettings(store_url=url, release_folder=released))
    app.state.services.key_cache.refresh()
    app.state.snapshots.refresh()
    app.state.releases.refresh()
    yield app
    app.state.executor.close()
    app.state.store.close()


def sent(app: FastAPI, asked: Sent) -> Any:
    asked = {"key": KEYS["admin"][1], "headers": {}, **asked}
    key = asked.pop("key")
    bearer = {"authorization": f"Bearer {key}"} if key else {}
    return ask(app, **{**asked, "headers": {**asked["headers"], **bearer}})


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_input_gets_its_status_and_says_why(app: FastAPI, kind: str) -> None:
    status, asked = BAD[kind]
    answer = sent(app, asked)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["detail"]
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    else:
        assert answer.json()["failed"] == 1
    assert "Traceback" not in answer.text


def test_asking_too_often_is_told_with_the_time_to_wait(app: FastAPI) -> None:
    asked = get(SCORE, key=ONCE[1])
    assert sent(app, asked).status_code == 200
    answer = sent(app, asked)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")


def test_the_document_lists_every_kind() -> None:
    section = DOCUMENT.read_text("utf-8").split("### By kind")[1].split("\n## ")[0]
    told = dict(re.findall(r"^\| (.+?) \| (\d{3})", section, re.MULTILINE))
    assert told == {kind: str(status) for kind, (status, _) in BAD.items()}
