"""What changes a little each week is seen against the same month of last year."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.monitoring.detectors.deviation import yearly_change
from pipelines.monitoring.detectors.feed_statistics import WEEKS


@pytest.mark.parametrize(
    ("now", "then", "accounts", "ratio"),
    [
        (260, 1000, 100, 0.26),
        (740, 1000, 100, 0.74),
        (760, 1000, 100, None),
        (1320, 1000, 100, None),
        (1350, 1000, 100, 1.35),
        (240, 1000, 100, None),  # fewer than 1,000 rows in four weeks
        (740, 1000, 74, None),  # fewer accounts, each as busy as ever
    ],
)
def test_rows_for_each_account_against_a_year_ago(
    now: int, then: int, accounts: int, ratio: float | None
) -> None:
    rows, active = np.full(WEEKS, float(then)), np.full(WEEKS, 100.0)
    rows[:4], active[:4] = now, accounts
    found = yearly_change(rows, active)
    assert (found and round(found.ratio, 2)) == ratio


def test_a_feed_whose_weeks_differ_much_tells_nothing() -> None:
    rows, active = np.full(WEEKS, 1000.0), np.full(WEEKS, 100.0)
    rows[::3] = 4000.0
    rows[:4] = 500.0
    assert yearly_change(rows, active) is None
