"""The base added up, its forecast, and what is known of the models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI

from models.inference.contracted import Contracted
from models.plays.prioritisation import Decision
from models.release import bundle
from models.release.card import Card
from models.store.forecasts import ForecastStore, SeatForecast, StoredForecast
from serving.app import create_app
from serving.inference.scorer import Scorer
from serving.settings import ServingSettings
from tests.models.stored import account, scoring
from tests.serving.asking import PROBLEM, ask, write_scores
from tests.support.cards import card_json

WIDE = {"value": 1.1, "low_80": 1.0, "high_80": 1.2, "low_95": 0.9, "high_95": 1.3}
PARTS = ("contracted_up", "contracted_down", "expansion", "downsell", "churn")
FORECAST: dict[str, Any] = {
    "origin": "2026-08-03", "days": 364, "arr": 36_000.0, "nrr": WIDE, "grr": WIDE,
    "band": "better", "parts": dict.fromkeys(PARTS, WIDE), "quarters": 16,
}  # fmt: skip


ENDS = tuple(
    f"{name}_{end}"
    for name in ("expected_expansion_arr", "arr_at_risk", "net_expected_arr")
    for end in ("low", "high")
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    url = f"sqlite:///{tmp_path / 's.db'}"
    made = create_app(ServingSettings(store_url=url, release_folder=tmp_path, keys="off"))
    told = Decision("expand", "Do it.", "", None, 100.0, "listed", place=1)
    rows = [
        account(1, csm_id="csm-1", decision=told),
        account(2, csm_id="csm-1", arr=None),
        account(3, segment=None, expected_expansion_arr=0.333),
    ]
    write_scores(made, scoring(), rows)
    made.state.snapshots.refresh()
    yield made
    for closing in (made.state.executor, made.state.forecasts, made.state.store):
        closing.close()


def keep(
    app: FastAPI,
    tmp_path: Path,
    document: dict[str, Any],
    day: int = 3,
    seats: Sequence[SeatForecast] = (),
) -> None:
    store = ForecastStore(f"sqlite:///{tmp_path / 's.db'}")
    moment = datetime.fromisoformat("2026-08-04T06:00")
    store.write(StoredForecast(date(2026, 8, day), "f" * 64, moment, document), seats)
    store.close()
    app.state.forecasts.refresh()


def test_the_portfolio_adds_up_by_play_csm_and_segment(app: FastAPI) -> None:
    told = ask(app, "GET", "/v1/portfolio").json()
    ends = {name: told["total"].pop(name) for name in list(told["total"]) if name in ENDS}
    assert ends == dict.fromkeys(ENDS)
    assert told["total"] == {
        "accounts": 3, "listed": 1, "decided": 0, "without_arr": 1, "arr": 24_000,
        "expected_expansion_arr": 1800.33, "arr_at_risk": 900, "arr_lost_by_notice": None,
        "expected_loss_arr": 900, "arr_contracted_gain": None, "net_expected_arr": 900.33,
    }  # fmt: skip
    assert {one["name"]: one["accounts"] for one in told["by_csm"]} == {"csm-1": 2, None: 1}
    assert {one["name"]: one["accounts"] for one in told["by_segment"]} == {"smb": 2, None: 1}
    assert {one["name"]: one["listed"] for one in told["by_play"]} == {"expand": 1, None: 0}
    assert told["forecast"] is None


def test_totals_have_intervals_where_amounts_are_known_one_by_one(app: FastAPI) -> None:
    worth = {"upsell": 2_500.0, "cross_sell": 1_500.0, "downsell": 3_000.0, "churn": 12_000.0}
    leaves = Contracted(0.0, 0.0, 12_000.0, None, is_decided=True)
    rows = [account(n, worth=worth, csm_id=f"csm-{n % 2}") for n in range(1, 101)]
    gone = account(101, contracted=leaves, probabilities={}, worth={}, arr_at_risk=12_000.0,
                   expected_expansion_arr=0.0, csm_id="csm-1")  # fmt: skip
    errors = {name: {"spread": 0.5, "level": 0.1} for name in worth}
    written = scoring("2026-08-10-next", as_of=date(2026, 8, 10), amount_errors=errors)
    write_scores(app, written, [*rows, gone])
    app.state.snapshots.refresh()
    told = ask(app, "GET", "/v1/portfolio").json()
    total = told["total"]
    assert set(ENDS) <= total.keys()
    # A normal of the same variance is near where no account stands out.
    p, amount = np.array([0.31, 0.08]), np.array([2_500.0, 1_500.0])
    expected = float(100 * p @ amount)
    chance = 100 * (p * amount**2 * 1.25 - (p * amount) ** 2).sum()
    half = 1.2816 * float(np.sqrt(chance + (0.1 * expected) ** 2))
    low, high = total["expected_expansion_arr_low"], total["expected_expansion_arr_high"]
    assert (low, high) == pytest.approx((expected - half, expected + half), rel=0.05)
    assert 12_000 < total["arr_at_risk_low"] < total["arr_at_risk_high"]
    assert total["net_expected_arr_low"] < total["net_expected_arr_high"]
    for group in told["by_csm"]:
        width = group["expected_expansion_arr_high"] - group["expected_expansion_arr_low"]
        assert 0.4 < width / (high - low) < 0.8
    page = ask(app, "GET", "/app", headers={"accept-language": "en"}).text
    assert page.count("80 % interval: ") == 3
    assert ask(app, "GET", "/app?lang=de").text.count("80-%-Intervall: ") == 3


def test_the_newest_forecast_is_told(app: FastAPI, tmp_path: Path) -> None:
    keep(app, tmp_path, FORECAST)
    told = ask(app, "GET", "/v1/portfolio").json()["forecast"]
    assert (told["nrr"], told["band"], told["origin"]) == (WIDE, "better", "2026-08-03")


def test_the_seats_of_an_account_are_told_as_far_ahead_as_they_are_known(
    app: FastAPI, tmp_path: Path
) -> None:
    assert ask(app, "GET", "/v1/accounts/a-1/seats").status_code == 404
    given = [SeatForecast("a-1", 364, 20, 18, 26, 41), SeatForecast("a-1", 182, 20, 19, 22, 30)]
    keep(app, tmp_path, FORECAST, seats=given)
    assert ask(app, "GET", "/v1/accounts/a-1/seats").json() == {
        "account_id": "a-1", "as_of": "2026-08-03", "seats_licensed": 20,
        "ahead": [
            {"days": 182, "low": 19, "middle": 22, "high": 30},
            {"days": 364, "low": 18, "middle": 26, "high": 41},
        ],
    }  # fmt: skip
    missing = ask(app, "GET", "/v1/accounts/a-2/seats")
    assert (missing.status_code, missing.headers["content-type"]) == (404, PROBLEM)


def test_a_forecast_that_cannot_be_read_leaves_the_one_before(app: FastAPI, tmp_path: Path) -> None:
    keep(app, tmp_path, FORECAST)
    keep(app, tmp_path, {**FORECAST, "nrr": "much"}, day=10)
    assert ask(app, "GET", "/v1/portfolio").json()["forecast"]["origin"] == "2026-08-03"
    assert "forecast" in " ".join(ask(app, "GET", "/health/ready").json()["problems"])


def test_without_the_store_the_forecast_is_still_known(app: FastAPI, tmp_path: Path) -> None:
    keep(app, tmp_path, FORECAST)
    app.state.forecasts.close()
    for path in tmp_path.glob("s.db*"):
        path.write_text("this is no database, and long enough to be read as one")
    app.state.forecasts.refresh()
    assert app.state.forecasts.problems
    assert ask(app, "GET", "/v1/portfolio").json()["forecast"]["band"] == "better"


@pytest.fixture
def models(app: FastAPI, released: Path) -> FastAPI:
    path = bundle.current(released)
    assert path is not None
    app.state.releases.scorer = Scorer.load(path, bundle.verify(path))
    return app


def test_the_models_in_use_are_listed(models: FastAPI) -> None:
    told = ask(models, "GET", "/v1/models").json()
    [one] = told["models"]
    assert (one["target"], one["version"], one["verdict"]) == ("upsell", "1", "skill")


def test_a_model_tells_its_figures_and_inputs(models: FastAPI) -> None:
    auc = {"value": 0.8, "low": 0.7, "high": 0.9}
    rule = {"name": "rule of thumb", "auc": auc, "lead": auc, "brier": None}
    plain = card_json()
    card = card_json(
        version="7", verdict="skill", why="clear", trees=102, split="by time",
        metrics={"auc": auc}, baselines={"rule": rule},
        trained={**plain["trained"], "from": "2026-01-05", "to": "2026-03-02", "rows": 10},
        test={**plain["test"], "from": "2026-06-01", "to": "2026-06-08", "rows": 5},
    )  # fmt: skip
    scorer = models.state.releases.scorer
    changed = replace(scorer.models["upsell"], card=Card.from_json(card))
    models.state.releases.scorer = replace(scorer, models={"upsell": changed})
    told = ask(models, "GET", "/v1/models/upsell").json()
    assert told["metrics"] == [{"name": "auc", **auc}]
    assert told["peers"] == [{"name": "rule of thumb", "auc": {"name": "auc", **auc}}]
    assert [one["name"] for one in told["inputs"]] == ["one", "two"]
    assert (told["trained"]["first"], told["tested"]["rows"]) == ("2026-01-05", 5)
    assert json.loads(told["card"]) == card


def test_a_target_without_a_model_is_told_which_there_are(models: FastAPI) -> None:
    answer = ask(models, "GET", "/v1/models/renewal")
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert "upsell" in answer.json()["detail"]
