from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.catalogue import columns
from features.errors import DataError
from features.labels.targets import TARGETS
from models.dataset import feature_table
from tests.models.tables import FEATURES, feature


def written(path: Path, *inputs: dict[str, Any]) -> Path:
    """Write a feature table of one account whose last label is not known yet."""
    days = [date(2026, 1, 5) + timedelta(days=28 * number) for number in range(3)]
    frame = pd.DataFrame({"account_id": "a", "as_of": days, "arr": 1.0})
    frame["upsell_next_91d"] = pd.array([0, 1, None], dtype="Int8")
    meta = {"features": inputs, "targets": [TARGETS["upsell"].as_dict(91, 31)]}
    described = {b"expansion": json.dumps(meta).encode()}
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table.replace_schema_metadata(described), path)
    return path


def test_rows_without_a_known_outcome_are_to_score_and_not_to_learn_from(tmp_path: Path) -> None:
    table = feature_table.read(written(tmp_path / "t.parquet", feature("arr")))
    first, second, third = sorted(table.frame["as_of"])
    assert table.inputs == ["arr"]
    assert list(table.mature("upsell")["as_of"]) == [first, second]
    assert list(table.at("upsell", [second, third])["as_of"]) == [second]
    assert list(table.newest()["as_of"]) == [third]
    assert table.labels["upsell"].mature_days == 91


@pytest.mark.parametrize(
    "leak", ["upsell_next_91d", "churn_arr_next_91d", "seats_next_28d", "account_id", "as_of"]
)
def test_what_tells_the_outcome_or_the_account_is_no_input(tmp_path: Path, leak: str) -> None:
    path = written(tmp_path / "t.parquet", feature("arr"), feature(leak))
    with pytest.raises(DataError, match=f"{leak} cannot be inputs"):
        feature_table.read(path)


def test_a_table_that_build_did_not_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"account_id": ["a"]}), path)
    with pytest.raises(DataError, match="no description of its columns; build it anew"):
        feature_table.read(path)


def test_a_missing_table_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="run `expansion build` first"):
        feature_table.read(tmp_path / "t.parquet")


def test_a_damaged_table_is_told_and_no_traceback(tmp_path: Path) -> None:
    path = written(tmp_path / "t.parquet", feature("arr"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"is damaged .*run `expansion build`"):
        feature_table.read(path)


def test_the_tests_declare_features_as_the_catalogue_does() -> None:
    assert {frozenset(one) for one in FEATURES} == {frozenset(c.as_dict()) for c in columns()}
