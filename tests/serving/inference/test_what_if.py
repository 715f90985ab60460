"""What would become of an account: scenarios, checked changes, and reasons that add up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI

from features.errors import UsageError
from models.store.scored_inputs import Inputs
from serving.app import create_app
from serving.inference.scenarios import champion_leaves, seats_change
from serving.inference.scorer import Scorer
from serving.schemas.what_if import WhatIfAnswer
from serving.settings import ServingSettings
from tests.models.stored import account, scoring
from tests.serving.asking import PROBLEM, ask, write_scores
from tests.serving.paged import ACCOUNT, feature, small_scorer

PATH = "/v1/accounts/a-000001/what-if"


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    """Models that answer."""
    return small_scorer()


@pytest.fixture
def app(tmp_path: Path, scorer: Scorer) -> Iterator[FastAPI]:
    made = create_app(
        ServingSettings(
            store_url=f"sqlite:///{tmp_path / 's.db'}", release_folder=tmp_path, keys="off"
        )
    )
    made.state.releases.scorer = scorer
    given = Inputs(tuple(ACCOUNT), {"a-000001": tuple(ACCOUNT.values())})
    write_scores(made, scoring(), [account(1), account(2)], given)
    made.state.snapshots.refresh()
    yield made
    made.state.executor.close()
    made.state.store.close()


def test_more_seats_and_a_lost_champion_move_the_score_with_reasons(app: FastAPI) -> None:
    answer = ask(app, "POST", PATH, json={"seats_delta": 50, "champion_leaves": True})
    assert answer.status_code == 200, answer.text
    told = WhatIfAnswer.model_validate(answer.json())
    moved = {one.feature: (one.before, one.after) for one in told.changes}
    assert moved["seats_licensed"] == (100, 150)
    assert moved["seats_utilization_28d"] == (0.9, pytest.approx(0.6))
    assert moved["champions_count"] == (1, 0)
    assert moved["arr"] == (12_000, 18_000)
    before, after = told.before.probabilities, told.after.probabilities
    assert before["churn"] is not None
    assert after["churn"] is not None
    assert after["churn"] > before["churn"]
    assert told.reasons["churn"] is not None
    assert told.reasons["churn"].reasons[0].feature == "champions_count"
    assert told.reasons["churn"].reasons[0].text.endswith(": 0; previously 1")
    assert told.release_id == "r7"


def test_the_reasons_are_the_whole_difference(app: FastAPI, scorer: Scorer) -> None:
    answer = ask(app, "POST", PATH, json={"seats_delta": 50}).json()
    after = {**ACCOUNT, **{one["feature"]: one["after"] for one in answer["changes"]}}
    for name in ("churn", "upsell"):
        rows = [scorer.row(ACCOUNT), scorer.row(after)]
        raw = scorer.models[name].booster.predict(
            scorer._matrices(rows)[name], raw_score=True, num_threads=1
        )
        told = answer["reasons"][name]
        parts = sum(one["contribution"] for one in told["reasons"]) + told["others"]
        assert parts == pytest.approx(float(np.diff(raw)[0]), abs=1e-4)


def test_a_change_may_set_or_move_a_feature_and_name_what_is_not_known(app: FastAPI) -> None:
    changes = [
        {"feature": "plan", "value": "plus"},
        {"feature": "champions_count", "delta": 2},
        {"feature": "unit_price", "value": None},
    ]
    told = ask(app, "POST", PATH, json={"changes": changes}).json()
    moved = {one["feature"]: one["after"] for one in told["changes"]}
    assert moved == {"plan": "plus", "champions_count": 3, "unit_price": None}


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"changes": [{"feature": "nonsense", "value": 1}]}, "nonsense: is not an input"),
        ({"changes": [{"feature": "arr", "value": -1}]}, "arr: -1.0 is outside 0 to 1e+06"),
        ({"changes": [{"feature": "arr", "value": "much"}]}, "arr: 'much' is not a number"),
        ({"changes": [{"feature": "plan", "value": "gold"}]}, "do not know 'gold'"),
        ({"changes": [{"feature": "plan", "delta": 1}]}, "a delta cannot change"),
        ({"changes": [{"feature": "arr"}]}, "either value or delta"),
        ({"changes": [{"feature": "arr", "value": 1, "delta": 1}]}, "either value or delta"),
        ({"seats_delta": -100}, "at least one must remain"),
        ({"seats_delta": 1e16}, "less than or equal"),
        ({}, "give at least one change"),
        ({"champion_leaves": False}, "give at least one change"),
    ],
)
def test_what_cannot_be_is_told(app: FastAPI, wanted: dict[str, Any], told: str) -> None:
    answer = ask(app, "POST", PATH, json=wanted)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert told in json.dumps(answer.json()["errors"])


def test_all_that_is_wrong_is_told_at_once(app: FastAPI) -> None:
    changes = [{"feature": "x", "value": 1}, {"feature": "arr", "value": -1}]
    assert len(ask(app, "POST", PATH, json={"changes": changes}).json()["errors"]) == 2


def test_who_has_no_inputs_is_told_from_who_is_unknown(app: FastAPI) -> None:
    wanted = {"champion_leaves": True}
    assert ask(app, "POST", "/v1/accounts/nobody/what-if", json=wanted).status_code == 404
    answer = ask(app, "POST", "/v1/accounts/a-000002/what-if", json=wanted)
    assert answer.status_code == 409
    assert "expansion score" in answer.json()["detail"]


def test_a_release_with_other_inputs_waits_for_its_scores(app: FastAPI, scorer: Scorer) -> None:
    other = replace(scorer.models["churn"], features=(feature("new_input"),))
    app.state.releases.scorer = replace(scorer, models={"churn": other})
    answer = ask(app, "POST", PATH, json={"champion_leaves": True})
    assert answer.status_code == 409
    assert "new_input" in answer.json()["detail"]


def test_more_seats_move_all_that_is_counted_against_them() -> None:
    known = {
        "seats_licensed": 100.0, "seats_growth_364d": 0.25, "seats_headroom": 10.0,
        "seats_overage": 0.0, "employees": 500.0, "seats_whitespace_share": 0.8,
        "arr": 1000.0, "unit_price": 10.0, "arr_growth_364d": 0.0, "upsells_364d": 1.0,
        "seats_days_since_increase": 200.0, "downsells_364d": 0.0, "tickets_open": 3.0,
    }  # fmt: skip
    assert seats_change(known, 50) == pytest.approx({
        "seats_licensed": 150, "seats_growth_364d": 0.875, "seats_headroom": 60,
        "seats_overage": 0, "seats_whitespace_share": 0.7, "arr": 1500, "arr_growth_364d": 0.5,
        "upsells_364d": 2, "seats_days_since_increase": 1,
    })  # fmt: skip
    fewer = seats_change(known, -20)
    assert (fewer["seats_headroom"], fewer["seats_overage"]) == (0, 10)
    assert fewer["downsells_364d"] == 1
    assert "upsells_364d" not in fewer


def test_the_last_champion_takes_the_departments_along() -> None:
    known = {"champions_count": 1.0, "champions_departments": 1.0, "champions_usage_share_91d": 0.4,
             "champions_lost_364d": 0.0, "champions_days_since_lost": None,
             "has_champion_successor": None}  # fmt: skip
    assert champion_leaves(known) == {
        "champions_count": 0, "champions_departments": 0, "champions_usage_share_91d": None,
        "champions_lost_364d": 1, "champions_days_since_lost": 1, "has_champion_successor": 0,
    }  # fmt: skip
    two = champion_leaves({**known, "champions_count": 2.0, "champions_departments": 2.0})
    assert (two["champions_departments"], "champions_usage_share_91d" in two) == (1, False)
    with pytest.raises(UsageError, match="no active champion"):
        champion_leaves({"champions_count": 0.0})
