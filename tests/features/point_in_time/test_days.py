"""No day is special: moved in time, a company is the same, and no start day loses an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from features.point_in_time.facts import Facts, spine
from features.subscriptions.contracted_arr import settled, standings
from tests import oracle
from tests.support.company import compute_on, from_rows, labels_on
from tests.support.random_company import AS_OFS, random_company

FEW = settings(max_examples=2, deadline=None, derandomize=True, phases=[Phase.generate])
MANY = settings(
    max_examples=2, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)
THROUGH = date(2024, 12, 1)
DAYS = st.integers(-1500, 1500)
TO_1_JANUARY = (date(2025, 1, 1) - AS_OFS[-1]).days
TO_A_LEAP_DAY = (date(2028, 2, 29) - AS_OFS[-1]).days

Rows = list[dict[str, Any]]


def moved(value: Any, days: int) -> Any:
    """Return a company, row or value with every date so many days later."""
    if isinstance(value, dict):
        return {name: moved(inner, days) for name, inner in value.items()}
    if isinstance(value, list):
        return [moved(inner, days) for inner in value]
    return value + timedelta(days=days) if isinstance(value, date) else value


def dates(days: int = 0) -> list[date]:
    return [day + timedelta(days=days) for day in AS_OFS]


def by_key(rows: Rows) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {(row["account_id"], row["as_of"]): row for row in rows}


def assert_same(moved_rows: Rows, rows: Rows, days: int) -> None:
    expected = by_key(moved(rows, days))
    found = by_key(moved_rows)
    assert found.keys() == expected.keys()
    assert rows, "nothing was compared"
    for key, row in expected.items():
        assert found[key] == pytest.approx(row, nan_ok=True), key


def standings_on(company: oracle.Company, days: Sequence[date]) -> tuple[Rows, Rows]:
    tables = from_rows({"subscriptions": company["subscriptions"]})
    facts = Facts(tables, spine(tables, days), days)
    return (
        standings(facts).to_pyarrow().to_pylist(),
        settled(tables, days).to_pyarrow().to_pylist(),
    )


@FEW
@given(seed=st.integers(0, 2**32), days=DAYS)
def test_features_of_a_company_moved_in_time_are_the_same(seed: int, days: int) -> None:
    company = random_company(seed, 25)
    there = compute_on(from_rows(moved(company, days)), dates(days))
    assert_same(there, compute_on(from_rows(company), dates()), days)


@MANY
@given(seed=st.integers(0, 2**32), days=DAYS)
@example(seed=1, days=TO_1_JANUARY)
@example(seed=2, days=TO_A_LEAP_DAY)
def test_labels_and_standings_of_a_company_moved_in_time_are_the_same(seed: int, days: int) -> None:
    company = random_company(seed, 25)
    there = moved(company, days)
    for found, rows in zip(
        standings_on(there, dates(days)), standings_on(company, dates()), strict=True
    ):
        assert_same(found, rows, days)
    found = labels_on(from_rows(there), dates(days), THROUGH + timedelta(days=days))
    assert_same(found, labels_on(from_rows(company), dates(), THROUGH), days)


@MANY
@given(seed=st.integers(0, 2**32), days=DAYS)
@example(seed=1, days=TO_1_JANUARY)
@example(seed=2, days=TO_A_LEAP_DAY)
def test_the_oracle_moves_alike(seed: int, days: int) -> None:
    company = random_company(seed, 8)
    there = moved(company, days)
    compared = 0
    for account, own in oracle.by_account(company).items():
        own_there = oracle.by_account(there)[account]
        for day, later in zip(dates(), dates(days), strict=True):
            running = oracle.is_in_spine(own, account, day)
            assert oracle.is_in_spine(own_there, account, later) == running
            if running:
                compared += 1
                assert oracle.features(own_there, account, later) == oracle.features(
                    own, account, day
                )
    assert compared


START_DAYS = [date(2023, 12, 25) + timedelta(days=number) for number in range(380)]
"""Every weekday and month end, a leap day, and 1 January twice."""


def line(account: str, starts: date, ends: date | None, signed: date, units: float) -> oracle.Row:
    return {
        "subscription_id": account,
        "account_id": account,
        "product_id": "core",
        "plan": None,
        "starts_on": starts,
        "term_ends_on": ends,
        "ended_on": ends,
        "ended_known_on": ends - timedelta(days=47) if ends else None,
        "quantity": units,
        "unit_price": 100.0,
        "list_price": None,
        "currency": "EUR",
        "signed_on": signed,
        "known_at": datetime.combine(signed, time()),
    }


@pytest.mark.parametrize("gap", [0, 1, 31])
def test_no_start_day_of_a_renewal_signed_ahead_loses_an_account(gap: int) -> None:
    lines = []
    for day in START_DAYS:
        signed = day - timedelta(days=47)
        lines += [
            line(str(day), day - timedelta(days=400), day - timedelta(days=gap), signed, 10.0),
            line(str(day), day, None, signed, 12.0),
        ]
        lines[-2]["signed_on"] = day - timedelta(days=460)
        lines[-2]["known_at"] = datetime.combine(day - timedelta(days=460), time())
    tables = from_rows({"subscriptions": lines})
    around = [START_DAYS[0] - timedelta(days=1), *START_DAYS, START_DAYS[-1] + timedelta(days=1)]
    rows = standings(Facts(tables, spine(tables, around), around)).to_pyarrow().to_pylist()
    paid = {(row["account_id"], row["as_of"]): (row["arr"], row["arr_in_91d"]) for row in rows}
    for day in START_DAYS:
        before = paid[str(day), day - timedelta(days=1)]
        assert (before, paid[str(day), day]) == ((1000, 1200), (1200, 1200))
    assert len(paid) == len(START_DAYS) * len(around)
    for day in START_DAYS[::31]:
        company = {"subscriptions": [row for row in lines if row["account_id"] == str(day)]}
        assert all(oracle.is_in_spine(company, str(day), at) for at in around)


@pytest.mark.parametrize("day", [date(2024, 1, 1), date(2024, 2, 29), date(2024, 6, 30)])
def test_an_account_whose_first_line_starts_on_the_day_has_a_row(day: date) -> None:
    tables = from_rows({"subscriptions": [line("a", day, None, day - timedelta(days=1), 10.0)]})
    days = [day - timedelta(days=1), day, day + timedelta(days=1)]
    rows = spine(tables, days).to_pyarrow().to_pylist()
    assert sorted(row["as_of"] for row in rows) == days[1:]
