"""Planted leaks are suspected, each with the figure that gives it away; honest inputs are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import specify
from models.evaluation.leakage import Judged, Suspect, suspects, way_out
from models.release.card import FeatureWeight
from tests.models.tables import feature, feature_table

TARGET, COLUMN = "churn", "churn_next_91d"
TEST_DATES = 4
Plant = Callable[[pd.DataFrame, np.random.Generator], Any]


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    """Accounts whose ARR and use move from date to date, and who leave for good."""
    made = feature_table(accounts=800, dates=24, seed=5)
    frame, random = made.frame.copy(), np.random.default_rng(6)
    frame[COLUMN] = frame[COLUMN].where(random.random(len(frame)) < 0.2, frame[COLUMN] * 0)
    step = random.normal(0, 0.25, len(frame))
    frame["arr"] = frame["arr"] * np.exp(pd.Series(step).groupby(frame["account_id"]).cumsum())
    gone = frame.groupby("account_id")[COLUMN].transform(
        lambda happened: happened.fillna(0).cumsum().shift(1, fill_value=0)
    )
    return replace(made, frame=frame[gone == 0].reset_index(drop=True))


def last_known(frame: pd.DataFrame, column: str) -> pd.Series:
    return frame.groupby("account_id")[column].transform("last")


def has_left(frame: pd.DataFrame) -> pd.Series:
    return frame.groupby("account_id")[COLUMN].transform("max").fillna(0) > 0


def planted(table: FeatureTable, name: str, plant: Plant, group: str = "table") -> FeatureTable:
    frame = table.frame.copy()
    frame[name] = plant(frame, np.random.default_rng(4))
    unit = "count" if pd.api.types.is_numeric_dtype(frame[name]) else "category"
    return replace(table, frame=frame, features=(*table.features, feature(name, unit, group=group)))


def judged(table: FeatureTable, **changes: Any) -> Judged:
    mature = table.mature(TARGET)
    days = sorted(mature["as_of"].unique())
    rows = mature[mature["as_of"].isin(days[-TEST_DATES:])]
    features = specify(table, mature[mature["as_of"].isin(days[:-TEST_DATES])])
    return Judged(table, features, rows, rows[COLUMN].to_numpy(float), **changes)


def found(table: FeatureTable, **changes: Any) -> dict[str, str]:
    return {suspect.column: suspect.why for suspect in suspects(judged(table, **changes))}


def todays_class(frame: pd.DataFrame, _: np.random.Generator) -> pd.Series:
    newest = last_known(frame, "arr")
    return pd.qcut(newest, 5, labels=["xs", "s", "m", "l", "xl"]).astype(str)


def todays_status(frame: pd.DataFrame, _: np.random.Generator) -> np.ndarray:
    return np.where(has_left(frame), "closed", "active")


def change_over_all_time(frame: pd.DataFrame, _: np.random.Generator) -> pd.Series:
    first = frame.groupby("account_id")["arr"].transform("first")
    return np.log(last_known(frame, "arr") / first)


def null_unless_left(frame: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
    return np.where(has_left(frame), random.integers(10, 900, len(frame)), np.nan)


def counts_the_future(frame: pd.DataFrame, _: np.random.Generator) -> pd.Series:
    return frame.groupby("account_id")["as_of"].transform("size")


def mostly_flagged(frame: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
    """Most of those who leave are in litigation, which nobody is today."""
    marked = (frame[COLUMN] == 1) & (random.random(len(frame)) < 0.6)
    return np.where(marked, "in litigation", random.choice(["open", "quiet"], len(frame)))


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (
            todays_class,
            r"never changes, but explains \d+% of the order of arr today and \d+% early",
        ),
        (todays_status, "alone orders the outcomes with an AUC of"),
        (null_unless_left, "alone orders the outcomes with an AUC of"),
        (
            mostly_flagged,
            r"is 'in litigation' in \d+ rows, 100% of them with the outcome, and in 0",
        ),
    ],
)
def test_a_planted_leak_is_suspected(table: FeatureTable, plant: Plant, told: str) -> None:
    suspected = found(planted(table, "planted", plant))
    assert set(suspected) == {"planted"}
    assert pd.Series([suspected["planted"]]).str.contains(told).all(), suspected["planted"]


@pytest.mark.parametrize("plant", [change_over_all_time, counts_the_future])
def test_a_figure_over_all_time_is_suspected_where_it_carries_the_model(
    table: FeatureTable, plant: Plant
) -> None:
    weights = [FeatureWeight("planted", "table", "", 0.6), FeatureWeight("use", "test", "", 0.1)]
    suspected = found(planted(table, "planted", plant), weights=weights)
    assert set(suspected) == {"planted"}
    declared = planted(table, "planted", lambda rows, random: random.normal(size=len(rows)), "test")
    assert found(declared, weights=weights) == {}, "the contract vouches for its past"


def test_a_model_that_is_too_good_names_its_heaviest_columns(table: FeatureTable) -> None:
    label = judged(table).label
    wrong = np.random.default_rng(1).random(len(label)) < 0.02
    weights = [FeatureWeight("use", "test", "", 0.3), FeatureWeight("silent", "test", "", 0.2)]
    probability = np.where(wrong, 0.5, label)
    suspected = found(table, weights=weights, probability=probability)
    assert set(suspected) == {"use_28d", "silent"}
    assert "a model that is too good to be true: AUC " in suspected["use_28d"]
    assert not found(table, weights=weights, probability=probability, trusted=("use_91d", "silent"))


def test_honest_inputs_are_not_suspected(table: FeatureTable) -> None:
    assert found(table) == {}
    size = last_known(table.frame, "arr").groupby(table.frame["account_id"]).transform("first")
    constant = planted(table, "channel", lambda rows, random: _drawn_once(rows, random))
    assert found(constant) == {}
    assert len(size) == len(table.frame)


def _drawn_once(frame: pd.DataFrame, random: np.random.Generator) -> pd.Series:
    ids = frame["account_id"].unique()
    drawn = dict(zip(ids, random.choice(["web", "partner", "fair"], len(ids)), strict=True))
    return frame["account_id"].map(drawn)


def test_a_trusted_column_is_no_suspect_and_the_way_out_says_so(table: FeatureTable) -> None:
    leaking = planted(table, "status", todays_status)
    assert found(leaking, trusted=("status",)) == {}
    assert way_out([Suspect("status", "tells")]) == (
        "leave out what is written with or after the outcome ([features] leave_out = "
        '["status"]); what was known before it, accept by name: [train] trusted = ["status"]'
    )
