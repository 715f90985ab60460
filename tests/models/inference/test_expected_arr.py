from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.labels.targets import TARGETS
from models.dataset.feature_table import FeatureTable, Label
from models.inference import expected_arr
from models.training.amounts import typical_share
from tests.models.tables import feature_table

AMOUNT = "upsell_arr_next_91d"


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return feature_table(accounts=60, dates=4)


def test_one_giant_deal_does_not_set_what_is_typical(table: FeatureTable) -> None:
    rows = table.mature("upsell").copy()
    usual = typical_share(table, "upsell", rows)
    giant = rows.index[rows["upsell_next_91d"] == 1][0]
    rows.loc[giant, AMOUNT] = rows.loc[giant, "arr"] * 1000
    assert typical_share(table, "upsell", rows) == pytest.approx(usual)


def test_shares_of_small_accounts_do_not_blow_up_the_sum(table: FeatureTable) -> None:
    rows = table.mature("upsell").copy()
    happened = rows["upsell_next_91d"] == 1
    small = np.arange(happened.sum()) % 2 == 0
    rows.loc[happened, "arr"] = np.where(small, 100.0, 10_000.0)
    rows.loc[happened, AMOUNT] = np.where(small, 200.0, 1000.0)
    share = typical_share(table, "upsell", rows)
    assert share * rows.loc[happened, "arr"].sum() == pytest.approx(
        rows.loc[happened, AMOUNT].sum()
    )


def test_without_outcomes_or_arr_there_is_no_typical_share(table: FeatureTable) -> None:
    rows = table.mature("upsell")
    nothing = rows.assign(upsell_next_91d=0.0)
    assert typical_share(table, "upsell", nothing) == 0
    for arr in (0.0, np.nan):
        assert typical_share(table, "upsell", rows.assign(arr=arr)) == 0


def test_outcomes_of_accounts_without_arr_do_not_count(table: FeatureTable) -> None:
    rows = table.mature("upsell")
    more = rows[rows["upsell_next_91d"] == 1].assign(arr=0.0)
    both = replace(table, frame=pd.concat([rows, more]))
    assert typical_share(both, "upsell", both.frame) == pytest.approx(0.2)


def test_an_expected_amount_is_chance_times_arr_times_share() -> None:
    chances = {"upsell": np.array([0.5, 0.1, 0.9]), "churn": np.array([0.2, 0.0, 1.0])}
    arr = np.array([1000.0, 2000.0, np.nan])
    shares = {"upsell": np.array([0.2, 0.2, 0.2]), "churn": np.ones(3)}
    amounts = expected_arr.expected_amounts(chances, shares, arr)
    np.testing.assert_allclose(expected_arr.expansion(amounts, TARGETS, 3), [100, 40, np.nan])
    np.testing.assert_allclose(expected_arr.loss(amounts, TARGETS, 3), [200, 0, np.nan])


def test_both_ways_to_grow_add_up_and_what_no_model_looked_at_is_not_known() -> None:
    two = {"upsell": np.array([100.0]), "cross_sell": np.array([30.0])}
    np.testing.assert_allclose(expected_arr.expansion(two, TARGETS, 1), [130])
    np.testing.assert_array_equal(expected_arr.loss(two, TARGETS, 1), [np.nan])
    np.testing.assert_array_equal(expected_arr.expansion({}, TARGETS, 2), [np.nan, np.nan])
    assert expected_arr.left_out(two, TARGETS) == ("downsell", "churn")
    assert expected_arr.left_out({"churn"}, TARGETS, "+") == ("upsell", "cross_sell")
    assert expected_arr.left_out(TARGETS, TARGETS) == ()


def test_what_excludes_each_other_never_sums_above_one() -> None:
    labels = {
        "downsell": Label("downsell", "d", None, "-", 122, excludes=("churn",)),
        "churn": Label("churn", "c", None, "-", 122),
        "upsell": Label("upsell", "u", None, "+", 91),
    }
    chances = {
        "downsell": np.array([0.2, 0.9]),
        "churn": np.array([0.3, 0.6]),
        "upsell": np.array([0.9, 0.9]),
    }
    shown = expected_arr.exclusive(chances, labels)
    np.testing.assert_allclose(shown["downsell"], [0.2, 0.6])
    np.testing.assert_allclose(shown["churn"], [0.3, 0.4])
    np.testing.assert_array_equal(shown["upsell"], chances["upsell"])
    alone = expected_arr.exclusive({"churn": chances["churn"]}, labels)
    np.testing.assert_array_equal(alone["churn"], chances["churn"])
