"""Standings and what is contracted equal a naive calculation and change with nothing of the future.

On random companies.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from features.point_in_time.facts import KEYS, Facts, spine
from features.subscriptions.column_names import arr_column, day_column
from features.subscriptions.contracted_arr import DAYS, standings
from features.subscriptions.contracted_columns import contracted
from features.subscriptions.contracted_lines import change_ahead, lines_ahead
from tests import oracle
from tests.oracle.known import Account, Row, arr, over, runs
from tests.support.company import from_rows, shown
from tests.support.damage import damaged
from tests.support.random_company import AS_OFS, random_company

FEW = settings(max_examples=2, deadline=None, derandomize=True, phases=[Phase.generate])


def found(company: oracle.Company, days: Sequence[date]) -> dict[tuple[str, date], Row]:
    """Return the standings of a company by account and day."""
    tables = from_rows({"subscriptions": company["subscriptions"]})
    rows: list[dict[str, Any]] = (
        standings(Facts(tables, spine(tables, days), days)).to_pyarrow().to_pylist()
    )
    return {(row.pop("account_id"), row.pop("as_of")): row for row in rows}


def found_contracted(
    company: oracle.Company, days: Sequence[date], horizon: int
) -> dict[tuple[str, date], Row]:
    """Return what is contracted of a company by account and day."""
    tables = from_rows({"subscriptions": company["subscriptions"]})
    rows: list[dict[str, Any]] = (
        contracted(Facts(tables, spine(tables, days), days), horizon).to_pyarrow().to_pylist()
    )
    return {(row.pop("account_id"), row.pop("as_of")): row for row in rows}


def naive_contracted(company: oracle.Company, account_id: str, as_of: date, horizon: int) -> Row:
    """Return what one account comes to by contract, by a loop over its lines."""
    paid = Account(company, account_id, as_of).paid()
    end = as_of + timedelta(days=horizon)
    then = [row for row in paid if runs(row, end)]
    going = {row["subscription_id"] for row in then}
    changes = [row["starts_on"] for row in then if not runs(row, as_of)]
    changes += [
        row["ended_on"]
        for row in paid
        if row["subscription_id"] not in going and over(row, end) and not over(row, as_of)
    ]
    return {arr_column(horizon): arr(then), day_column(horizon): max(changes, default=None)}


def naive(company: oracle.Company, account_id: str, as_of: date) -> Row:
    """Return what one account pays and has announced, by a loop over its lines."""
    one = Account(company, account_id, as_of)
    expected: Row = {"started_on": one.started_on}
    for name, days in DAYS.items():
        day = as_of + timedelta(days=days)
        expected[name] = arr([row for row in one.paid() if runs(row, day)])
    signed = [row for row in one.running() if row["term_ends_on"] is not None]
    ahead = [(row["term_ends_on"] - as_of).days for row in signed]
    terms = [(row["term_ends_on"] - row["starts_on"]).days for row in signed]
    return expected | {
        "renewal_days": min(ahead, default=None),
        "term_days": max(terms, default=None),
    }


@FEW
@given(seed=st.integers(0, 2**32))
def test_standings_are_those_of_a_loop_over_the_lines(seed: int) -> None:
    company = random_company(seed, accounts=40)
    told = found(company, AS_OFS)
    expected = {
        (account, day): naive(own, account, day)
        for account, own in oracle.by_account(company).items()
        for day in AS_OFS
        if oracle.is_in_spine(own, account, day)
    }
    assert told.keys() == expected.keys()
    for key, row in expected.items():
        assert told[key] == pytest.approx(row), f"{key}\n{shown(company, key[0])}"


@FEW
@given(seed=st.integers(0, 2**32))
def test_arr_contracted_ahead_is_the_standing_in_a_year_less_that_of_today(seed: int) -> None:
    company = random_company(seed, accounts=80)
    facts = Facts.at(from_rows({"subscriptions": company["subscriptions"]}), AS_OFS)
    lines = lines_ahead(facts.paid_lines())
    ahead = lines.group_by(KEYS).aggregate(
        change=change_ahead(lines, lines.quantity * lines.unit_price)
    )
    changes = {
        (row["account_id"], row["as_of"]): row["change"] for row in ahead.to_pyarrow().to_pylist()
    }
    expected = {key: row["arr_in_364d"] - row["arr"] for key, row in found(company, AS_OFS).items()}
    assert {key: changes[key] for key in expected} == pytest.approx(expected)
    assert min(expected.values()) < 0 < max(expected.values())


@FEW
@given(seed=st.integers(0, 2**32), horizon=st.sampled_from((28, 91, 182, 364)))
def test_what_is_contracted_is_that_of_a_loop_over_the_lines(seed: int, horizon: int) -> None:
    company = random_company(seed, accounts=80)
    told = found_contracted(company, AS_OFS, horizon)
    expected = {
        (account, day): naive_contracted(own, account, day, horizon)
        for account, own in oracle.by_account(company).items()
        for day in AS_OFS
        if oracle.is_in_spine(own, account, day)
    }
    assert told.keys() == expected.keys()
    for key, row in expected.items():
        assert told[key] == pytest.approx(row), f"{key}\n{shown(company, key[0])}"
    amounts = {row[arr_column(horizon)] for row in expected.values()}
    assert 0.0 in amounts
    assert any(row[day_column(horizon)] for row in expected.values())


@FEW
@given(seed=st.integers(0, 2**32))
def test_what_is_contracted_in_a_quarter_is_what_the_forecast_knows(seed: int) -> None:
    company = random_company(seed, accounts=80)
    told = {key: row[arr_column(91)] for key, row in found_contracted(company, AS_OFS, 91).items()}
    known = {key: row["arr_in_91d"] for key, row in found(company, AS_OFS).items()}
    assert told == pytest.approx(known)


@FEW
@given(seed=st.integers(0, 2**32), cut=st.dates(date(2023, 9, 1), date(2024, 6, 1)))
def test_the_future_changes_no_standing(seed: int, cut: date) -> None:
    company = random_company(seed, accounts=40)
    days = [cut, cut + timedelta(days=182)]
    before, after = found(company, days), found(damaged(company, cut, seed), days)
    assert {k: v for k, v in before.items() if k[1] == cut} == {
        k: v for k, v in after.items() if k[1] == cut
    }
    assert before != after, "the damage never shows, so it proves nothing"
    then, now = (
        {key: row for key, row in found_contracted(rows, days, 91).items() if key[1] == cut}
        for rows in (company, damaged(company, cut, seed))
    )
    assert then == now
