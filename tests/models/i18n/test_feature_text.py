from __future__ import annotations

import re
from dataclasses import asdict

import numpy as np
import pytest

from features import catalogue
from features.declaration.feature import FeatureColumn
from models.i18n.feature_text import changed, named, sentence, unchanged
from models.i18n.messages import Catalogue
from models.i18n.number_format import WORDS
from models.inference.encoding import FeatureSpec, Merged, encode, encode_columns


def spec(name: str = "x", unit: str = "ratio", **more: object) -> FeatureSpec:
    plain = {
        "name": name, "group": "g", "stem": name, "unit": unit, "description": "Seats active",
        "window_days": None, "by_day": None, "expected": (None, None), "categories": None,
        "typical": 0.61,
    }  # fmt: skip
    return FeatureSpec(**{**plain, **more})  # type: ignore[arg-type]


SEATS = {"zero": "No seat active", "one": "Every seat active", "many": "{value} of seats active"}
CHAMPIONS = {
    "zero": "No champion", "one": "1 champion", "many": "{value} champions", "unknown": "No record",
}  # fmt: skip


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        (spec(window_days=28), 0.96, "Seats active, last 28 days: 96 %; median 61 %"),
        (spec(by_day=30, typical=None), 0.5, "Seats active, by day 30: 50 %"),
        (spec(unit="currency", typical=9.0), 1240.0, "Seats active: EUR 1,240; median EUR 9"),
        (spec(unit="days", typical=1.0), 45.0, "Seats active: 45 days; median 1 day"),
        (spec(unit="flag", typical=0.0), 1.0, "Seats active: yes; most accounts: no"),
        (spec(unit="flag", typical=0.5), 1.0, "Seats active: yes"),
        (spec(unit="category", typical="smb"), "mid", "Seats active: mid; most common: smb"),
        (spec(unit="people", typical=3.25), 1240.0, "Seats active: 1,240; median 3.2"),
        (spec(), None, "Seats active: not known; median 61 %"),
    ],
)
def test_without_a_sentence_the_description_and_the_value_are_read(
    feature: FeatureSpec, value: object, expected: str
) -> None:
    assert sentence(feature, value, "EUR") == expected


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("column", catalogue.columns(), ids=lambda column: column.name)
def test_no_sentence_looks_back_further_than_the_account_has_lived(
    column: FeatureColumn, language: str
) -> None:
    if "growth" in column.name:
        return  # not known before an account is as old: tests/spec says so
    feature = spec(
        column.name,
        column.unit,
        stem=column.stem,
        window_days=column.window_days,
        by_day=column.by_day,
        says=column.says,
        typical=None,
        description=column.description,
    )
    words = WORDS[language]
    values: list[float | str | None] = [None, 0.0, 1.0, 5.0]
    for value in ["a name"] if column.unit == "category" else values:
        texts = [
            sentence(feature, value, "EUR", None, words, 6.0),
            changed(feature, value, value, "EUR", words, 6.0),
            unchanged(feature, value, "EUR", words, 6.0),
        ]
        days = [int(number) for text in texts for number in re.findall(r"(\d+) (?:day|Tag)", text)]
        assert max(days, default=0) <= 6, texts


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (6, "None in the last 6 days"),
        (0, "None in the last 2 days"),
        (28, "None in the last 28 days"),
        (400, "None in the last 28 days"),
        (None, "None in the last 28 days"),
    ],
)
def test_a_window_is_told_as_far_as_the_account_has_lived(age: float | None, expected: str) -> None:
    feature = spec(window_days=28, says={"zero": "None in the last {days} days"}, typical=None)
    assert sentence(feature, 0.0, "EUR", age=age) == expected
    literal = spec(says={"zero": "None in the last 28 days"}, typical=None)
    assert sentence(literal, 0.0, "EUR", age=age) == expected


def test_a_limit_in_days_is_no_window() -> None:
    late = spec(says={"many": "{number} invoices more than 30 days late"}, typical=None)
    assert sentence(late, 5.0, "EUR", age=6) == "5 invoices more than 30 days late"


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        (spec(says=SEATS), 0.76, "76 % of seats active; median 61 %"),
        (spec(says=SEATS), 0.0, "No seat active; median 61 %"),
        (spec(says=SEATS), 0.001, "<1 % of seats active; median 61 %"),
        (spec(says=SEATS), 1.0, "Every seat active; median 61 %"),
        (spec(says=SEATS), None, "Seats active: not known; median 61 %"),
        (spec(unit="people", typical=2.0, says=CHAMPIONS), 0, "No champion; median 2"),
        (spec(unit="people", typical=2.0, says=CHAMPIONS), 1.0, "1 champion; median 2"),
        (spec(unit="people", typical=2.0, says=CHAMPIONS), 1240, "1,240 champions; median 2"),
        (spec(unit="people", typical=2.0, says=CHAMPIONS), None, "No record; median 2"),
        (
            spec(
                unit="people", window_days=28, typical=None, says={"many": "{value} in {days} days"}
            ),
            12.0,
            "12 in 28 days",
        ),
        (
            spec(unit="people", by_day=90, typical=None, says={"many": "{value} by {day}"}),
            3,
            "3 by 90",
        ),
        (
            spec(
                unit="days",
                typical=12.0,
                says={"negative": "Overdue by {value}", "many": "In {value}"},
            ),
            -3.0,
            "Overdue by 3 days; median 12 days",
        ),
        (spec(unit="days", typical=None, says={"many": "On {number} days"}), 3.0, "On 3 days"),
        (
            spec(unit="flag", typical=1.0, says={"zero": "None", "one": "One"}),
            0.0,
            "None; most accounts: yes",
        ),
        (spec(unit="category", typical=None, says={"many": "Plan: {value}"}), "pro", "Plan: pro"),
        (
            spec(unit="category", typical=None, says={"many": "Plan: {value}"}),
            "a{days}",
            "Plan: a{days}",
        ),
    ],
)
def test_a_value_reads_as_a_sentence(feature: FeatureSpec, value: object, expected: str) -> None:
    assert sentence(feature, value, "EUR") == expected


