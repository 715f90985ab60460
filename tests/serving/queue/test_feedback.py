"""Feedback over HTTP: kept once, kept while the store is gone, refused when it makes no sense."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from features.errors import EnvironmentFailure
from models.store import erased_ids
from models.store.database import StoreDatabase, upgrade_schema
from models.store.feedback import Feedback, FeedbackStore
from serving.app import create_app
from serving.settings import ServingSettings
from tests.serving.asking import PROBLEM, ask, services

ALL = list(HealthCheck)
GIVEN = {
    "account_id": "a-000001",
    "action": "called",
    "outcome": "open",
    "happened_on": "2026-09-04",
    "by": "csm-07",
    "play": "expand",
    "note": "asked for a quote",
}


@pytest.fixture
def settings(tmp_path: Path) -> ServingSettings:
    url = f"sqlite:///{tmp_path / 's.db'}"
    upgrade_schema(url)
    return ServingSettings(store_url=url, release_folder=tmp_path / "release", keys="off")


@pytest.fixture
def app(settings: ServingSettings) -> Iterator[FastAPI]:
    made = create_app(settings)
    yield made
    made.state.store.close()


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """The store is gone until the value is called."""

    def fail(*_: Any) -> Any:
        raise EnvironmentFailure("the database is gone")

    with monkeypatch.context() as away:
        away.setattr(FeedbackStore, "add", fail)
        away.setattr(FeedbackStore, "write", fail)
        yield away.undo


def give(app: FastAPI, key: str = "", **changes: Any) -> httpx.Response:
    headers = {"idempotency-key": key} if key else {}
    return ask(app, "POST", "/v1/feedback", json={**GIVEN, **changes}, headers=headers)


def log(app: FastAPI, query: str = "") -> list[dict[str, Any]]:
    answer = ask(app, "GET", f"/v1/feedback{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def test_what_was_given_is_kept_and_read(app: FastAPI) -> None:
    answer = give(app, amount=1200.5)
    assert (answer.status_code, answer.json()["queued"]) == (201, False)
    (kept,) = log(app)
    assert kept.items() >= {**GIVEN, "amount": 1200.5, "scoring_id": None}.items()
    assert {**kept, "queued": False} == answer.json()
    assert datetime.now(UTC) - datetime.fromisoformat(kept["known_at"]) < timedelta(minutes=1)


def test_a_request_repeated_with_its_key_is_taken_once(app: FastAPI) -> None:
    first, again = give(app, "crm-1"), give(app, "crm-1")
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert len(log(app)) == 1
    assert give(app).json()["feedback_id"] != give(app).json()["feedback_id"]


def test_a_key_used_for_another_body_is_refused(app: FastAPI) -> None:
    give(app, "crm-1")
    answer = give(app, "crm-1", outcome="expanded")
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert "idempotency key" in answer.json()["detail"]
    assert [one["outcome"] for one in log(app)] == ["open"]


def test_while_the_store_is_gone_it_is_queued_and_then_kept_in_order(
    app: FastAPI, gone: Callable[[], None]
) -> None:
    answers = [give(app, f"crm-{number}", note=str(number)) for number in range(3)]
    assert [one.status_code for one in answers] == [202] * 3
    assert all(one.json()["queued"] for one in answers)
    again = give(app, "crm-1", note="1")
    assert (again.status_code, again.json()) == (202, answers[1].json())
    assert give(app, "crm-1", note="other").status_code == 422
    feedback_queue = services(app).feedback_queue
    feedback_queue.refresh()
    assert "gone" in feedback_queue.problems[0]
    gone()
    assert give(app, "crm-3", note="3").status_code == 202  # nothing overtakes what waits
    feedback_queue.refresh()
    assert (feedback_queue.problems, [one["note"] for one in log(app)]) == (
        (),
        ["0", "1", "2", "3"],
    )
    last = give(app, "crm-1", note="1")
    assert (last.status_code, last.json()) == (201, {**answers[1].json(), "queued": False})


def test_what_a_stopped_server_had_queued_the_next_one_keeps(
    app: FastAPI, settings: ServingSettings, gone: Callable[[], None]
) -> None:
    give(app, "crm-1")
    services(app).feedback_queue.close()
    gone()
    following = create_app(settings)
    assert give(following, "crm-1").status_code == 202
    services(following).feedback_queue.refresh()
    assert [one["note"] for one in log(following)] == ["asked for a quote"]


def test_without_store_and_disk_it_is_refused_and_not_lost_unseen(
    app: FastAPI, settings: ServingSettings, gone: Callable[[], None]
) -> None:
    settings.queue_folder("feedback").parent.parent.parent.mkdir(exist_ok=True)
    settings.queue_folder("feedback").parent.parent.write_text("no folder")
    answer = give(app)
    assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
    gone()
    assert log(app) == []


def test_an_erased_account_takes_no_more(app: FastAPI, settings: ServingSettings) -> None:
    database = StoreDatabase(settings.store_url)
    with database.writing() as connection:
        erased_ids.remember(connection, "account", "a-000001", datetime.fromisoformat("2026-09-01"))
    database.close()
    answer = give(app)
    assert (answer.status_code, answer.headers["content-type"]) == (410, PROBLEM)
    assert give(app, account_id="a-000002").status_code == 201


def test_the_log_is_read_page_by_page(app: FastAPI) -> None:
    for number in range(5):
        give(app, note=str(number))
    first = ask(app, "GET", "/v1/feedback?limit=2").json()
    second = ask(app, "GET", f"/v1/feedback?limit=3&cursor={first['next_cursor']}").json()
    assert [one["note"] for one in first["entries"] + second["entries"]] == list("01234")
    assert second["next_cursor"] is None


def test_the_log_is_read_by_account_and_by_time(app: FastAPI) -> None:
    give(app)
    give(app, account_id="b")
    assert [one["account_id"] for one in log(app, "?account_id=b")] == ["b"]
    assert log(app, "?since=2999-01-01T00:00:00Z") == []
    assert len(log(app, "?since=2020-01-01T00:00:00%2B02:00")) == 2


BAD: dict[str, dict[str, Any]] = {
    "an action that is none": {"action": "shouted"},
    "an outcome that is none": {"outcome": "great"},
    "a play that is none": {"play": "sell_everything"},
    "a day that is none": {"happened_on": "2026-02-30"},
    "a day to come": {"happened_on": "2999-01-01"},
    "nobody": {"by": ""},
    "an unknown field": {"mood": "good"},
    "an amount beyond all money": {"amount": 1e13},
    "an amount in words": {"amount": "much"},
    "a note without end": {"note": "x" * 2001},
    "a zero byte in a note": {"note": "a\x00b"},
    "a control character in an id": {"account_id": "a\nb"},
    "an id without end": {"account_id": "a" * 201},
}


@pytest.mark.parametrize("kind", BAD)
def test_what_makes_no_sense_is_refused(app: FastAPI, kind: str) -> None:
    answer = give(app, **BAD[kind])
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert len(answer.json()["errors"]) == 1


@pytest.mark.parametrize("key", ["x" * 256, "two words", "ü"])
def test_an_idempotency_key_is_a_plain_word(app: FastAPI, key: str) -> None:
    headers = {"idempotency-key": key.encode()}
    answer = ask(app, "POST", "/v1/feedback", json=GIVEN, headers=headers)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        "?cursor=x",
        "?cursor=-1",
        "?cursor=99999999999999999999",
        "?limit=0",
        "?limit=1001",
        "?since=yesterday",
        "?since=0001-01-01T00:00:00%2B14:00",
        "?account_id=",
        "?account_id=%00",
    ],
)
def test_a_question_that_makes_no_sense_is_refused(app: FastAPI, query: str) -> None:
    answer = ask(app, "GET", f"/v1/feedback{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)


def test_keys_of_two_callers_are_two_keys(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Feedback] = []
    monkeypatch.setattr(FeedbackStore, "add", lambda _self, one: taken.append(one) or one)
    for key_id in ("0" * 12, "1" * 12):
        monkeypatch.setattr("serving.routes.feedback._key_id", lambda _request, k=key_id: k)
        give(app, "crm-1")
    ids: Sequence[str] = [one.feedback_id for one in taken]
    assert len(set(ids)) == 2


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@settings_of_hypothesis(derandomize=True, max_examples=60, deadline=None, suppress_health_check=ALL)
@given(field=st.sampled_from([*GIVEN, "amount", "scoring_id", "x"]), value=ANYTHING)
def test_whatever_is_sent_in_a_field_is_kept_or_refused(
    app: FastAPI, field: str, value: Any
) -> None:
    content = json.dumps({**GIVEN, field: value})
    headers = {"content-type": "application/json"}
    answer = ask(app, "POST", "/v1/feedback", content=content, headers=headers)
    assert answer.status_code in (201, 400, 422), answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", True), ("amount", "12"), ("happened_on", 0), ("happened_on", "0"), ("by", 7)],
)
def test_nothing_is_taken_for_another_type(app: FastAPI, field: str, value: Any) -> None:
    answer = give(app, **{field: value})
    assert answer.status_code == 422
    assert field in answer.json()["errors"][0]


def test_a_moment_is_no_number_of_seconds(app: FastAPI) -> None:
    assert ask(app, "GET", "/v1/feedback?since=0.5").status_code == 422


def test_a_refused_method_is_told_all_that_are_allowed(app: FastAPI) -> None:
    answer = ask(app, "DELETE", "/v1/feedback")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
