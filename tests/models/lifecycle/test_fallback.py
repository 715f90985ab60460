"""What ranks accounts where no model is in use: only what is clear of chance, and only an order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.labels.declaration import Columns
from models.dataset.feature_table import FeatureTable
from models.lifecycle.fallback import FEWEST_ACCOUNTS, Fallback, of_card, of_rule, ranked
from models.release.card import Baseline
from models.statistics import metrics
from models.statistics.interval import Interval
from tests.models.tables import feature_table
from tests.support.cards import card


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return feature_table()


def silent(columns: Columns) -> np.ndarray:
    return columns("silent")


def test_a_rule_that_is_clear_of_chance_ranks(table: FeatureTable) -> None:
    fallback = of_rule(table, "churn", silent, seed=1)
    assert fallback is not None
    assert fallback.by == "rule"
    assert 0.5 < fallback.low < fallback.auc < fallback.high
    assert fallback.accounts >= FEWEST_ACCOUNTS
    score = ranked(fallback, table, "churn", silent, seed=1)
    expected = table.newest()["silent"].fillna(0.0).to_numpy(float)
    assert (score == expected).all()
    assert Fallback.from_dict(fallback.as_dict()) == fallback


def test_chance_no_rule_and_a_handful_of_accounts_rank_nothing(table: FeatureTable) -> None:
    assert of_rule(table, "downsell", silent, seed=1) is None
    assert of_rule(table, "churn", None, seed=1) is None
    frame = table.frame.copy()
    few = frame["account_id"].isin(sorted(set(frame["account_id"]))[: FEWEST_ACCOUNTS - 1])
    happened = frame["churn_next_91d"].notna()
    frame.loc[happened, "churn_next_91d"] = few[happened].astype(float)
    frame.loc[few, "silent"] = 900.0
    assert of_rule(replace(table, frame=frame), "churn", silent, seed=1) is None


def test_a_regression_is_fitted_to_all_that_is_known(table: FeatureTable) -> None:
    fallback = Fallback("logistic", 0.7, 0.6, 0.8, 50)
    score = ranked(fallback, table, "upsell", None, seed=1)
    newest = table.newest()
    assert score.shape == (len(newest),)
    champions = newest["has_champion"] == 1
    used = (newest["use_28d"] > 0).to_numpy(float)[champions]
    weight = np.ones((1, int(champions.sum())))
    assert metrics.auc(score[champions], used, weight)[0] > 0.8


AUC = {
    "rule": Interval(0.63, 0.55, 0.7),
    "logistic": Interval(0.64, 0.56, 0.72),
    "better": Interval(0.7, 0.6, 0.8),
    "unclear": Interval(0.7, 0.49, 0.9),
}


@pytest.mark.parametrize(
    ("rule", "logistic", "by"),
    [
        ("rule", "rule", "rule"),
        ("rule", "better", "logistic"),
        ("unclear", "logistic", "logistic"),
        ("rule", "unclear", "rule"),
        ("unclear", "unclear", None),
    ],
)
def test_of_the_baselines_beside_a_model_the_better_clear_one_ranks(
    table: FeatureTable, rule: str, logistic: str, by: str | None
) -> None:
    described = card()
    any_baseline = Baseline("any", AUC["rule"], Interval(0.0, 0.0, 0.0), None)
    measured = {"rule": AUC[rule], "logistic": AUC[logistic]}
    days = sorted(table.mature("churn")["as_of"].unique())
    beside = replace(
        described,
        target="churn",
        test=replace(described.test, first=days[-4], last=days[-1]),
        baselines={key: replace(any_baseline, auc=auc) for key, auc in measured.items()},
    )
    fallback = of_card(beside, table)
    assert (fallback.by if fallback else None) == by
    leaky = of_card(replace(beside, suspects=("arr tells the outcome",)), table)
    assert (leaky.by if leaky else None) == (None if rule == "unclear" else "rule")
