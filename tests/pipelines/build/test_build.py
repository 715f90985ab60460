"""``build``: a table always ends with the day to score, and its dates are counted rightly."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import DataError
from pipelines.build.build import build
from tests.pipelines.small import SUBSCRIPTIONS, company, few


def test_a_company_where_nothing_runs_on_the_day_to_score_is_refused(tmp_path: Path) -> None:
    ended = SUBSCRIPTIONS.replace("2024-03-01,,,20", "2024-03-01,2024-05-01,2024-04-01,20")
    ended = ended.replace("2024-01-01,,,5", "2024-01-01,2024-05-01,2024-04-01,5")
    settings = company(tmp_path, few(), subscriptions=ended)
    with pytest.raises(
        DataError, match=r"2024-05-01, the day to score, .*; 2 had one on 2024-04-15"
    ):
        build(settings)
    assert not settings.feature_table.exists()


def test_a_company_known_only_from_the_day_to_score_is_refused(tmp_path: Path) -> None:
    loaded = SUBSCRIPTIONS.replace("2024-01-01\n", "2024-05-01\n").replace(
        "2024-02-01\n", "2024-05-01\n"
    )
    settings = company(tmp_path, few(), subscriptions=loaded)
    with pytest.raises(DataError, match=r"nor on any day before; check ended_on .* known_at"):
        build(settings)


def test_dates_without_rows_are_computed_and_none_is_reused(tmp_path: Path) -> None:
    known = SUBSCRIPTIONS.replace("2024-01-01\n", "2024-04-01\n").replace(
        "2024-02-01\n", "2024-04-01\n"
    )
    result = build(company(tmp_path, few(), subscriptions=known))
    assert (result.as_ofs, result.computed, result.taken_over) == (2, 5, 0)
