from __future__ import annotations

import dataclasses

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.dataset.time_split import split
from models.explanation import reasons
from models.i18n.feature_text import phrase
from models.release.golden_rows import matrix_probabilities
from models.release.model_files import ModelFiles
from models.statistics import metrics
from models.statistics.bootstrap import Draws
from models.training.amounts import typical_share
from models.training.boosting import Params
from models.training.classifier import FittedModel, fit
from tests.models.tables import MATURE_DAYS, feature_table
from tests.support.cards import card

QUICK = Params(max_trees=80, patience=20, threads=1)


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return feature_table()


def fitted(table: FeatureTable, target: str, params: Params = QUICK) -> FittedModel:
    parts = split(sorted(table.mature(target)["as_of"].unique()), MATURE_DAYS)
    return fit(table, target, parts.final, params)


def test_same_data_and_seed_give_the_same_model(table: FeatureTable) -> None:
    one, two = fitted(table, "upsell"), fitted(table, "upsell")
    assert one.text == two.text
    assert one.calibration == {"method": "none"}
    other = fitted(table, "upsell", dataclasses.replace(QUICK, seed=8))
    assert other.text != one.text


def test_fitting_changes_nothing_it_was_given(table: FeatureTable) -> None:
    before = table.frame.copy(deep=True)
    fitted(table, "upsell")
    assert table.frame.equals(before)


def test_a_category_of_few_accounts_is_one_of_the_others_to_the_model(table: FeatureTable) -> None:
    model = fitted(table, "upsell")
    segment = next(one for one in model.features if one.name == "segment")
    assert segment.categories == ("enterprise", "smb")
    rare = table.frame[table.frame["segment"] == "rare"].head(1)
    unheard_of = rare.assign(segment="unheard of")
    assert matrix(rare, model.features)[0, 4] == matrix(unheard_of, model.features)[0, 4] == 2


def test_the_order_of_columns_does_not_matter(table: FeatureTable) -> None:
    model = fitted(table, "upsell")
    rows = table.newest()
    shuffled = rows[rows.columns[::-1]]
    np.testing.assert_array_equal(model.raw(rows), model.raw(shuffled))


def test_intervals_are_wider_when_the_rows_of_an_account_repeat_each_other() -> None:
    random = np.random.default_rng(5)
    label = (random.random(100) < 0.3).astype(float)
    score = label + random.normal(size=100)
    repeated_ids = np.repeat(np.arange(100), 10)
    label, score = np.repeat(label, 10), np.repeat(score, 10)
    by_account = Draws(pd.Series(repeated_ids), 1).interval(metrics.auc, score, label)
    by_row = Draws(pd.Series(np.arange(1000)), 1).interval(metrics.auc, score, label)
    assert by_account.high - by_account.low > 2 * (by_row.high - by_row.low)


def test_contributions_and_bias_add_up_to_the_raw_score(table: FeatureTable) -> None:
    model, rows = fitted(table, "upsell"), table.newest()
    booster = lgb.Booster(model_str=model.text)
    inputs = matrix(rows, model.features)
    whole = np.asarray(booster.predict(inputs, pred_contrib=True))
    shares = reasons.contributions(booster, inputs)
    np.testing.assert_allclose(shares.sum(1) + whole[:, -1], model.raw(rows), atol=1e-9)


def test_reasons_name_each_feature_once_and_pull_their_way(table: FeatureTable) -> None:
    model, rows = fitted(table, "upsell"), table.newest().head(50)
    shares = reasons.contributions(lgb.Booster(model_str=model.text), matrix(rows, model.features))
    frame = rows[[one.name for one in model.features]].astype(object)
    values = frame.where(frame.notna(), None).to_numpy().tolist()
    stems = {one.name: one.stem for one in model.features}
    units = {one.name: one.unit for one in model.features}
    segments = list(rows["segment"])
    all_told = reasons.reasons(shares, values, model.features, "EUR", segments=segments)
    for row, told in enumerate(all_told):
        assert sum(group.contribution for group in told.groups) == pytest.approx(
            shares[row].sum(), abs=1e-5
        )
        named = [stems[reason.feature] for reason in (*told.up, *told.down)]
        assert len(named) == len(set(named))
        assert all(reason.contribution > 0 for reason in told.up)
        assert all(reason.contribution < 0 for reason in told.down)
        numbers = [reason for reason in told.up if reason.feature != "segment"]
        known = segments[row] != "rare"  # too few accounts to compare with
        for one in numbers:
            unit = units[one.feature]
            texts = [phrase(unit, value, "EUR") for value in (one.value, one.typical)]
            # A flag is compared with what most of the segment has.
            shown = [("segment" in part) for part in one.text.split("; ")[1:]]
            assert shown == [known] * (texts[0] != texts[1]), one.text


def test_the_typical_share_is_that_of_the_outcomes(table: FeatureTable) -> None:
    assert typical_share(table, "upsell", table.mature("upsell")) == pytest.approx(0.2)


def test_golden_rows_and_fitted_model_agree(table: FeatureTable) -> None:
    model, rows = fitted(table, "churn"), table.newest()
    files = ModelFiles(model.text, model.calibration, model.features, card(), {})
    given = matrix_probabilities(files, matrix(rows, model.features))
    np.testing.assert_array_equal(given, model.probabilities(rows))


def test_a_declared_direction_is_kept_and_can_be_switched_off(table: FeatureTable) -> None:
    declared = [dict(one) for one in table.features]
    silent = next(one for one in declared if one["name"] == "silent")
    silent["monotone"] = {"churn": -1}  # the wrong way, so that heeding it can be seen
    bound = dataclasses.replace(table, features=tuple(declared))
    rows = pd.concat([table.newest().head(1)] * 50, ignore_index=True)
    rows["silent"] = np.linspace(0, 100, 50)
    assert (np.diff(fitted(bound, "churn").raw(rows)) <= 1e-12).all()
    free = fitted(bound, "churn", dataclasses.replace(QUICK, monotone=False))
    assert np.diff(free.raw(rows)).max() > 0
    assert free.text == fitted(table, "churn").text
