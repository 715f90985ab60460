"""A day that was missed is seen as it would have been seen then."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from features.errors import DataError
from pipelines.build.as_of_table import table_on
from pipelines.build.build import build
from pipelines.config.settings import Settings
from tests.pipelines.small import company, few

DAY = date(2024, 4, 8)
THEN = f"[company]\ndata_through = {DAY}\n"


def built(folder: Path, text: str = "") -> Settings:
    folder.mkdir()
    settings = company(folder, text + few())
    build(settings)
    return settings


def test_a_day_between_two_that_were_built_has_the_rows_it_would_have_had(tmp_path: Path) -> None:
    now, then = built(tmp_path / "now"), built(tmp_path / "then", THEN)
    found = table_on(now, DAY)
    expected = table_on(then, DAY)
    assert found.frame["as_of"].max() == DAY
    names = ["account_id", "as_of", *found.inputs]
    now_known, then_known = (
        one.newest()[names].reset_index(drop=True) for one in (found, expected)
    )
    pd.testing.assert_frame_equal(now_known, then_known)
    assert len(found.newest()) == 2
    assert found.frame["as_of"].nunique() > 1


def test_a_day_beyond_what_was_built_is_refused_with_what_there_is(tmp_path: Path) -> None:
    settings = built(tmp_path / "now")
    with pytest.raises(
        DataError, match=r"has no rows for 2024-06-01; choose a date from 2024-.* to 2024-"
    ):
        table_on(settings, date(2024, 6, 1))
    settings.feature_table.unlink()
    with pytest.raises(DataError, match="run `expansion build` first"):
        table_on(settings, DAY)
