"""What is contracted in answers: no probability where the outcome is decided, unknown never 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from models.inference.contracted import Contracted
from models.inference.reasons import StoredReasons
from models.store.scored_inputs import Inputs
from models.store.scores import AccountScore
from serving.app import create_app
from serving.settings import ServingSettings
from tests.models.stored import account, scoring
from tests.serving.asking import PROBLEM, ask, write_scores
from tests.serving.paged import ACCOUNT, small_scorer

END = date(2026, 9, 10)
LEAVES = account(
    3,
    contracted=Contracted(0.0, 0.0, 12_000.0, END, is_decided=True),
    expected_expansion_arr=0.0,
    arr_at_risk=12_000.0,
    probabilities={},
    reasons=StoredReasons({}),
)
GIVES_PART = account(
    2,
    contracted=Contracted(9_000.0, 0.0, 3_000.0, END, is_decided=False),
    arr_at_risk=3_225.0,
)
RAMPS = account(1, contracted=Contracted(15_000.0, 3_000.0, 0.0, END, is_decided=False))
Make = Callable[..., FastAPI]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Return what makes a service of some accounts, scored by some models."""
    apps: list[FastAPI] = []

    def made(*accounts: AccountScore, licensed: float | None = 100.0, **changes: Any) -> FastAPI:
        url = f"sqlite:///{tmp_path / 's.db'}"
        app = create_app(ServingSettings(store_url=url, release_folder=tmp_path, keys="off"))
        app.state.releases.scorer = small_scorer()
        values = {**ACCOUNT, "seats_licensed": licensed}
        inputs = {each.account_id: tuple(values.values()) for each in accounts}
        write_scores(app, scoring(**changes), list(accounts), Inputs(tuple(ACCOUNT), inputs))
        app.state.snapshots.refresh()
        apps.append(app)
        return app

    yield made
    for app in apps:
        app.state.executor.close()
        app.state.store.close()


def test_a_decided_account_has_no_probability_and_says_when_it_ends(make: Make) -> None:
    app = make(RAMPS, GIVES_PART, LEAVES)
    told = ask(app, "GET", f"/v1/accounts/{LEAVES.account_id}/score").json()
    assert told["probabilities"] == dict.fromkeys(("upsell", "cross_sell", "downsell", "churn"))
    assert told["reasons"] == told["probabilities"]
    assert told["contracted"] == {
        "arr": 0, "gain": 0, "loss": 12_000, "effective_on": "2026-09-10", "is_decided": True,
    }  # fmt: skip
    assert (told["arr_at_risk"], told["net_expected_arr"]) == (12_000, -12_000)
    ramp = ask(app, "GET", f"/v1/accounts/{RAMPS.account_id}/score").json()
    assert (ramp["expected_expansion_arr"], ramp["net_expected_arr"]) == (900, 3_600)
    history = ask(app, "GET", f"/v1/accounts/{LEAVES.account_id}/history").json()
    assert history["scores"][0]["contracted"] == told["contracted"]


def test_nothing_can_be_asked_of_a_decided_account(make: Make) -> None:
    app = make(RAMPS, GIVES_PART, LEAVES)
    question = {"champion_leaves": True}
    answer = ask(app, "POST", f"/v1/accounts/{LEAVES.account_id}/what-if", json=question)
    assert (answer.status_code, answer.headers["content-type"]) == (409, PROBLEM)
    assert "known to end by 2026-09-10" in answer.json()["detail"]
    part = ask(app, "POST", f"/v1/accounts/{GIVES_PART.account_id}/what-if", json=question).json()
    whole = ask(app, "POST", f"/v1/accounts/{RAMPS.account_id}/what-if", json=question).json()
    # A quarter is lost by notice, and of that part nothing more is expected.
    for state in ("before", "after"):
        assert part[state]["arr_at_risk"] == pytest.approx(
            3_000 + 0.75 * whole[state]["arr_at_risk"], abs=0.02
        )


def test_sums_part_what_is_announced_from_what_is_expected(make: Make) -> None:
    told = ask(make(RAMPS, GIVES_PART, LEAVES), "GET", "/v1/portfolio").json()
    total = told["total"]
    assert (total["decided"], total["arr_lost_by_notice"]) == (1, 15_000)
    assert (total["expected_loss_arr"], total["arr_at_risk"]) == (525, 15_525)
    assert total["arr_contracted_gain"] == 3_000
    assert total["net_expected_arr"] == 1_800 + 3_000 - 15_525
    assert told["leaves_out"] == []


def test_what_no_model_looks_at_is_null_and_named(make: Make) -> None:
    unknown = account(1, arr_at_risk=None, probabilities={"upsell": 0.3})
    app = make(unknown, LEAVES, models={"upsell": "1"})
    left_out = ["cross_sell", "downsell", "churn"]
    told = ask(app, "GET", f"/v1/accounts/{unknown.account_id}/score").json()
    assert (told["arr_at_risk"], told["net_expected_arr"]) == (None, None)
    assert told["leaves_out"] == left_out
    assert ask(app, "GET", f"/v1/accounts/{LEAVES.account_id}/score").json()["leaves_out"] == []
    portfolio = ask(app, "GET", "/v1/portfolio").json()
    total = portfolio["total"]
    assert portfolio["leaves_out"] == left_out
    assert (total["arr_at_risk"], total["arr_lost_by_notice"]) == (12_000, 12_000)
    assert (total["expected_loss_arr"], total["net_expected_arr"]) == (None, None)
    page = ask(app, "GET", "/app", headers={"accept-language": "en"}).text
    assert "without downsell, churn: no model in use" in page
    assert "not known" in page
    german = ask(app, "GET", f"/app/accounts/{unknown.account_id}?lang=de").text
    assert "nicht bekannt" in german
    assert "ohne Downsell, Churn: kein Modell im Einsatz" in german


def test_the_page_of_a_decided_account_says_so_in_both_languages(make: Make) -> None:
    app = make(RAMPS, LEAVES)
    page = f"/app/accounts/{LEAVES.account_id}"
    english = ask(app, "GET", f"{page}?lang=en").text
    assert "Notice given: all subscriptions end by 10 September 2026." in english
    assert 'name="seats_delta"' not in english
    assert english.count("decided: notice given") == 4
    german = ask(app, "GET", f"{page}?lang=de").text
    assert "Gekündigt: Alle Verträge enden bis 10. September 2026." in german
    overview = ask(app, "GET", "/app?lang=en").text
    assert "ends on 10 September 2026" in overview
    assert "1 leaving: notice given" in overview


def test_a_page_speaks_of_no_seats_where_nothing_is_priced_by_them(make: Make) -> None:
    app = make(RAMPS, licensed=None)
    page = f"/app/accounts/{RAMPS.account_id}"
    english = ask(app, "GET", f"{page}?lang=en").text
    assert "No product held is priced by seats." in english
    assert "of licensed seats" not in english
    assert 'name="seats_delta"' not in english
    assert 'name="leaves"' in english
    assert "Kein Produkt mit Preis je Lizenz im Vertrag." in ask(app, "GET", f"{page}?lang=de").text
    asked = ask(app, "POST", f"/v1/accounts/{RAMPS.account_id}/what-if", json={"seats_delta": 5})
    assert asked.status_code == 422
    assert "nothing it holds is priced by seats" in asked.json()["errors"][0]
