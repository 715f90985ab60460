"""A small company to look at: accounts, what they were scored on, and models that answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from fastapi import FastAPI

from models.inference.encoding import FeatureSpec
from models.plays.prioritisation import Decision
from models.store.scored_inputs import Inputs
from serving.app import create_app
from serving.inference.scorer import Model, Scorer
from serving.settings import ServingSettings
from tests.models.releases import model
from tests.models.stored import account, scoring
from tests.serving.asking import services, write_scores

ACCOUNT = {
    "seats_licensed": 100.0, "seats_utilization_28d": 0.9, "champions_count": 1.0,
    "arr": 12_000.0, "unit_price": 120.0, "plan": "basic",
}  # fmt: skip
INPUTS = {
    **ACCOUNT, "adoption_age_days": 120.0, "adoption_active_users_by_day_30": 7.0,
    "has_first_outcome_by_day_90": 0.0, "seats_activated": 25.0, "champions_lost_364d": 1.0,
    "departments_known": 4.0, "departments_green_share": 0.25, "departments_yellow_share": 0.25,
}  # fmt: skip


def feature(name: str) -> FeatureSpec:
    unit = "category" if name == "plan" else "count"
    known = (name, "group", name, unit, f"About {name}", None, None)
    if name == "plan":
        return FeatureSpec(*known, (None, None), ("basic", "plus"), "basic")
    return FeatureSpec(*known, (0.0, 1e6), None, 0.5)


def small_scorer() -> Scorer:
    """Return models in which seats raise upsell and a champion lowers churn."""
    random = np.random.default_rng(0)
    inputs = random.random((500, 6)) * [200, 1.5, 3, 20_000, 200, 2]
    inputs[:, 5] = inputs[:, 5].round()
    features = tuple(feature(name) for name in ACCOUNT)
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "seed": 1}
    models = {}
    for name, column, low in (("churn", 2, True), ("upsell", 1, False)):
        label = (inputs[:, column] < 1) if low else (inputs[:, column] > 0.8)
        text = lgb.train(settings, lgb.Dataset(inputs, label.astype(float)), 10).model_to_string()
        models[name] = Model.of(replace(model(), text=text, features=features))
    return Scorer("r7", models, {"currency": "EUR"})


def served(folder: Path, **changes: Any) -> FastAPI:
    """Return an application that shows thirty accounts, the first of them with all there is."""
    known = {"store_url": f"sqlite:///{folder / 's.db'}", "release_folder": folder / "release"}
    app = create_app(ServingSettings(**{**known, **changes}))
    decision = Decision("expand", "Do <it>.", "", "cross_sell", 100.0, "listed", place=1)
    rows = [
        account(1, name="Übermut & Söhne", csm_id="csm-1", decision=decision),
        *(account(number) for number in range(2, 31)),
    ]
    given = Inputs(tuple(INPUTS), {"a-000001": tuple(INPUTS.values())})
    write_scores(app, scoring(), rows, given)
    app.state.snapshots.refresh()
    services(app).key_cache.refresh()
    return app


def close(app: FastAPI) -> None:
    """Close what the application holds open."""
    for one in (app.state.executor, app.state.forecasts, app.state.store):
        one.close()
