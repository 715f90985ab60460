"""Mean probabilities against those of past weeks: a line is a target's weeks, the newest last."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from pipelines.monitoring.detectors.score_drift import figures, findings
from pipelines.monitoring.verdict import Verdict

MONDAY = date(2026, 8, 3)
NAME = "mean p upsell 3"


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [
        # mean probability by week, newest last   found
        ("0.10 0.10 0.11 0.09 0.10", "-"),
        ("0.10 0.10 0.11 0.09 0.13", "-"),
        ("0.10 0.10 0.11 0.09 0.15", "scores_moved upsell 1.59"),
        ("0.10 0.10 0.11 0.09 0.06", "scores_moved upsell 0.57"),
        ("0.90 0.90 0.90 0.90 0.94", "scores_moved upsell 1.74"),  # odds 9 to 15.7
        ("0.10 0.10 0.10 0.30", "-"),  # three weeks do not tell what is usual
        ("0.10 0.10 0.10 0.90 0.10", "-"),  # one strange week among them does not matter
    ],
)
def test_what_is_told_of_a_series(weeks: str, expected: str) -> None:
    *before, now = (float(one) for one in weeks.split())
    told = " ".join(
        f"{one.code} {one.about} {one.values['times']}"
        for one in findings({NAME: now}, past(before), MONDAY)
    )
    assert (told or "-") == expected


def test_another_version_starts_anew() -> None:
    assert not list(findings({"mean p upsell 4": 0.3}, past([0.1] * 6), MONDAY))


def test_figures_of_other_kinds_are_left_alone() -> None:
    assert not list(findings({"auc upsell": 0.3, NAME: None}, past([0.1] * 6), MONDAY))


def test_what_a_week_notes() -> None:
    chances = {"upsell": np.array([0.1, 0.3]), "churn": np.array([])}
    assert figures(chances, {"upsell": "3", "churn": "2"}) == {NAME: 0.2}


def past(values: list[float]) -> list[Verdict]:
    """Return verdicts with one mean probability each, the newest first; ``values`` end with it."""
    days = (MONDAY - timedelta(weeks=back) for back in range(1, len(values) + 1))
    return [
        Verdict(day, "fine", "ok", (), figures={NAME: value, "accounts": 9.0})
        for day, value in zip(days, reversed(values), strict=True)
    ]
