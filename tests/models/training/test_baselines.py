from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.catalogue import columns
from features.labels.targets import TARGETS
from models.dataset.feature_table import FeatureTable
from models.statistics import metrics
from models.training import baselines
from tests.models.tables import feature_table

RULES = {
    name: baselines.practitioner(one.rule) for name, one in TARGETS.items() if one.rule is not None
}


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return feature_table(accounts=120, dates=8)


def outcome(table: FeatureTable, target: str) -> tuple[pd.DataFrame, np.ndarray]:
    rows = table.mature(target)
    return rows, rows[table.labels[target].column].to_numpy(float)


def area(rival: baselines.Rival, rows: pd.DataFrame, label: np.ndarray) -> float:
    return float(metrics.auc(rival.score(rows), label, np.ones((1, len(label))))[0])


def test_the_best_column_is_the_one_that_drives_the_outcome(table: FeatureTable) -> None:
    rows, label = outcome(table, "churn")
    best = baselines.best_column(table, rows, label)
    assert best.name == "single column: silent"
    assert area(best, rows, label) > 0.6


def test_a_column_that_lowers_the_outcome_is_turned_round(table: FeatureTable) -> None:
    rows, label = outcome(table, "churn")
    turned = rows.assign(silent=-rows["silent"])
    best = baselines.best_column(table, turned, label)
    assert best.name == "single column: silent"
    upright = baselines.best_column(table, rows, label)
    assert area(best, turned, label) == pytest.approx(area(upright, rows, label))


def test_columns_without_any_value_leave_an_even_score(table: FeatureTable) -> None:
    rows, label = outcome(table, "churn")
    empty = rows.assign(**dict.fromkeys(table.inputs, np.nan))
    best = baselines.best_column(table, empty, label)
    assert area(best, empty, label) == 0.5


def test_the_linear_rival_finds_the_signal_in_spite_of_gaps_and_new_names(
    table: FeatureTable,
) -> None:
    rows, label = outcome(table, "churn")
    rival = baselines.logistic(table, rows, label, seed=1)
    unseen = rows.assign(segment="never seen", use_28d=np.nan)
    scores = rival.score(unseen)
    assert np.isfinite(scores).all()
    assert ((scores > 0) & (scores < 1)).all()
    assert area(rival, rows, label) > 0.6


def test_a_linear_rival_does_without_an_input_that_is_empty(table: FeatureTable) -> None:
    frame = table.frame.assign(silent=np.nan)
    rows, label = outcome(replace(table, frame=frame), "upsell")
    assert area(baselines.logistic(table, rows, label, seed=1), rows, label) > 0.6


@pytest.mark.parametrize(
    ("target", "likelier", "less_likely"),
    [
        ("upsell", {"seats_utilization_28d": 0.95}, {"seats_utilization_28d": 0.3}),
        ("upsell", {"usage_trend_56d": 0.4}, {"usage_trend_56d": -0.4}),
        ("upsell", {"has_signed_ahead": 0.0}, {"has_signed_ahead": 1.0}),
        ("cross_sell", {"products_whitespace": 2.0}, {"products_whitespace": 0.0}),
        ("cross_sell", {"usage_functions_used_91d": 9.0}, {"usage_functions_used_91d": 1.0}),
        ("downsell", {"seats_utilization_91d": 0.1}, {"seats_utilization_91d": 0.9}),
        ("downsell", {"renewal_days": 30.0}, {"renewal_days": 300.0}),
        ("churn", {"usage_days_silent": 60.0}, {"usage_days_silent": 0.0}),
        ("churn", {"champions_days_since_lost": 30.0}, {"champions_days_since_lost": None}),
        ("churn", {"usage_trend_182d": -0.5}, {"usage_trend_182d": 0.5}),
        ("churn", {"renewal_days": 30.0}, {"renewal_days": None}),
    ],
)
def test_the_rule_says_what_a_practitioner_would(
    target: str, likelier: dict[str, float], less_likely: dict[str, float | None]
) -> None:
    rows = pd.DataFrame([likelier, less_likely], dtype=float)
    first, second = RULES[target].score(rows)
    assert first > second


@pytest.mark.parametrize("target", RULES)
def test_the_rule_is_even_where_a_company_has_none_of_its_columns(target: str) -> None:
    scores = RULES[target].score(pd.DataFrame({"arr": [1.0, 2.0]}))
    assert scores.shape == (2,)
    assert scores[0] == scores[1]
    assert np.isfinite(scores).all()


def test_every_column_a_rule_reads_is_in_the_catalogue() -> None:
    names = {column.name for column in columns()}
    read = set()

    def column(name: str, missing: float = 0.0) -> np.ndarray:
        read.add(name)
        return np.full(2, missing)

    for target in TARGETS.values():
        if target.rule is not None:
            target.rule(column)
    assert len(read) > 5
    assert read <= names
