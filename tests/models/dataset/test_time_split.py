from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from models.dataset.time_split import BLOCK_DAYS, Fitting, split


def dates(count: int, step: int = 28) -> list[date]:
    return [date(2024, 1, 1) + timedelta(days=step * number) for number in range(count)]


def assert_no_label_reaches_on(fitting: Fitting, reach: timedelta) -> None:
    for fold in fitting.folds:
        assert fold.early[-1] + reach <= fold.valid[0]
        assert set(fold.early) | set(fold.valid) <= set(fitting.train)
    for one, next_one in pairwise(fitting.folds):
        assert one.valid[-1] < next_one.valid[0]
        assert len(one.valid) == len(next_one.valid)
    assert fitting.newest.valid[-1] == fitting.train[-1]


@given(st.integers(1, 80), st.sampled_from([7, 14, 28]), st.sampled_from([28, 91, 122]))
def test_no_label_reaches_into_a_later_part(count: int, step: int, gap: int) -> None:
    mature, reach = dates(count, step), timedelta(days=gap)
    try:
        parts = split(mature, gap)
    except DataError:
        return
    for origin in parts.origins:
        assert_no_label_reaches_on(origin.fitting, reach)
        assert origin.fitting.train[-1] + reach <= origin.test[0]
        assert origin.test[-1] - origin.test[0] < timedelta(days=BLOCK_DAYS)
    for one, next_one in pairwise(parts.origins):
        assert one.test[-1] < next_one.test[0]
        assert set(one.fitting.train) < set(next_one.fitting.train)
    assert parts.test == tuple(mature[-len(parts.test) :])


@given(st.integers(8, 80), st.sampled_from([7, 14, 28]), st.sampled_from([28, 91, 122]))
def test_what_is_used_is_fitted_on_every_mature_date(count: int, step: int, gap: int) -> None:
    mature = dates(count, step)
    try:
        parts = split(mature, gap)
    except DataError:
        return
    assert parts.final.train == tuple(mature)
    assert_no_label_reaches_on(parts.final, timedelta(days=gap))


@given(st.integers(12, 80), st.sampled_from([7, 14, 28]), st.sampled_from([28, 91, 122]))
def test_the_recipe_is_judged_at_the_lag_at_which_it_is_used(
    count: int, step: int, gap: int
) -> None:
    try:
        parts = split(dates(count, step), gap)
    except DataError:
        return
    for origin in parts.origins:
        lag = origin.test[0] - origin.fitting.train[-1]
        assert timedelta(days=gap) <= lag < timedelta(days=gap + step)


def test_two_years_of_monthly_dates_are_enough() -> None:
    parts = split(dates(22), 91)
    shapes = [(len(origin.fitting.train), len(origin.test)) for origin in parts.origins]
    assert shapes == [(11, 2), (13, 2), (15, 2), (17, 2)]
    assert parts.describe() == (
        "fitted on all 22 mature dates, 2024-01-01 to 2025-08-11; judged as a recipe that was "
        "fitted 4 times on the dates before, on 2025-01-27 to 2025-08-11 (8 dates)"
    )


def test_too_short_a_history_says_what_would_help() -> None:
    with pytest.raises(DataError, match=r"6 mature dates are too few.*longer history"):
        split(dates(6), 91)
