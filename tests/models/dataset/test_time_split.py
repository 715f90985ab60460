from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from models.dataset.time_split import split


def dates(count: int, step: int = 28) -> list[date]:
    return [date(2024, 1, 1) + timedelta(days=step * number) for number in range(count)]


@given(st.integers(1, 80), st.sampled_from([7, 14, 28]), st.sampled_from([28, 91, 122]))
def test_no_label_reaches_into_a_later_part(count: int, step: int, gap: int) -> None:
    try:
        parts = split(dates(count, step), gap)
    except DataError:
        return
    reach = timedelta(days=gap)
    for fold in parts.folds:
        assert fold.early[-1] + reach <= fold.valid[0]
        assert set(fold.early) | set(fold.valid) <= set(parts.train)
    for one, next_one in pairwise(parts.folds):
        assert one.valid[-1] < next_one.valid[0]
        assert len(one.valid) == len(next_one.valid)
    assert parts.newest.valid[-1] == parts.train[-1]
    assert parts.train[-1] + reach <= parts.test[0]
    assert not set(parts.train) & set(parts.test)
    assert parts.test[-1] == dates(count, step)[-1]


def test_two_years_of_monthly_dates_are_enough() -> None:
    parts = split(dates(22), 91)
    assert [(len(one.early), len(one.valid)) for one in parts.folds] == [(3, 3), (6, 3), (9, 3)]
    assert len(parts.test) == 4


def test_too_short_a_history_says_what_would_help() -> None:
    with pytest.raises(DataError, match=r"6 mature dates are too few.*longer history"):
        split(dates(6), 91)
