from __future__ import annotations

import numpy as np
import pytest

from models.i18n.feature_text import sentence
from models.inference.encoding import FeatureSpec, encode, encode_columns


def spec(name: str = "x", unit: str = "ratio", **more: object) -> FeatureSpec:
    plain = {
        "name": name, "group": "g", "stem": name, "unit": unit, "description": "Seats active",
        "window_days": None, "by_day": None, "expected": (None, None), "categories": None,
        "typical": 0.61,
    }  # fmt: skip
    return FeatureSpec(**{**plain, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("feature", "value", "told"),
    [
        (spec(window_days=28), 0.96, "Seats active, last 28 days: 96 % (typical 61 %)"),
        (spec(by_day=30, typical=None), 0.5, "Seats active, by day 30: 50 %"),
        (spec(unit="currency", typical=9.0), 1240.0, "Seats active: EUR 1,240 (typical EUR 9)"),
        (spec(unit="days", typical=1.0), 45.0, "Seats active: 45 days (typical 1 day)"),
        (spec(unit="flag", typical=0.0), 1.0, "Seats active: yes (typical no)"),
        (spec(unit="category", typical="smb"), "mid", "Seats active: mid (typical smb)"),
        (spec(unit="people", typical=3.25), 1240.0, "Seats active: 1,240 (typical 3.2)"),
        (spec(), None, "Seats active: not known (typical 61 %)"),
    ],
)  # fmt: skip
def test_a_value_is_told_as_a_person_would(feature: FeatureSpec, value: object, told: str) -> None:
    assert sentence(feature, value, "EUR") == told


def test_an_account_is_compared_with_its_segment_where_that_is_known() -> None:
    feature = spec(window_days=28, typical_of={"smb": 0.55})
    alike = "Seats active, last 28 days: 96 % (typical for its segment 55 %)"
    assert sentence(feature, 0.96, "EUR", "smb") == alike
    for other in ("enterprise", None):
        assert sentence(feature, 0.96, "EUR", other).endswith("(typical 61 %)")


def test_rows_and_columns_are_encoded_alike() -> None:
    features = (spec("a"), spec("kind", "category", categories=("big", "small"), typical="big"))
    rows = [{"a": 1.5, "kind": "small"}, {"a": None, "kind": "odd"}, {}, {"a": True, "kind": None}]
    expected = np.array([[1.5, 1], [np.nan, np.nan], [np.nan, np.nan], [1, np.nan]])
    np.testing.assert_array_equal(encode(rows, features), expected)
    columns = {name: np.array([row.get(name) for row in rows], object) for name in ("a", "kind")}
    np.testing.assert_array_equal(encode_columns(columns, features), expected)


def test_a_feature_survives_its_json() -> None:
    one = spec("kind", "category", categories=("big", "small"), typical="big")
    assert FeatureSpec.from_dict(one.as_dict()) == one
