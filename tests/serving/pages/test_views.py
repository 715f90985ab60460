"""The portfolio pages: what they show, to whom, in which language, and what they refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from models.common.clock import stored_now
from models.store.api_keys import KeyStore, Scope, generate_key
from models.store.audit_log import AuditLog
from serving.auth.proxy_user import USER, ProxyUserMiddleware
from tests.serving.asking import ask, services
from tests.serving.paged import close, served, small_scorer

PAGE = "/app/accounts/a-000001"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    made_app = served(tmp_path_factory.mktemp("open"), keys="off")
    yield made_app
    close(made_app)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[FastAPI]:
    made_app = served(tmp_path)
    yield made_app
    close(made_app)


def token(answer: httpx.Response) -> str:
    found = re.search(r'name="token" value="([A-Za-z0-9_-]{43})"', answer.text)
    assert found, answer.text
    return found[1]


def new_key(app: FastAPI, folder: Path, scopes: tuple[Scope, ...]) -> str:
    stored, key = generate_key("crm desk", scopes, stored_now() + timedelta(days=1))
    store = KeyStore(f"sqlite:///{folder / 's.db'}")
    store.add(stored)
    store.close()
    services(app).key_cache.refresh()
    return key


def signed_in(app: FastAPI, folder: Path, *scopes: Scope) -> dict[str, str]:
    key = new_key(app, folder, scopes)
    form = {"token": token(ask(app, "GET", "/app/sign-in")), "key": key, "next": PAGE}
    answer = ask(app, "POST", "/app/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    kept = answer.headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept
    assert key not in kept
    return {"cookie": kept.partition(";")[0]}


def test_the_list_has_sums_filters_and_pages(app: FastAPI) -> None:
    first = ask(app, "GET", "/app")
    assert first.status_code == 200
    assert "Übermut &amp; Söhne" in first.text
    assert "Accounts found: 30" in first.text
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following
    second = ask(app, "GET", following[1].replace("&amp;", "&"))
    assert second.text.count("/app/accounts/") == 5
    assert "Übermut" not in second.text
    assert "Accounts found: 1<" in ask(app, "GET", "/app?play=expand&standing=listed").text
    assert "No accounts match" in ask(app, "GET", "/app?csm_id=csm-9").text


@pytest.mark.parametrize("wanted", ["übermut", "SÖHNE", "A-000001"])
def test_an_account_is_found_by_part_of_its_name_or_id(app: FastAPI, wanted: str) -> None:
    answer = ask(app, "GET", "/app", params={"name": wanted})
    assert answer.text.count("/app/accounts/") == 1
    assert "Übermut" in answer.text


def test_an_account_tells_its_play_journey_seats_champions_and_map(app: FastAPI) -> None:
    told = ask(app, "GET", PAGE).text
    assert "Do &lt;it&gt;." in told
    assert re.findall(r'<li class="(\w+)"><h3>', told) == [
        "reached", "unknown", "late", "ahead",
    ]  # fmt: skip
    assert "25\u00a0% of licensed" in told
    assert "Alert: a champion" in told
    assert "4 departments: 1 in productive use, 1 in talks, 2 not started" in told


def test_what_is_not_known_is_said(app: FastAPI) -> None:
    told = ask(app, "GET", "/app/accounts/a-000002").text
    assert "were not stored" in told
    assert "no play for the account" in told
    missing = ask(app, "GET", "/app/accounts/nobody")
    assert (missing.status_code, missing.headers["content-type"]) == (
        404, "text/html; charset=utf-8",
    )  # fmt: skip


def test_pages_may_load_nothing_but_their_own_files(app: FastAPI) -> None:
    answer = ask(app, "GET", PAGE)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script>|style=|onclick=|https?://", answer.text)
    for path in re.findall(r'(?:href|src)="(/app/static/[^"]+)"', answer.text):
        assert ask(app, "GET", path).status_code == 200
    assert ask(app, "GET", "/app/static/none.css").status_code == 404


def test_the_language_is_chosen_by_the_browser_by_the_switch_and_remembered(app: FastAPI) -> None:
    german = ask(app, "GET", "/app", headers={"accept-language": "de-DE"})
    assert '<html lang="de">' in german.text
    chosen = ask(app, "GET", "/app?lang=de")
    cookie = chosen.headers["set-cookie"].partition(";")[0]
    told = ask(app, "GET", PAGE, headers={"cookie": cookie, "accept-language": "en"})
    assert "3. August 2026" in told.text
    assert "12.000" in told.text


def test_who_has_not_signed_in_is_asked_to(locked: FastAPI) -> None:
    answer = ask(locked, "GET", PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/app/sign-in?next={PAGE}"
    form = {"token": token(ask(locked, "GET", "/app/sign-in")), "key": "exp_wrong"}
    refused = ask(locked, "POST", "/app/sign-in", data=form)
    assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)


@pytest.mark.parametrize("there", ["https://evil.example", "//evil.example", "/app//x", "/v1"])
def test_signing_in_leads_to_no_other_place(locked: FastAPI, tmp_path: Path, there: str) -> None:
    key = new_key(locked, tmp_path, ("read",))
    form = {"token": token(ask(locked, "GET", "/app/sign-in")), "key": key, "next": there}
    assert ask(locked, "POST", "/app/sign-in", data=form).headers["location"] == "/app"


def test_a_session_ends_with_its_key_and_cannot_be_forged(locked: FastAPI, tmp_path: Path) -> None:
    session = signed_in(locked, tmp_path, "read")
    assert ask(locked, "GET", PAGE, headers=session).status_code == 200
    name, value = session["cookie"].split("=")
    key_id, signed_at, signature = value.split(".")
    later = ("B" if signed_at[-3] != "B" else "C").join((signed_at[:-3], signed_at[-2:]))
    for forged in (
        f"{key_id}.{later}.{signature}", f"{key_id}.{signed_at}.{'0' * 43}", f"{key_id}..", "",
    ):  # fmt: skip
        answer = ask(locked, "GET", PAGE, headers={"cookie": f"{name}={forged}"})
        assert answer.status_code == 303, forged
    store = KeyStore(f"sqlite:///{tmp_path / 's.db'}")
    store.revoke(key_id)
    store.close()
    services(locked).key_cache.refresh()
    assert ask(locked, "GET", PAGE, headers=session).status_code == 303


def test_a_session_opens_no_route_of_the_api(locked: FastAPI, tmp_path: Path) -> None:
    session = signed_in(locked, tmp_path, "admin")
    assert ask(locked, "GET", "/v1/portfolio", headers=session).status_code == 401


def test_a_key_that_may_only_read_gets_no_forms(locked: FastAPI, tmp_path: Path) -> None:
    session = signed_in(locked, tmp_path, "read")
    told = ask(locked, "GET", PAGE, headers=session).text
    assert "lacks the scope score" in told
    assert "lacks the scope feedback" in told
    for path in (f"{PAGE}/what-if", "/app/feedback"):
        assert ask(locked, "POST", path, headers=session, data={}).status_code == 403


FEEDBACK = {"account_id": "a-000001", "action": "called", "outcome": "postponed", "play": "expand"}


def test_feedback_is_taken_once_however_often_it_is_sent(locked: FastAPI, tmp_path: Path) -> None:
    session = signed_in(locked, tmp_path, "read", "feedback")
    opened = ask(locked, "GET", PAGE, headers=session)
    key = re.search(r'name="idempotency_key" value="([^"]+)"', opened.text)
    assert key
    form = {**FEEDBACK, "token": token(opened), "idempotency_key": key[1], "amount": "1200,50"}
    for _ in range(2):
        answer = ask(locked, "POST", "/app/feedback", headers=session, data=form)
        assert answer.status_code == 303, answer.text
    [entry] = services(locked).feedback.read("a-000001", None, 0, 10)
    assert (entry.outcome, entry.amount, entry.by) == ("postponed", 1200.5, "crm desk")
    back = ask(locked, "GET", answer.headers["location"], headers=session)
    assert "Saved: Postponed" in back.text


@pytest.mark.parametrize(
    ("changes", "headers", "status"),
    [
        ({"token": "0" * 43}, {}, 403), ({}, {"sec-fetch-site": "cross-site"}, 403),
        ({"outcome": "great"}, {}, 422), ({"amount": "much"}, {}, 422),
        ({"amount": "nan"}, {}, 422), ({}, {"content-type": "text/plain"}, 415),
    ],
)  # fmt: skip
def test_a_form_that_is_wrong_or_from_elsewhere_is_refused(
    app: FastAPI, changes: dict[str, str], headers: dict[str, str], status: int
) -> None:
    form = {**FEEDBACK, "token": token(ask(app, "GET", PAGE)), **changes}
    answer = ask(app, "POST", "/app/feedback", data=form, headers=headers)
    assert (answer.status_code, "<h1" in answer.text) == (status, True)
    assert services(app).feedback.read(None, None, 0, 10) == []


def test_a_question_without_a_change_is_asked_back(app: FastAPI) -> None:
    form = {"token": token(ask(app, "GET", PAGE)), "seats_delta": "0"}
    answer = ask(app, "POST", f"{PAGE}/what-if", data=form)
    assert (answer.status_code, "Enter a change in seats" in answer.text) == (200, True)


def test_more_seats_show_before_and_after_with_reasons(app: FastAPI) -> None:
    app.state.releases.scorer = small_scorer()
    form = {"token": token(ask(app, "GET", PAGE)), "seats_delta": "50", "leaves": "1"}
    answer = ask(app, "POST", f"{PAGE}/what-if", data=form)
    assert answer.status_code == 200
    assert "Champions" in answer.text
    assert "champions_count" in answer.text
    assert "18,000" in answer.text
    refused = ask(app, "POST", f"{PAGE}/what-if", data={**form, "seats_delta": "-100"})
    assert (refused.status_code, "at least one must remain" in refused.text) == (422, True)


def test_who_looked_at_whom_is_audited(locked: FastAPI, tmp_path: Path) -> None:
    session = signed_in(locked, tmp_path, "read")
    ask(locked, "GET", PAGE, headers=session)
    services(locked).audit_queue.refresh()
    log = AuditLog(f"sqlite:///{tmp_path / 's.db'}")
    events = log.read(account_id="a-000001")
    log.close()
    assert [(one.key_id, one.status) for one in events] == [
        (session["cookie"].split("=")[1].split(".")[0], 200)
    ]


@pytest.mark.parametrize(("peer", "status"), [("10.1.2.3", 200), ("192.0.2.1", 303)])
def test_only_a_trusted_proxy_vouches_for_a_user(locked: FastAPI, peer: str, status: int) -> None:
    outer: Any = ProxyUserMiddleware(locked, "X-User", "10.0.0.0/8")

    async def from_there(scope: Any, receive: Any, send: Any) -> None:
        await outer({**scope, "client": (peer, 1)}, receive, send)

    answer = ask(from_there, "GET", PAGE, headers={"x-user": "someone"})  # type: ignore[arg-type]
    assert answer.status_code == status
    assert USER not in answer.text


def test_without_the_pages_nothing_answers_there(tmp_path: Path) -> None:
    app = served(tmp_path, keys="off", app="off")
    assert ask(app, "GET", "/app").status_code == 404
    close(app)
