"""A server that runs while somebody is erased stops answering for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from models.store import erased_ids, erasure
from models.store.audit_log import AuditLog
from models.store.scores import ScoreStore
from serving.app import create_app
from serving.settings import ServingSettings
from tests.models.stored import account, scoring
from tests.serving.asking import ask, services

GONE = "a-000001"


@pytest.fixture
def settings(tmp_path: Path) -> ServingSettings:
    url = f"sqlite:///{tmp_path / 's.db'}"
    store = ScoreStore(url)
    store.write(scoring(), [account(1), account(2), account(3)])
    store.close()
    return ServingSettings(
        store_url=url,
        release_folder=tmp_path / "release",
        cache_folder=tmp_path / "cache",
        keys="off",
    )


@pytest.fixture
def app(settings: ServingSettings) -> Iterator[FastAPI]:
    made = create_app(settings)
    made.state.snapshots.refresh()
    yield made
    made.state.store.close()


def test_from_the_next_look_on_it_is_answered_nowhere(
    app: FastAPI, settings: ServingSettings
) -> None:
    first = ask(app, "GET", "/v1/accounts?limit=1").json()
    erasure.erase(settings.store_url, "account", GONE)
    app.state.snapshots.refresh()
    assert ask(app, "GET", f"/v1/accounts/{GONE}/score").status_code == 404
    assert ask(app, "GET", f"/v1/accounts/{GONE}/history").status_code == 404
    assert ask(app, "POST", "/v1/scores", json={"account_ids": [GONE]}).json()["scores"] == []
    listed = ask(app, "GET", "/v1/accounts").json()
    assert [one["account_id"] for one in listed["accounts"]] == ["a-000002", "a-000003"]
    assert ask(app, "GET", f"/v1/accounts?cursor={first['next_cursor']}").status_code == 410
    assert GONE.encode() not in b"".join(
        path.read_bytes()
        for path in settings.cache_folder.iterdir()  # type: ignore[union-attr]
    )


def test_questions_that_were_on_their_way_arrive_nameless(
    app: FastAPI, settings: ServingSettings
) -> None:
    ask(app, "GET", f"/v1/accounts/{GONE}/score")
    erasure.erase(settings.store_url, "account", GONE)
    ask(app, "GET", f"/v1/accounts/{GONE}/score")
    services(app).audit_queue.refresh()
    log = AuditLog(settings.store_url)
    found = {one.account_id for one in log.read()}
    log.close()
    assert found == {erased_ids.pseudonym("account", GONE)}
    assert not any(erasure.mentions(settings.store_url, GONE).values())


def test_what_waits_for_the_store_is_told_on_ready(app: FastAPI) -> None:
    services(app).feedback_queue.problems = ("feedback waits for the store: gone",)
    assert "feedback waits" in json.dumps(ask(app, "GET", "/health/ready").json()["problems"])
