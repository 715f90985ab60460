"""Seat demand: outcomes from later rows, intervals that hold, and no look past what was known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import DataError
from models.dataset.feature_table import FeatureTable
from models.forecast.seat_demand import AS_TODAY, MODEL, SeatDemand, seat_demand, with_outcome
from models.statistics.interval import Interval
from models.training import quantiles
from models.training.boosting import Params
from tests.models.seats import seats_table
from tests.support.company import rows

PARAMS = Params(threads=1)


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return seats_table()


@pytest.fixture(scope="module")
def demand(table: FeatureTable) -> SeatDemand:
    return seat_demand(table, 182, PARAMS)


def outcomes(text: str, days: int) -> list[tuple[str, str, float]]:
    frame = pd.DataFrame(
        {
            "account_id": row["account"],
            "as_of": date.fromisoformat(row["as_of"]),
            "seats_licensed": float(row["seats"]),
            "seats_contracted_ahead": float(row["signed"]),
        }
        for row in rows(text)
    )
    found = with_outcome(frame, days, 28)
    then = found["signed"] * np.exp(found["ratio"])
    named = zip(found["account_id"], found["as_of"].astype(str), then.round(6), strict=True)
    return sorted(named)


def test_the_outcome_is_what_the_account_licenses_later_if_it_is_still_there() -> None:
    text = """
    account | as_of      | seats | signed
    stays   | 2024-01-01 | 10    | 0
    stays   | 2024-06-17 | 20    | 0
    stays   | 2024-07-15 | 30    | 0
    left    | 2024-01-01 | 10    | 0
    left    | 2024-06-17 | 10    | 0
    starts  | 2024-01-01 | 0     | 0
    starts  | 2024-06-17 | 8     | 0
    starts  | 2024-07-15 | 8     | 0
    """
    # Day 182 lies in the middle of two dates of the table, 168 and 196 days on.
    assert outcomes(text, 182) == [("stays", "2024-01-01", 25.0)]


def test_what_is_signed_for_the_year_is_no_demand_to_predict() -> None:
    text = """
    account | as_of      | seats | signed
    ramp    | 2024-01-01 | 10    | 30
    ramp    | 2024-12-30 | 40    | 0
    """
    frame = pd.DataFrame(
        {
            "account_id": "ramp",
            "as_of": [date(2024, 1, 1), date(2024, 12, 30)],
            "seats_licensed": [10.0, 40.0],
            "seats_contracted_ahead": [30.0, 0.0],
        }
    )
    assert outcomes(text, 364) == [("ramp", "2024-01-01", 40.0)]
    assert with_outcome(frame, 364, 28)["ratio"].tolist() == [0.0]


def test_seats_known_to_end_within_the_year_are_no_demand() -> None:
    text = """
    account | as_of      | seats | signed
    part    | 2024-01-01 | 10    | -4
    part    | 2024-12-30 | 9     | 0
    all     | 2024-01-01 | 10    | -10
    all     | 2024-12-30 | 8     | 0
    """
    assert outcomes(text, 364) == [("part", "2024-01-01", 9.0)]


def test_who_has_no_seat_left_by_contract_gets_none_in_a_year() -> None:
    table = seats_table(signal=False, dates=45)
    ending = table.frame["account_id"] < "a-0050"
    seats = table.frame["seats_licensed"]
    frame = table.frame.assign(seats_contracted_ahead=np.where(ending, -seats, 0.0))
    found = seat_demand(replace(table, frame=frame), 364, PARAMS).accounts
    ending = found["account_id"] < "a-0050"
    assert (found.loc[ending, ["low", "middle", "high"]] == 0).all(axis=None)
    assert (found.loc[~ending, "middle"] > 0).all()


def test_a_signal_is_found_and_the_interval_holds_what_comes(demand: SeatDemand) -> None:
    assert demand.method == MODEL
    assert demand.nearer.low > 0.1
    assert 0.75 < demand.covered.value < 0.95


def test_without_a_signal_it_is_as_today() -> None:
    found = seat_demand(seats_table(signal=False), 182, PARAMS)
    assert found.method == AS_TODAY
    accounts = found.accounts
    assert (accounts["middle"] == accounts["seats"]).all()
    assert (accounts["high"] > accounts["seats"]).any()


def test_ends_are_whole_seats_that_never_cross(demand: SeatDemand) -> None:
    accounts = demand.accounts
    assert len(accounts) == 500
    ends = accounts[["low", "middle", "high"]].to_numpy()
    assert (np.diff(ends, axis=1) >= 0).all()
    assert (ends >= 0).all()
    assert (ends == np.rint(ends)).all()


def test_same_table_and_seed_give_the_same_demand(table: FeatureTable, demand: SeatDemand) -> None:
    before = table.frame.copy()
    again = seat_demand(table, 182, PARAMS)
    pd.testing.assert_frame_equal(again.accounts, demand.accounts)
    assert again.as_dict() == demand.as_dict()
    pd.testing.assert_frame_equal(table.frame, before)


def test_every_outcome_that_is_learned_from_was_known_before_the_first_that_is_measured(
    table: FeatureTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned, measured = [], []

    def fit(rows: pd.DataFrame, *given: Any) -> quantiles.BoostedQuantiles:
        learned.append(rows["as_of"])
        return quantiles.BoostedQuantiles.fit(rows, *given)

    def covered(ends: np.ndarray, rows: pd.DataFrame) -> Interval:
        measured.append(rows["as_of"])
        return quantiles.coverage(ends, rows)

    monkeypatch.setattr("models.forecast.seat_demand.BoostedQuantiles", SimpleNamespace(fit=fit))
    monkeypatch.setattr("models.forecast.seat_demand.coverage", covered)
    seat_demand(table, 182, PARAMS)
    assert max(learned[0]) + timedelta(days=196) <= min(measured[0])


def test_nothing_later_than_the_last_outcome_learned_from_changes_what_is_learned(
    table: FeatureTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed, learned = table.frame.head(200), []

    def fit(rows: pd.DataFrame, *given: Any) -> quantiles.BoostedQuantiles:
        found = quantiles.BoostedQuantiles.fit(rows, *given)
        learned.append((found.ends(fixed), rows["as_of"].max() + timedelta(days=196)))
        return found

    monkeypatch.setattr("models.forecast.seat_demand.BoostedQuantiles", SimpleNamespace(fit=fit))
    seat_demand(table, 182, PARAMS)
    later = table.frame["as_of"] > learned[0][1]
    assert later.any()
    other = table.frame.copy()
    other.loc[later, ["seats_licensed", "use"]] *= 3
    seat_demand(replace(table, frame=other), 182, PARAMS)
    assert (learned[0][0] == learned[1][0]).all()


def test_who_has_signed_for_more_is_never_below_that(table: FeatureTable) -> None:
    ramp = table.frame["account_id"] < "a-0050"
    frame = table.frame.assign(seats_contracted_ahead=np.where(ramp, 5.0, 0.0))
    falling = frame.assign(seats_licensed=2000 - frame["seats_licensed"])
    found = seat_demand(replace(table, frame=falling), 182, PARAMS).accounts
    ramp = found["account_id"] < "a-0050"
    assert (found["low"] >= found["seats"])[ramp].all()
    assert (found["low"] < found["seats"])[~ramp].any()


def test_the_sum_of_the_middles_is_held_against_what_came(demand: SeatDemand) -> None:
    assert demand.summed.low < demand.summed.value < demand.summed.high
    assert 0.9 < demand.summed.value < 1.1
    assert demand.totals["middle"] > demand.totals["today"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seats_licensed": 0.0}, "no account licenses seats"),
        ({"seats_licensed": np.nan}, "no account licenses seats"),
    ],
)
def test_a_company_without_seats_is_told_so(
    table: FeatureTable, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        seat_demand(replace(table, frame=table.frame.assign(**change)), 182, PARAMS)


def test_too_short_a_history_is_told_with_what_would_help(table: FeatureTable) -> None:
    with pytest.raises(DataError, match="bring a longer history"):
        seat_demand(table, 364, PARAMS)
