"""Ends that are no longer recorded, at a company with one renewal a week."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from pipelines.monitoring.detectors.contract_ends import findings

AS_OF = date(2026, 8, 3)
WEEK, YEAR = timedelta(days=7), timedelta(days=364)


def renewals(folder: Path, recorded_until: date, *, always: bool = True) -> Path:
    """Write a company of 52 accounts, each with a period a year; ends arrive until a day."""
    rows = []
    for number in range(104):
        start = AS_OF - 3 * YEAR + number * WEEK
        for year in range(3):
            begins = start + year * YEAR
            ends = begins + YEAR
            recorded = ends < recorded_until and always
            rows.append(
                {
                    "account_id": f"a-{number}",
                    "subscription_id": f"s-{number}",
                    "starts_on": begins,
                    "term_ends_on": ends,
                    "ended_on": ends if recorded else None,
                    "ended_known_on": ends if recorded else None,
                    "known_at": pd.Timestamp(begins),
                }
            )
    pd.DataFrame(rows).to_parquet(folder / "subscriptions.parquet")
    return folder


def codes(folder: Path, as_of: date = AS_OF) -> list[str]:
    return [finding.code for finding in findings(folder, as_of)]


def test_recorded_ends_raise_nothing(tmp_path: Path) -> None:
    assert not codes(renewals(tmp_path, AS_OF))


def test_missing_ends_are_reported_after_some(tmp_path: Path) -> None:
    since = AS_OF - 10 * WEEK
    renewals(tmp_path, since)
    weeks = [week for week in range(1, 11) if codes(tmp_path, since + week * WEEK)]
    assert weeks
    assert weeks[0] in (3, 4)
    assert weeks == list(range(weeks[0], 11)), "an issue that lasts is reported each week"


def test_a_company_that_never_records_the_end_of_a_renewed_period(tmp_path: Path) -> None:
    assert not codes(renewals(tmp_path, AS_OF, always=False))


@pytest.mark.parametrize("name", ["usage_daily", "accounts"])
def test_without_subscriptions_there_is_nothing_to_say(tmp_path: Path, name: str) -> None:
    pd.DataFrame({"account_id": ["a"]}).to_parquet(tmp_path / f"{name}.parquet")
    assert not codes(tmp_path)
