"""How inputs lay in training, and how far others are from it."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from models.dataset.training_profile import BINS, FEWEST, described, index
from models.inference.encoding import FeatureSpec
from models.release.model_files import FEATURES
from models.statistics.psi import LARGE, stability

NUMBER = FeatureSpec("n", "usage", "n", "ratio", "N", None, None, (None, None), None, 0.5)
NAME = replace(NUMBER, name="c", unit="category", categories=("big", "small"), typical="big")
RANDOM = np.random.default_rng(5)


def test_numbers_lie_in_tenths_and_names_each_for_itself() -> None:
    number = described(NUMBER, np.arange(1000.0))
    assert len(number.edges) == BINS - 1
    assert number.shares == pytest.approx((*[0.1] * BINS, 0.0), abs=0.002)
    name = described(NAME, np.array([0.0, 0.0, 1.0, np.nan] * 250))
    assert name.edges == ()
    assert name.shares == pytest.approx((0.5, 0.25, 0.25), abs=0.002)


def test_it_is_the_index_of_scores_but_for_the_unknown() -> None:
    before, after = RANDOM.normal(size=1000), RANDOM.normal(0.5, size=1000)
    assert index(described(NUMBER, before), after) == pytest.approx(
        stability(before, after), abs=0.005
    )


def test_more_unknown_values_are_a_move_by_themselves() -> None:
    known = described(NUMBER, RANDOM.random(1000))
    column = RANDOM.random(1000)
    column[:300] = np.nan
    moved = index(known, column)
    assert moved is not None
    assert moved > LARGE


@pytest.mark.parametrize("seed", range(20))
def test_the_fewest_rows_that_are_told_rarely_move_by_chance(seed: int) -> None:
    random = np.random.default_rng(seed)
    moved = index(described(NUMBER, random.random(5000)), random.random(FEWEST))
    assert moved is not None
    assert moved < LARGE


@pytest.mark.parametrize("column", [np.full(300, np.nan), np.zeros(300), np.empty(0)])
def test_a_column_that_says_nothing_has_not_moved_from_itself(column: np.ndarray) -> None:
    assert index(described(NUMBER, column), column) == pytest.approx(0.0, abs=1e-4)


def test_a_release_keeps_it_and_one_from_before_has_none() -> None:
    known = described(NUMBER, RANDOM.random(100))
    assert FeatureSpec.from_dict(asdict(known)) == known
    [read] = FEATURES.validate_python([asdict(known)])
    assert read == known
    old = {name: one for name, one in asdict(NUMBER).items() if name not in ("edges", "shares")}
    assert index(FeatureSpec.from_dict(old), np.zeros(5)) is None
