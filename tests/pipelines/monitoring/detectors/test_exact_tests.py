"""The tests for counts against probabilities that can be worked out by hand or by drawing."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from pipelines.monitoring.detectors.exact_tests import (
    lower_tail,
    more_often,
    scaled_values,
    upper_tail,
)
from pipelines.monitoring.detectors.feed_statistics import WEEKS, Values


def test_tails_given_all_rows_are_binomial() -> None:
    assert lower_tail(0, 12, weeks=12, past=12, spread=1.0) == pytest.approx(0.5**12)
    assert upper_tail(12, 0, weeks=12, past=12, spread=1.0) == pytest.approx(0.5**12)
    # Weeks that scatter twice as widely: four rows tell as much as one.
    assert lower_tail(0, 48, weeks=12, past=12, spread=2.0) == pytest.approx(0.5**12)


def test_fishers_exact_test_of_shares() -> None:
    total, missing = np.ones(WEEKS), np.zeros(WEEKS)
    missing[:3] = 1
    # All three of 57 fell into the newest weeks.
    assert more_often(missing, total, 3, rare=1.01 / comb(57, 3)) is not None
    assert more_often(missing, total, 3, rare=0.99 / comb(57, 3)) is None


def test_values_raise_few_false_alarms_whatever_their_distribution() -> None:
    random = np.random.default_rng(5)
    weeks = np.repeat(np.arange(WEEKS), 2)
    alarms = sum(
        scaled_values(Values(weeks, random.standard_cauchy(len(weeks)))) is not None
        for _ in range(2000)
    )
    # Five spans of weeks, each once in 10,000 times.
    assert alarms <= 5
