"""The helper that compares ASCII tables fails where it should, and shows both sides."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.company import (
    assert_features,
    assert_outcomes,
    company,
    compute_on,
    labels_on,
    rows,
)

RUNS = "account_id | starts_on\na | 2023-01-01\nb | 2023-01-01"


def test_a_table_is_read_with_or_without_its_rule() -> None:
    bare = "account_id | day\na | 2024-01-01"
    ruled = "| account_id | day |\n|---|---|\n| a | 2024-01-01 |"
    assert rows(bare) == rows(ruled) == [{"account_id": "a", "day": "2024-01-01"}]


def test_a_mismatch_shows_what_was_found_beside_what_was_expected() -> None:
    with pytest.raises(AssertionError) as wrong:
        assert_features(
            "account_id | as_of | arr\na | 2024-01-01 | 1000\nb | 2024-01-01 | 7",
            subscriptions=RUNS,
        )
    assert "2024-01-01 | b          | 7       2024-01-01 | b          | 1000" in str(wrong.value)


def test_a_missing_row_and_a_null_are_no_zero() -> None:
    for found in ("0", "no row"):
        with pytest.raises(AssertionError):
            assert_features(f"as_of | renewal_days\n2024-01-01 | {found}", subscriptions=RUNS)
    with pytest.raises(AssertionError):
        assert_outcomes("as_of | churn\n2024-01-01 | -", subscriptions=RUNS)


def test_a_company_without_a_running_subscription_has_no_rows() -> None:
    tables = company(subscriptions="account_id | starts_on")
    day = date(2024, 1, 1)
    assert compute_on(tables, [day]) == []
    assert labels_on(tables, [day], day) == []
