"""Rates and steps: what accounts of their kind and size did, and priors where nobody did."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.forecast.quarterly_panel import DUE, KEPT, OPEN
from models.forecast.step_sizes import USUAL, gathered
from models.forecast.transition_rates import (
    FARTHEST,
    GONE,
    LESS,
    MORE,
    Scale,
    events,
    learn,
    logistic,
    traits,
)

ROWS = 6000


def steps(seed: int = 0, **changes: Any) -> pd.DataFrame:
    """Return steps of accounts that leave twice as often where a term ends, and grow if large."""
    random = np.random.default_rng(seed)
    binding = random.integers(0, 3, ROWS)
    size = random.standard_normal(ROWS)
    leaves = random.random(ROWS) < np.where(binding == DUE, 0.2, 0.1)
    grows = random.random(ROWS) < 1 / (1 + np.exp(2 - size))
    ratio = np.where(leaves, 0, np.where(grows, np.where(size > 0, 1.2, 2.0), 1.0))
    days = [date(2024, 1, 1) + timedelta(days=91 * n) for n in range(8)]
    known = {
        "as_of": [days[n % 8] for n in range(ROWS)],
        "announced": np.exp(8 + size),
        "ratio": ratio,
        "ending": False,
        "binding": binding,
        "tenure": random.integers(0, 4, ROWS),
        "ramp": random.random(ROWS) < 0.1,
    }
    return pd.DataFrame({**known, **changes})


def rate(slope: np.ndarray, bound: int, size: float, tenure: int = 0) -> float:
    """Return an event's rate for an account of the size, without a ramp."""
    known = traits(np.array([bound]), np.array([tenure]), np.array([False]))[0]
    by_size = np.eye(3)[bound] * size
    return float(1 / (1 + np.exp(-np.concatenate([known, by_size, [max(size, 0)]]) @ slope)))


def test_rates_follow_term_and_size() -> None:
    found = learn(steps())
    for bound, expected in ((KEPT, 0.1), (DUE, 0.2), (OPEN, 0.1)):
        assert rate(found.slope[GONE], bound, 0.0) == pytest.approx(expected, abs=0.03)
    for size in (-1.0, 0.0, 1.0):
        expected = 1 / (1 + np.exp(2 - size))
        assert rate(found.slope[MORE], KEPT, size) == pytest.approx(expected, abs=0.04)
    assert np.abs(found.surprise).max() < 0.6
    assert found.saved == found.ended == 0


def test_an_age_that_nobody_has_reached_is_like_the_age_before_it() -> None:
    young = steps()
    young["tenure"] = np.minimum(young["tenure"], 1)
    old = young["tenure"] == 1
    young.loc[old, "ratio"] = young.loc[old, "ratio"].where(young["ratio"] > 0, 1.0)
    slope = learn(young).slope[GONE]
    assert rate(slope, KEPT, 0.0, tenure=0) > 0.08
    assert rate(slope, KEPT, 0.0, tenure=1) < 0.02
    assert rate(slope, KEPT, 0.0, tenure=3) == pytest.approx(rate(slope, KEPT, 0.0, tenure=1))


def test_few_outcomes_do_not_make_size_decide() -> None:
    """Four small accounts left of 200: of the largest, nobody knows, so few are taken to leave."""
    few = steps().head(200).assign(ratio=1.0, binding=KEPT, tenure=0, ramp=False)
    few.loc[few["announced"].nsmallest(4).index, "ratio"] = 0.0
    few.loc[few["announced"].nlargest(1).index, "ratio"] = 0.0
    rates = learn(few)
    drawn = rates.draw(np.random.default_rng(0), 2000)[GONE]
    largest = np.mean([rate(slope, KEPT, FARTHEST) for slope in drawn])
    assert 0.005 < largest < 0.06


def test_announced_ends_that_did_not_come_are_counted_apart() -> None:
    told = steps(ending=[n % 10 == 0 for n in range(ROWS)])
    found = learn(told)
    assert found.saved + found.ended == ROWS // 10
    assert found.ended == int((told["ratio"][told["ending"]] == 0).sum())
    drawn = found.draw_saved(np.random.default_rng(0), 500)
    assert drawn.mean() == pytest.approx(found.saved / (ROWS // 10), abs=0.02)


def test_few_outcomes_give_wide_draws_and_none_still_some() -> None:
    matrix = np.ones((400, 3))
    once, often = np.eye(1, 400)[0], np.arange(400) % 4 == 0
    (_, wide), (_, narrow) = (logistic(matrix, one.astype(float)) for one in (once, often))
    assert np.trace(wide @ wide.T) > np.trace(narrow @ narrow.T)
    slope, _ = logistic(matrix, np.zeros(400))
    assert 0 < 1 / (1 + np.exp(-slope.sum())) < 0.01


def test_a_change_of_price_is_no_event() -> None:
    told = events(np.array([0.0, 0.5, 0.92, 1.0, 1.08, 1.5]))
    assert told.argmax(axis=1).tolist() == [GONE, LESS, GONE, GONE, GONE, MORE]
    assert told.any(axis=1).tolist() == [True, True, False, False, False, True]


def test_nobody_is_larger_or_smaller_than_whoever_was_seen() -> None:
    sizes = np.array([0.0, 500.0, 1e12])
    assert Scale.of(np.full(9, 500.0)).size(sizes).tolist() == [0, 0, 0]
    spread = np.exp(np.linspace(-20, 20, 9))
    assert Scale.of(500 * spread).size(sizes).tolist() == pytest.approx([-1.549193, 0, 1.549193])
    outlier = np.array([*np.full(99, 500.0), 1e9])
    assert Scale.of(outlier).size(sizes)[2] == FARTHEST


def test_steps_are_drawn_from_accounts_of_about_the_size() -> None:
    found, random = gathered(steps()), np.random.default_rng(0)
    known = found.resampled(random, 3)
    kind, future = (MORE, KEPT), np.zeros(50, int)
    small, large = (
        found.drawn(kind, known[kind], future, np.full(50, arr), random)
        for arr in (np.exp(6.0), np.exp(10.0))
    )
    assert set(small) == {2.0}
    assert set(large) == {1.2}


def test_where_no_step_was_ever_seen_a_quarter_is_taken() -> None:
    found, random = gathered(steps(ratio=1.03)), np.random.default_rng(0)
    assert found.drift == pytest.approx(np.full(3, 1.03))
    known = found.resampled(random, 2)
    for event in (LESS, MORE):
        drawn = found.drawn((event, OPEN), known[event, OPEN], np.array([1]), np.ones(1), random)
        assert drawn == pytest.approx([USUAL[event]])
