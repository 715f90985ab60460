"""The forecast as the page draws it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pipelines.report.sections.nrr_outlook import outlook


def spread(value: float) -> dict[str, float]:
    ends = {"low_80": -0.05, "high_80": 0.05, "low_95": -0.1, "high_95": 0.1}
    return {"value": value, **{name: value + more for name, more in ends.items()}}


def document(**more: Any) -> dict[str, Any]:
    nrr = {**spread(0.98), "came": 1.08}
    return {
        "origin": "2026-08-03",
        "arr": 1000.0,
        "nrr": spread(1.18),
        "grr": spread(0.91),
        "nrr_last_year": 1.15,
        "grr_last_year": None,
        "band": "better",
        "bands": [{"from": 1.3, "name": "almost unheard of"}, {"from": 1.1, "name": "okay"}],
        "parts": {"contracted_up": spread(0.01), "expansion": spread(0.26), "churn": spread(-0.06)},
        "backtest": {
            "origins": 2,
            "coverage": {"nrr": {"80": 0.5}},
            "trials": [
                {"origin": "2025-08-04", "nrr": nrr},
                {"origin": "2025-05-05", "nrr": spread(0.9) | {"came": 0.9}},
            ],
        },
        **more,
    }


def test_figures_lie_on_one_scale_in_their_order() -> None:
    found = outlook(document())
    assert found is not None
    nrr, grr, last = found.bars
    assert (nrr.name, grr.name, last.name) == ("nrr", "grr", "nrr_last_year")
    assert grr.x < last.x < nrr.x
    assert nrr.inner
    assert nrr.outer
    assert nrr.outer[0] < nrr.inner[0] < nrr.x < nrr.inner[1] < nrr.outer[1] <= found.width
    okay = next(x for x, mark, _ in found.bands if mark == 1.1)
    assert okay < last.x
    assert [round(mark, 1) for _, mark in found.ticks] == [0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3]


def test_what_is_signed_stands_apart_in_money() -> None:
    found = outlook(document())
    assert found is not None
    assert [(one.name, one.amount) for one in found.contracted] == [("contracted_up", 10.0)]
    assert [one.name for one in found.predicted] == ["expansion", "churn"]
    assert found.predicted[0].amount == pytest.approx(260)
    assert found.predicted[0].low == pytest.approx(210)


def test_the_newest_year_that_can_be_checked_is_told() -> None:
    found = outlook(document())
    assert found is not None
    assert found.trial is not None
    assert (found.trial.origin, found.trial.actual) == (date(2025, 8, 4), 1.08)
    assert (found.trials, found.coverage) == (2, 0.5)
    young = outlook(document(backtest={}))
    assert young is not None
    assert young.trial is None


def test_a_scale_reaches_as_far_as_its_figures() -> None:
    found = outlook(document(nrr=spread(1.9), grr=spread(0.4)))
    assert found is not None
    assert all(0 < one.x <= found.width for one in found.bars)


def test_without_a_forecast_there_is_no_outlook() -> None:
    assert outlook(None) is None
