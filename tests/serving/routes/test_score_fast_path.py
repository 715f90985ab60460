"""The short way answers what the route answers, and leaves the rest to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from serving.app import create_app
from serving.routes.score_fast_path import ScoreFastPath
from serving.settings import ServingSettings
from tests.models.stored import account, scoring
from tests.serving.asking import ask, write_scores

IDS = ("a-000001", "ü '2'", "eu/7", "what-if-co")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    url = f"sqlite:///{tmp_path / 's.db'}"
    made = create_app(ServingSettings(store_url=url, release_folder=tmp_path, keys="off"))
    rows = [account(rank, account_id=one) for rank, one in enumerate(IDS, start=1)]
    write_scores(made, scoring(), rows)
    made.state.snapshots.refresh()
    yield made
    made.state.store.close()


def both(app: FastAPI, monkeypatch: pytest.MonkeyPatch, method: str, path: str, **more: Any) -> Any:
    """Return the answers of the short way and of the long one."""
    more["headers"] = {"x-request-id": "same", **more.get("headers", {})}
    short = ask(app, method, path, **more)
    with monkeypatch.context() as closed:
        closed.setattr(ScoreFastPath, "_answer", lambda *_: (b"", ""))
        return short, ask(app, method, path, **more)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/accounts/a-000001/score"),
        ("GET", "/v1/accounts/%C3%BC%20'2'/score"),
        ("GET", "/v1/accounts/eu%2F7/score"),
        ("GET", "/v1/accounts/what-if-co/score"),
        ("GET", "/v1/accounts/a-000001/score%0A"),
        ("GET", "/v1/accounts/nobody/score"),
        ("GET", "/v1/accounts/a%00b/score"),
        ("GET", "/v1/accounts/a%0A/score"),
        ("GET", f"/v1/accounts/{'x' * 201}/score"),
        ("GET", "/v1/accounts//score"),
        ("GET", "/v1/accounts/a-000001/score/"),
        ("HEAD", "/v1/accounts/a-000001/score"),
        ("DELETE", "/v1/accounts/a-000001/score"),
    ],
)
def test_both_ways_agree(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    short, long = both(app, monkeypatch, method, path)
    assert (short.status_code, short.content) == (long.status_code, long.content)
    assert sorted(short.headers.items()) == sorted(long.headers.items())


def test_a_copy_that_holds_is_not_sent_again(app: FastAPI) -> None:
    tag = ask(app, "GET", "/v1/accounts/a-000001/score").headers["etag"]
    again = ask(app, "GET", "/v1/accounts/a-000001/score", headers={"if-none-match": tag})
    assert again.status_code == 304


def test_plain_lookups_go_the_short_way(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the shortcut is left to answer."""

    async def closed(*_: Any) -> None:
        raise AssertionError("the long way")

    monkeypatch.setattr(app, "router", closed)
    answer: httpx.Response = ask(app, "GET", "/v1/accounts/a-000001/score")
    assert answer.status_code == 200
