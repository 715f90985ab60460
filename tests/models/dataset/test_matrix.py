"""Which names of a category a model tells apart, and what becomes of the others."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import FEWEST_ACCOUNTS, matrix, specify
from models.explanation.importance import _curve
from models.inference.encoding import FeatureSpec, Merged, encode
from models.statistics import metrics
from models.training.baselines import logistic
from models.training.boosting import Boosting, Params
from serving.inference.scorer import Encoding
from tests.models.tables import feature, feature_table

FIRST = date(2024, 1, 1)
LABEL = "churn_next_91d"


def table_of(sectors: np.ndarray, chances: np.ndarray, dates: int, seed: int) -> FeatureTable:
    """Return accounts of these sectors that leave with these chances, and two columns of noise."""
    random, accounts = np.random.default_rng(seed), len(sectors)
    parts = [
        pd.DataFrame(
            {
                "account_id": [f"a-{number:05}" for number in range(accounts)],
                "as_of": FIRST + timedelta(days=91 * number),
                "sector": sectors,
                "use": random.normal(size=accounts),
                "age": random.normal(size=accounts),
                LABEL: (random.random(accounts) < chances).astype(float),
            }
        )
        for number in range(dates)
    ]
    example = feature_table(accounts=2, dates=2)
    features = (feature("sector", "category"), feature("use"), feature("age"))
    labels = {"churn": example.labels["churn"]}
    return FeatureTable(pd.concat(parts, ignore_index=True), features, labels, example.meta)


def later_auc(table: FeatureTable) -> tuple[float, float]:
    """Return the AUC of a model and of logistic regression on the last third of the dates."""
    days = sorted(table.frame["as_of"].unique())
    early, later = (
        table.frame[table.frame["as_of"].isin(part)].reset_index(drop=True)
        for part in (days[: len(days) * 2 // 3], days[len(days) * 2 // 3 :])
    )
    features, label = specify(table, early), early[LABEL].to_numpy(float)
    boosting = Boosting(matrix(early, features), label, features)
    is_valid = (early["as_of"] == early["as_of"].max()).to_numpy()
    stopped = boosting.early_stopped(np.flatnonzero(~is_valid), np.flatnonzero(is_valid), Params())
    booster, outcome = boosting.fitted(stopped.trees, Params()), later[LABEL].to_numpy(float)
    rival = logistic(table, early, label, 1)
    scores = (np.asarray(booster.predict(matrix(later, features))), rival.score(later))
    model, regression = (
        float(metrics.auc(score, outcome, np.ones((1, len(outcome))))[0]) for score in scores
    )
    return model, regression


def test_two_sectors_of_twelve_are_found() -> None:
    sectors = np.array([f"sector {number % 12:02}" for number in range(720)], object)
    matters = np.isin(sectors, ["sector 03", "sector 07"])
    model, regression = later_auc(table_of(sectors, np.where(matters, 0.40, 0.04), 9, seed=1))
    # No sector has a tenth of the accounts; when that was asked for, the model had 0.52.
    assert model > 0.75
    assert model > regression - 0.02


@pytest.mark.parametrize("levels", [60, 200], ids=["one by one", "sets"])
def test_names_that_say_nothing_give_no_skill(levels: int) -> None:
    names = np.array([f"n{number % levels:03}" for number in range(levels * 31)], object)
    model, _ = later_auc(table_of(names, np.full(len(names), 0.08), 6, seed=levels))
    assert model == pytest.approx(0.5, abs=0.03)


def test_rare_names_are_one_category_and_are_named() -> None:
    names = [f"rare {number}" for number in range(9) for _ in range(number + 1)]
    names += ["known"] * FEWEST_ACCOUNTS + ["nearly"] * (FEWEST_ACCOUNTS - 1)
    table = table_of(np.array([*names, None], object), np.full(len(names) + 1, 0.5), 2, seed=1)
    sector = specify(table, table.frame)[0]
    assert sector.categories == ("known",)
    assert sector.merged == Merged(
        {"nearly": 29, "rare 8": 9, "rare 7": 8, "rare 6": 7, "rare 5": 6}, levels=10, accounts=74
    )
    rows = [{"sector": name} for name in ("known", "nearly", "rare 1", "never seen", None)]
    assert encode(rows, [sector])[:, 0].tolist() == pytest.approx([0, 1, 1, 1, np.nan], nan_ok=True)


def test_training_and_serving_take_a_name_for_the_same() -> None:
    table = feature_table(accounts=240, dates=2)
    features = specify(table, table.frame)
    segment = next(spec for spec in features if spec.name == "segment")
    assert segment.merged is not None
    assert set(segment.merged.names) == {"rare"}
    serving = Encoding(features, [spec.name for spec in features])
    for name in ("smb", "rare", "never seen", "", None):
        row = {"use_28d": 0.5, "segment": name}
        values = [row.get(spec.name) for spec in features]
        np.testing.assert_array_equal(serving.matrix([values]), encode([row], features))
        frame = pd.DataFrame([{spec.name: row.get(spec.name) for spec in features}], dtype=object)
        np.testing.assert_array_equal(serving.matrix([values]), matrix(frame, features))


def test_the_others_have_a_place_in_the_curve_of_a_category() -> None:
    spec = FeatureSpec(
        "sector", "g", "sector", "category", "Sector", None, None, (None, None), ("a", "b"), "a"
    )
    curve = _curve(
        spec, np.array([0.0, 1.0, 2.0, 2.0, np.nan]), np.array([1.0, 2.0, 3.0, 3.0, 9.0])
    )
    assert curve.value == ("a", "b", "other")
    assert curve.effect == (1.0, 2.0, 3.0)
