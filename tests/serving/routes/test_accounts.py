"""Ranked lists page by page, and an account's history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from models.plays.prioritisation import Decision
from models.store.scores import AccountScore
from serving.app import create_app
from serving.settings import ServingSettings
from tests.models.stored import account, scoring
from tests.serving.asking import PROBLEM, ask, write_scores

PLAYS = ("expand", "secure_champion")


def decided(number: int) -> AccountScore:
    """An account whose stake rises as its rank falls."""
    play = PLAYS[number % 2]
    told = Decision(play, "Do it.", "", None, 100.0 * number, "listed", place=number)
    more = {"csm_id": f"csm-{number % 3}", "arr_at_risk": float(number % 4), "decision": told}
    return account(number, **more)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    made = create_app(
        ServingSettings(
            store_url=f"sqlite:///{tmp_path / 's.db'}", release_folder=tmp_path, keys="off"
        )
    )
    publish(made, 3)
    yield made
    made.state.store.close()


def publish(app: FastAPI, day: int) -> None:
    rows = [decided(number) for number in range(1, 8)]
    write_scores(app, scoring(f"s{day}", as_of=date(2026, 8, day)), rows)
    app.state.snapshots.refresh()


def numbers(body: dict[str, Any]) -> list[int]:
    return [one["rank"] for one in body["accounts"]]


def listed(app: FastAPI, **query: Any) -> dict[str, Any]:
    answer = ask(app, "GET", "/v1/accounts", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7]),
        ({"order_by": "at_stake"}, [7, 6, 5, 4, 3, 2, 1]),
        ({"order_by": "arr_at_risk"}, [3, 7, 2, 6, 1, 5, 4]),
        ({"play": "secure_champion"}, [1, 3, 5, 7]),
        ({"play": "expand", "csm_id": "csm-0"}, [6]),
        ({"standing": "listed", "segment": "smb"}, [1, 2, 3, 4, 5, 6, 7]),
        ({"standing": "held_out"}, []),
        ({"csm_id": "' OR 1=1 --"}, []),
    ],
)
def test_a_list_is_ordered_and_filtered(
    app: FastAPI, query: dict[str, Any], expected: list[int]
) -> None:
    found = listed(app, **query)
    assert numbers(found) == expected
    assert (found["total"], found["next_cursor"]) == (len(expected), None)
    assert all(
        one["net_expected_arr"] == one["expected_expansion_arr"] - one["arr_at_risk"]
        for one in found["accounts"]
    )


@pytest.mark.parametrize("order", ["expected_expansion_arr", "at_stake", "arr_at_risk"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_make_up_the_list(app: FastAPI, order: str, limit: int) -> None:
    whole, seen, cursor = numbers(listed(app, order_by=order)), [], None
    while True:
        page = listed(app, **({"cursor": cursor} if cursor else {"order_by": order}), limit=limit)
        seen += numbers(page)
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == whole


def test_a_list_goes_on_in_its_scoring_and_is_gone_after_two_newer_ones(app: FastAPI) -> None:
    first = listed(app, limit=3)
    publish(app, 10)
    second = listed(app, cursor=first["next_cursor"], limit=3)
    assert (second["scoring_id"], numbers(second), second["stale"]) == ("s3", [4, 5, 6], True)
    assert second["age_days"] == first["age_days"]
    publish(app, 17)
    gone = ask(app, "GET", "/v1/accounts", params={"cursor": second["next_cursor"]})
    assert (gone.status_code, gone.headers["content-type"]) == (410, PROBLEM)
    assert "without a cursor" in gone.json()["detail"]


@pytest.mark.parametrize("cursor", ["x", "é", "e30", "bnVsbA", "_" * 2000, "eyJhZnRlciI6LTF9"])
def test_a_cursor_that_is_none_is_told(app: FastAPI, cursor: str) -> None:
    answer = ask(app, "GET", "/v1/accounts", params={"cursor": cursor})
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 501}, {"order_by": "name"}, {"play": ""}]
)
def test_what_a_list_cannot_be_asked_is_told(app: FastAPI, query: dict[str, Any]) -> None:
    assert ask(app, "GET", "/v1/accounts", params=query).status_code == 422


def test_the_history_is_newest_first_with_its_versions(app: FastAPI) -> None:
    publish(app, 10)
    found = ask(app, "GET", "/v1/accounts/a-000002/history").json()
    assert [one["as_of"] for one in found["scores"]] == ["2026-08-10", "2026-08-03"]
    assert found["scores"][1]["versions"]["scoring_id"] == "s3"
    assert found["scores"][0]["decision"]["play"] == "expand"
    one = ask(app, "GET", "/v1/accounts/a-000002/history", params={"limit": 1}).json()
    assert [past["as_of"] for past in one["scores"]] == ["2026-08-10"]
    assert ask(app, "GET", "/v1/accounts/nobody/history").status_code == 404