@pytest.mark.parametrize(("value", "usual"), [(0.61, 0.61), (0.611, 0.612), (None, None)])
def test_a_value_is_not_compared_with_itself(value: float | None, usual: float | None) -> None:
    assert ";" not in sentence(spec(typical=usual, says=SEATS), value, "EUR")


def test_an_account_is_compared_with_its_segment_where_that_is_known() -> None:
    feature = spec(window_days=28, typical_of={"smb": 0.55})
    assert sentence(feature, 0.96, "EUR", "smb") == (
        "Seats active, last 28 days: 96 %; segment median 55 %"
    )
    for other in ("enterprise", None):
        assert sentence(feature, 0.96, "EUR", other).endswith("; median 61 %")


def test_a_change_reads_as_the_new_value_beside_the_previous_one() -> None:
    assert changed(spec(says=SEATS), 0.61, 0.96, "EUR") == "96 % of seats active; previously 61 %"
    assert changed(spec(says=SEATS), None, 0.0, "EUR") == "No seat active; previously not known"
    same = "96 % of seats active; unchanged, but its effect differs"
    assert unchanged(spec(says=SEATS), 0.96, "EUR") == same


def test_a_feature_without_a_german_name_is_told_in_english() -> None:
    own = spec(
        "visits_28d", window_days=28, says={"many": "{value} visited in the last {days} days"}
    )
    german = WORDS["de"]
    assert (
        sentence(own, 0.5, "EUR", None, german) == "50 % visited in the last 28 days; median 61 %"
    )
    assert changed(own, 0.5, 0.7, "EUR", german) == (
        "70 % visited in the last 28 days; previously 50 %"
    )
    assert named(own, german) == "Seats active, last 28 days"
    plain = spec("visits", "currency", typical=None)
    assert sentence(plain, 12345.0, "EUR", None, german) == "Seats active: EUR 12,345"


def test_a_feature_that_german_names_without_a_sentence_is_told_in_german() -> None:
    german = Catalogue("de", {**WORDS["de"].texts, "feature.visits": "Besuche"})
    own = spec("visits", "people", typical=3.0, says={"many": "{value} visits"})
    assert sentence(own, 1234, "EUR", None, german) == "Besuche: 1.234; Median 3"


def test_a_sentence_from_a_file_cannot_reach_into_the_program() -> None:
    feature = spec(says={"many": "{value.__class__} {0} {value} {"}, typical=None)
    assert sentence(feature, 0.5, "EUR") == "{value.__class__} {0} 50 % {"


def test_rows_and_columns_are_encoded_alike() -> None:
    features = (spec("a"), spec("kind", "category", categories=("big", "small"), typical="big"))
    rows = [{"a": 1.5, "kind": "small"}, {"a": None, "kind": "odd"}, {}, {"a": True, "kind": None}]
    # A name that is no category is one of all others; only what is not known is nan.
    expected = np.array([[1.5, 1], [np.nan, 2], [np.nan, np.nan], [1, np.nan]])
    np.testing.assert_array_equal(encode(rows, features), expected)
    columns = {name: np.array([row.get(name) for row in rows], object) for name in ("a", "kind")}
    np.testing.assert_array_equal(encode_columns(columns, features), expected)


def test_a_feature_survives_its_json() -> None:
    one = spec("kind", "category", categories=("big", "small"), typical="big")
    assert FeatureSpec.from_dict(asdict(one)) == one
    described = spec(says=SEATS, merged=Merged({"odd": 3}, levels=2, accounts=4))
    assert FeatureSpec.from_dict(asdict(described)) == described


def test_a_release_from_before_sentences_reads_its_descriptions() -> None:
    stored = asdict(spec())
    del stored["says"]
    assert sentence(FeatureSpec.from_dict(stored), 0.96, "EUR") == "Seats active: 96 %; median 61 %"
