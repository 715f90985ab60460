"""Features of one range of accounts after the other are those of all accounts at once."""

from __future__ import annotations

from itertools import chain

import ibis
import pytest

from features.catalogue import GROUPS
from pipelines.build.account_ranges import account_ranges, features_by_range
from tests.support.company import from_rows
from tests.support.random_company import AS_OFS, random_company


def test_ranges_hold_each_account_once_and_little_usage_together() -> None:
    tables = from_rows(random_company(3, 40, everything=True))
    accounts = sorted(tables["subscriptions"].account_id.to_pyarrow().unique().to_pylist())
    ranges = account_ranges(tables, AS_OFS, 200)
    assert 5 < len(ranges) <= len(accounts)
    held = [[name for name in accounts if first <= name <= last] for first, last in ranges]
    assert list(chain.from_iterable(held)) == accounts
    assert account_ranges(tables, AS_OFS, 10**9) == [(accounts[0], accounts[-1])]


def test_ranges_change_nothing() -> None:
    connection = ibis.duckdb.connect()
    tables = from_rows(random_company(3, 30, everything=True), connection)
    told: list[float] = []
    whole, parts = (
        features_by_range(
            connection,
            tables,
            GROUPS,
            AS_OFS[1:],
            rows_at_once=rows,
            progress=lambda _, share: told.append(share),
        )
        .sort_by([("as_of", "ascending"), ("account_id", "ascending")])
        .to_pandas()
        for rows in (10**9, 700)
    )
    assert len(whole) > 10
    assert whole.columns.tolist() == parts.columns.tolist()
    for name in whole.columns:
        if whole[name].dtype == float:
            assert whole[name].to_numpy() == pytest.approx(parts[name].to_numpy(), nan_ok=True)
        else:
            assert whole[name].equals(parts[name])
    assert 2 <= len(told) <= 6
    assert told == sorted(told)
    assert told[-1] < 1
