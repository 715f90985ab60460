"""A company that keeps no record of use: its features of usage are empty, the rest is computed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.errors import DataError, UsageError
from pipelines.build.build import build
from pipelines.ingest.check import check
from tests.pipelines.small import company, few

WITHOUT = "[company]\nwithout_usage = true\ndata_through = 2024-05-01\n"


def test_features_of_usage_are_empty_and_others_are_not(tmp_path: Path) -> None:
    settings = company(tmp_path, WITHOUT + few(), usage_daily=None)
    build(settings)
    rows = pq.read_table(settings.feature_table).to_pylist()
    newest = {row["account_id"]: row for row in rows if row["as_of"] == date(2024, 5, 1)}
    assert {account: row["arr"] for account, row in newest.items()} == {"a1": 2000, "a2": 600}
    assert {row["usage_events_28d"] for row in rows} == {None}


def test_a_missing_table_of_usage_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"set \[company\] without_usage = true"):
        check(company(tmp_path, usage_daily=None))


def test_without_usage_the_end_of_the_data_has_to_be_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs data_through"):
        company(tmp_path, "[company]\nwithout_usage = true\n", usage_daily=None)
