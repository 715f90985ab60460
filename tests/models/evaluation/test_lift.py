from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.evaluation.lift import reached, simple_orders
from models.release.card import Reach

DAYS = (date(2026, 1, 5), date(2026, 2, 2))


def found(capacity: int | None = None) -> dict[str, Reach]:
    """Two dates of ten accounts: the likeliest have the outcome, and are worth least."""
    rows = pd.DataFrame(
        {
            "account_id": [f"a-{number}" for number in range(10)] * 2,
            "as_of": np.repeat(DAYS, 10),
        }
    )
    probability = np.tile(np.linspace(0.9, 0.1, 10), 2)
    label = np.tile([1, 1, 0, 0, 0, 0, 0, 0, 0, 1], 2).astype(float)
    amount = np.tile([10, 10, 0, 0, 0, 0, 0, 0, 0, 80], 2).astype(float)
    worth = np.tile(np.arange(10), 2).astype(float)
    told = reached(rows, label, probability, seed=1, amount=amount, worth=worth, capacity=capacity)
    return {one.at: one for one in told}


def test_outcomes_are_counted_among_the_likeliest_and_money_among_those_worth_most() -> None:
    first = found()["first 20 %"]
    assert first.accounts == 2
    assert first.outcomes.value == pytest.approx(4 / 6)
    assert first.lift.value == pytest.approx((4 / 6) / 0.2)
    assert first.arr is not None
    assert first.arr.value == pytest.approx(0.8)


def test_a_share_calls_on_at_least_one_account_of_every_date() -> None:
    assert found()["first 5 %"].accounts == 1


def test_the_capacity_of_the_team_is_told_beside_the_shares() -> None:
    assert "capacity of 3" in found(capacity=3)
    assert found(capacity=3)["capacity of 3"].accounts == 3


def test_a_depth_that_holds_all_accounts_of_every_date_is_left_out() -> None:
    for capacity in (10, 50):
        assert list(found(capacity=capacity)) == ["first 5 %", "first 10 %", "first 20 %"]
    assert "capacity of 9" in found(capacity=9)
    alone = pd.DataFrame({"account_id": ["a", "a"], "as_of": DAYS})
    label = np.array([1.0, 0.0])
    assert reached(alone, label, label, seed=1, amount=label, worth=label, capacity=4) == ()


def test_simpler_orders_stand_beside_the_model_with_a_paired_lead() -> None:
    random = np.random.default_rng(3)
    accounts = 4_000
    rows = pd.DataFrame({"account_id": [f"a-{n}" for n in range(accounts)], "as_of": DAYS[0]})
    arr, probability = random.lognormal(9, 1.0, accounts), random.beta(0.4, 2, accounts)
    label = (random.random(accounts) < probability).astype(float)
    first = reached(
        rows,
        label,
        probability,
        seed=1,
        amount=0.2 * label * arr,
        worth=probability * arr,
        rivals=simple_orders(arr, rule=np.full(accounts, 0.5)),
    )[1]
    assert first.arr is not None
    assert first.rivals is not None
    assert [rival.name for rival in first.rivals] == ["ARR", "rule times ARR"]
    by_arr, by_rule = first.rivals
    assert by_arr.arr == by_rule.arr
    assert by_arr.lead.value == pytest.approx(first.arr.value - by_arr.arr.value)
    assert by_arr.lead.low > 0
    # Paired: the same accounts are drawn for both orders.
    width = by_arr.lead.high - by_arr.lead.low
    assert width < (first.arr.high - first.arr.low) + (by_arr.arr.high - by_arr.arr.low)


def test_a_rule_whose_score_lies_below_0_ranks_large_accounts_first_that_it_rates_high() -> None:
    arr = np.array([100.0, 1.0, 50.0])
    orders = simple_orders(arr, rule=np.array([-2.0, 1.0, 1.0]))
    assert np.argsort(-orders["rule times ARR"]).tolist() == [2, 1, 0]
    assert list(simple_orders(arr, rule=None)) == ["ARR"]


def test_a_table_without_amounts_has_no_money_to_tell() -> None:
    rows = pd.DataFrame({"account_id": ["a", "b"], "as_of": DAYS[:1] * 2})
    told = reached(rows, np.array([1.0, 0.0]), np.array([0.9, 0.1]), seed=1)
    assert {one.arr for one in told} == {None}
