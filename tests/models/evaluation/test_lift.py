from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.evaluation.lift import Reach, reached

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
    everybody = found(capacity=50)["capacity of 50"]
    assert everybody.accounts == 10
    assert everybody.outcomes.value == pytest.approx(1)
    assert everybody.lift.value == pytest.approx(1)


def test_a_table_without_amounts_has_no_money_to_tell() -> None:
    rows = pd.DataFrame({"account_id": ["a", "b"], "as_of": DAYS[:1] * 2})
    told = reached(rows, np.array([1.0, 0.0]), np.array([0.9, 0.1]), seed=1)
    assert {one.arr for one in told} == {None}
