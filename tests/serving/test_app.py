from __future__ import annotations

import html
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from models.common import clock
from models.plays.prioritisation import Decision
from models.release import bundle
from models.store.scores import ScoreStore, Withdrawal
from serving.app import create_app
from serving.inference.release_watcher import ReleaseWatcher
from serving.settings import ServingSettings
from serving.snapshot import watcher
from tests.models.releases import account, scoring
from tests.serving.asking import PROBLEM, ask, write_scores


@pytest.fixture
def app(tmp_path: Path, released: Path) -> Iterator[FastAPI]:
    url = f"sqlite:///{tmp_path / 'scores.db'}"
    writer = ScoreStore(url)
    writer.write(scoring(), [account("a"), account("b", 2)])
    writer.close()
    made = create_app(ServingSettings(store_url=url, release_folder=released, keys="off"))
    made.state.snapshots.refresh()
    yield made
    made.state.store.close()


def test_a_known_account_gets_its_score_with_reasons_and_versions(app: FastAPI) -> None:
    answer = ask(app, "GET", "/v1/accounts/a/score")
    assert answer.status_code == 200
    body = answer.json()
    assert body["probabilities"] == {
        "upsell": 0.25, "cross_sell": None, "downsell": None, "churn": None,
    }  # fmt: skip
    assert body["reasons"]["upsell"]["up"][0]["text"] == "Use: 90 % (typical 50 %)"
    assert body["versions"]["release_id"] == "r1"
    assert "before calibration" in body["reasons_note"]


def test_an_answer_says_what_to_do_where_that_was_decided(app: FastAPI) -> None:
    told = Decision("fix_before_you_sell", "2 tickets: fix.", "Expand waits", "expand", 9.0)
    write_scores(app, scoring("s2", as_of=date(2026, 9, 7)), [replace(account("a"), decision=told)])
    app.state.snapshots.refresh()
    found = ask(app, "GET", "/v1/accounts/a/score").json()
    assert found["decision"] == asdict(told)
    assert found["decision"]["standing"] == "nothing_to_do"


def test_an_unknown_account_is_told_the_way_out(app: FastAPI) -> None:
    answer = ask(app, "GET", "/v1/accounts/nobody/score")
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert "'nobody'" in answer.json()["detail"]


