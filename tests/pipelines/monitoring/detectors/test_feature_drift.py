"""Columns of accounts against their own past: what moved, what broke, what is no news."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from pipelines.monitoring.detectors.feature_drift import (
    FEWEST_ROWS,
    FeatureDrift,
    compare,
    findings,
    reference_dates,
)

NEWEST = date(2026, 8, 3)
DATES = [NEWEST - timedelta(days=28 * back) for back in range(26, -1, -1)]
MATURE_DAYS = 91
ACCOUNTS = 400
DECLARED = [
    {"name": "usage_28d", "stem": "usage", "unit": "events"},
    {"name": "usage_84d", "stem": "usage", "unit": "events"},
    {"name": "industry", "stem": "industry", "unit": "category"},
]
WEIGHTS = {"usage": 0.6, "industry": 0.05}


def table(accounts: int = ACCOUNTS) -> pd.DataFrame:
    """Return rows by account and date whose columns do not move but by chance."""
    rng = np.random.default_rng(7)
    rows = accounts * len(DATES)
    return pd.DataFrame(
        {
            "account_id": [f"A{n}" for n in range(accounts)] * len(DATES),
            "as_of": np.repeat(np.array(DATES, dtype=object), accounts),
            "usage_28d": rng.lognormal(4, 1, rows),
            "usage_84d": rng.lognormal(5, 1, rows),
            "industry": rng.choice(["energy", "media", "retail"], rows),
        }
    )


def changed(what: Callable[[pd.DataFrame], None], *days: date) -> pd.DataFrame:
    """Return the table with the rows of ``days`` changed."""
    frame = table()
    rows = frame[frame["as_of"].isin(days or (NEWEST,))].copy()
    what(rows)
    return pd.concat([frame[~frame.index.isin(rows.index)], rows]).sort_index()


def times(factor: float) -> Callable[[pd.DataFrame], None]:
    def scale(rows: pd.DataFrame) -> None:
        rows["usage_28d"] *= factor

    return scale


def emptied(share: float) -> Callable[[pd.DataFrame], None]:
    def empty(rows: pd.DataFrame) -> None:
        rows.iloc[: int(share * len(rows)), rows.columns.get_loc("usage_28d")] = np.nan

    return empty


def renamed(rows: pd.DataFrame) -> None:
    rows["industry"] = "fishing"


def compared(frame: pd.DataFrame) -> FeatureDrift:
    return compare(frame, DECLARED, WEIGHTS, NEWEST, MATURE_DAYS)


def told(frame: pd.DataFrame) -> str:
    return " ".join(f"{one.code}:{one.about}" for one in findings(compared(frame), NEWEST)) or "-"


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        # what happened to the newest rows   what is told
        (times(1.0), "-"),
        (times(1.1), "-"),
        (times(3.0), "columns_moved:features"),
        (times(100.0), "feature_scaled:usage_28d columns_moved:features"),
        (times(0.01), "feature_scaled:usage_28d columns_moved:features"),
        (emptied(0.3), "columns_moved:features"),
        (emptied(0.9), "feature_lost:usage_28d columns_moved:features"),
        (renamed, "-"),  # the models hardly look at it
    ],
)
def test_what_is_told_of_the_newest_rows(
    what: Callable[[pd.DataFrame], None], expected: str
) -> None:
    assert told(changed(what)) == expected


def test_a_category_that_moved_is_seen_though_nobody_need_look() -> None:
    moved = {one.name: one.drifted for one in compared(changed(renamed)).columns}
    assert moved == {"usage_28d": False, "usage_84d": False, "industry": True}


def test_what_was_as_large_within_the_past_year_is_no_news() -> None:
    season = [NEWEST - timedelta(days=364), NEWEST]
    assert told(changed(times(3.0), *season)) == "-"
    assert told(changed(times(3.0), NEWEST)) == "columns_moved:features"


def test_the_windows_of_a_feature_share_its_weight() -> None:
    weights = {one.name: one.weight for one in compared(table()).columns}
    assert weights == pytest.approx({"usage_28d": 0.3, "usage_84d": 0.3, "industry": 0.05})


def test_too_few_rows_tell_no_drift() -> None:
    frame = table(accounts=FEWEST_ROWS - 1)
    newest = frame["as_of"] == NEWEST
    frame.loc[newest, "usage_28d"] *= 3
    made = compare(frame, DECLARED, WEIGHTS, NEWEST, MATURE_DAYS)
    assert not made.has_enough_rows
    assert list(findings(made, NEWEST)) == []


def test_the_reference_is_half_a_year_with_known_outcomes() -> None:
    days = reference_dates(DATES, NEWEST, MATURE_DAYS)
    assert days[-1] <= NEWEST - timedelta(days=MATURE_DAYS) < DATES[DATES.index(days[-1]) + 1]
    assert (days[-1] - days[0]).days == 168
    assert reference_dates(DATES, DATES[2], MATURE_DAYS) == []


def test_drift_is_told_before_any_outcome_is_known_of_nothing() -> None:
    made = compare(table(), DECLARED, WEIGHTS, DATES[1], MATURE_DAYS)
    assert (made.reference, made.newest) == (0, ACCOUNTS)
    assert list(findings(made, DATES[1])) == []