def test_a_batch_keeps_its_order_and_lists_who_has_no_score(app: FastAPI) -> None:
    answer = ask(app, "POST", "/v1/scores", json={"account_ids": ["b", "x", "a", "b"]})
    assert [one["account_id"] for one in answer.json()["scores"]] == ["b", "a"]
    assert answer.json()["not_found"] == ["x"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {"account_ids": [str(number) for number in range(1001)]}}, 422),
        ({"json": {"account_ids": []}}, 422),
        ({"json": {"account_ids": ["a"], "more": 1}}, 422),
        ({"json": {"account_ids": [1]}}, 422),
        ({"json": ["a"]}, 422),
        ({"content": b'{"account_ids": ["a"'}, 415),
        ({"content": b"\xff\xfe", "headers": {"content-type": "application/json"}}, 400),
        ({"content": b" " * 2_200_000}, 413),
    ],
)
def test_a_bad_body_is_refused(app: FastAPI, sent: dict[str, Any], status: int) -> None:
    answer = ask(app, "POST", "/v1/scores", **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert answer.json()["status"] == status


def test_a_body_without_a_length_is_counted_as_it_comes(app: FastAPI) -> None:
    async def endless() -> Any:
        for _ in range(2200):
            yield b" " * 1000

    answer = ask(app, "POST", "/v1/scores", content=endless())
    assert answer.status_code == 413


@pytest.mark.parametrize(("path", "status"), [("/v1/nothing", 404), ("/v1/accounts/a/score", 405)])
def test_a_wrong_address_or_method_is_a_problem_document(
    app: FastAPI, path: str, status: int
) -> None:
    answer = ask(app, "DELETE", path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)


@pytest.mark.parametrize(
    ("sent", "kept"), [("crm-42", True), ("two words", False), ("x" * 65, False)]
)
def test_a_plain_request_id_is_kept_and_any_other_replaced(
    app: FastAPI, sent: str, kept: bool
) -> None:
    answer = ask(app, "GET", "/v1/accounts/nobody/score", headers={"X-Request-ID": sent})
    given = answer.headers["X-Request-ID"]
    assert (given == sent) is kept
    assert answer.json()["request_id"] == given


def test_a_store_that_is_gone_leaves_the_last_scores_and_says_so(
    app: FastAPI, tmp_path: Path
) -> None:
    app.state.releases.refresh()
    app.state.store.close()
    for path in tmp_path.glob("scores.db*"):
        path.write_text("this is no database, and long enough to be read as one")
    app.state.snapshots.refresh()
    answer = ask(app, "GET", "/v1/accounts/a/score")
    assert (answer.status_code, answer.json()["stale"]) == (200, True)
    ready = ask(app, "GET", "/health/ready")
    assert (ready.status_code, ready.json()["stale"]) == (200, True)
    assert "database" in ready.json()["problems"][0]


def test_an_answer_says_how_old_it_is(app: FastAPI) -> None:
    answer = ask(app, "GET", "/v1/accounts/a/score").json()
    age = (datetime.now(UTC).date() - date.fromisoformat(answer["as_of"])).days
    assert (answer["age_days"], answer["stale"]) == (age, age > 14)


def test_every_answer_follows_a_withdrawal(app: FastAPI, tmp_path: Path) -> None:
    write_scores(app, scoring("s2", as_of=date(2026, 9, 7)), [replace(account("a"), arr=7.0)])
    app.state.snapshots.refresh()
    paths = ("/v1/accounts/a/score", "/v1/accounts/a/history", "/v1/accounts", "/v1/portfolio")
    before = {path: ask(app, "GET", path).text for path in paths}
    with closing(ScoreStore(f"sqlite:///{tmp_path / 'scores.db'}")) as store:
        store.withdraw("s2", Withdrawal(datetime(2026, 9, 8), "ops", "wrong"))  # noqa: DTZ001
    app.state.snapshots.refresh()
    after = {path: ask(app, "GET", path) for path in paths}
    assert [path for path, text in before.items() if "2026-09-07" not in text] == []
    for path, answer in after.items():
        assert (answer.status_code, "2026-09-07" in answer.text) == (200, False), path


RANKS = {"by": "rule", "auc": 0.61, "low": 0.55, "high": 0.67, "accounts": 40}


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "Cross-sell: position 3 by the simple rule (AUC 0.61; 95 % interval: 0.55 to 0.67)"),
        ("de", "Cross-Sell: Platz 3 nach der einfachen Regel (AUC 0,61; 95-%-Intervall: 0,55 bis"),
    ],
)
def test_without_any_model_accounts_are_answered_with_their_place(
    app: FastAPI, language: str, says: str
) -> None:
    day = date(2026, 9, 7)
    newer = scoring("s2", as_of=day, release_id=None, models={}, rankings={"cross_sell": RANKS})
    unknown = {"expected_expansion_arr": None, "arr_at_risk": None, "probabilities": {}}
    ranked = replace(account("a"), **unknown, reasons={}, rankings={"cross_sell": 3})
    write_scores(app, newer, [ranked])
    app.state.snapshots.refresh()
    body = ask(app, "GET", "/v1/accounts/a/score").json()
    assert body["probabilities"]["cross_sell"] is None
    assert body["versions"]["release_id"] is None
    assert [(r["target"], r["by"], r["position"]) for r in body["rankings"]] == [
        ("cross_sell", "rule", 3)
    ]
    assert ask(app, "GET", "/health/ready").status_code == 200
    page = ask(app, "GET", "/app/accounts/a", headers={"accept-language": language}).text
    assert says in html.unescape(page)
    assert ask(app, "GET", "/app").status_code == 200


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_clock_set_back_is_on_every_page_and_in_every_answer(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    for module in (clock, watcher):
        monkeypatch.setattr(module, "utc_now", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    app.state.snapshots.refresh()
    for path in ("/v1/accounts/a/score", "/v1/accounts", "/v1/portfolio"):
        answer = ask(app, "GET", path).json()
        assert (answer["age_days"], answer["stale"]) == (None, None), path
    ready = ask(app, "GET", "/health/ready").json()
    assert ready["stale"] is None
    assert any("clock" in problem for problem in ready["problems"])
    says = {"en": "The server's clock is behind", "de": "Die Uhr des Servers geht nach"}[language]
    for path in ("/app", "/app/accounts/a"):
        page = ask(app, "GET", path, headers={"accept-language": language}).text
        assert says in html.unescape(page), path


@pytest.mark.parametrize("form", ["{0}", '"other", {0}', "W/{0}", "*"])
def test_a_copy_that_still_holds_is_not_sent_again(app: FastAPI, form: str) -> None:
    tag = ask(app, "GET", "/v1/accounts/a/score").headers["etag"]
    answer = ask(app, "GET", "/v1/accounts/a/score", headers={"If-None-Match": form.format(tag)})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


def test_a_copy_is_sent_again_once_the_score_or_its_age_is_another(app: FastAPI) -> None:
    before = ask(app, "GET", "/v1/accounts/a/score").headers["etag"]
    shown = app.state.snapshots.current
    app.state.snapshots.current = replace(shown, age_days=shown.age_days + 1)
    given = {"If-None-Match": before}
    older = ask(app, "GET", "/v1/accounts/a/score", headers=given)
    assert (older.status_code, older.json()["age_days"]) == (200, shown.age_days + 1)
    write_scores(app, scoring("s2", as_of=date(2026, 9, 7)), [account("a", chance=0.5)])
    app.state.snapshots.refresh()
    newer = ask(app, "GET", "/v1/accounts/a/score", headers={"If-None-Match": before})
    assert newer.json()["probabilities"]["upsell"] == 0.5


def test_an_id_may_hold_a_slash(app: FastAPI) -> None:
    write_scores(app, scoring("s2", as_of=date(2026, 9, 7)), [account("eu/7 'ü'")])
    app.state.snapshots.refresh()
    answer = ask(app, "GET", "/v1/accounts/eu%2F7%20'%C3%BC'/score")
    assert answer.json()["account_id"] == "eu/7 'ü'"


def test_ready_only_when_scores_and_a_release_are_there(app: FastAPI) -> None:
    before = ask(app, "GET", "/health/ready")
    assert before.status_code == 503
    assert before.json()["problems"]
    app.state.releases.refresh()
    after = ask(app, "GET", "/health/ready")
    assert (after.status_code, after.json()["status"]) == (200, "ready")


def test_a_broken_newer_release_is_refused_and_the_old_stays(
    tmp_path: Path, released: Path
) -> None:
    shutil.copytree(released, tmp_path, symlinks=True, dirs_exist_ok=True)
    good = bundle.current(tmp_path)
    assert good is not None
    watch = ReleaseWatcher(tmp_path)
    watch.refresh()
    shutil.copytree(good, tmp_path / "broken")
    (tmp_path / "broken" / "upsell" / "model.txt").write_text("tree\n")
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to("broken")
    watch.refresh()
    assert watch.release_id == good.name
    assert "does not have the hash" in watch.problems[0]


def test_names_in_the_interface_are_plain_identifiers(app: FastAPI) -> None:
    document = ask(app, "GET", "/openapi.json").json()
    operations = [
        one["operationId"] for path in document["paths"].values() for one in path.values()
    ]
    schemas = document["components"]["schemas"].values()
    fields = [name for one in schemas for name in one.get("properties", {})]
    assert operations
    assert all(name.isidentifier() for name in (*operations, *fields))
