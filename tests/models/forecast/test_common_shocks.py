"""Common shocks: found where there are any, believed to be usual where nothing can be known."""

from __future__ import annotations

import numpy as np
import pytest

from models.forecast.common_shocks import EVENTS, SIGNS, estimate

QUARTERS = 16


def surprises(seed: int, swing: float, chance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what is common to the events of each quarter, seen through ``chance``."""
    random = np.random.default_rng(seed)
    common = swing * random.standard_normal((QUARTERS, 1)) * SIGNS
    seen = common + chance * random.standard_normal((QUARTERS, len(EVENTS)))
    return seen, np.full(seen.shape, chance**2)


@pytest.mark.parametrize("swing", [0.0, 0.5])
def test_the_size_of_shocks_is_found(swing: float) -> None:
    found = [estimate(*surprises(seed, swing, 0.1), 4).size["losses"] for seed in range(10)]
    assert np.mean(found) == pytest.approx(swing, abs=0.15)


def test_where_little_is_known_shocks_are_usual_and_the_level_is_open() -> None:
    common = estimate(*surprises(0, 0.0, 3.0), 4)
    assert common.size["growth"] == pytest.approx(0.25, abs=0.05)
    drawn = common.draw(np.random.default_rng(0), 4000)
    assert drawn.shape == (4000, 4, len(EVENTS))
    assert drawn.std(axis=0) == pytest.approx(np.full((4, 3), 0.42), abs=0.06)


def test_a_bad_quarter_goes_together_with_little_growth() -> None:
    drawn = estimate(*surprises(1, 0.5, 0.1), 4).draw(np.random.default_rng(0), 4000)
    across = np.corrcoef(drawn[:, 0].T)
    assert across[0, 1] > 0.3
    assert across[0, 2] < -0.3


def test_a_lasting_level_is_carried_on() -> None:
    seen = np.full((QUARTERS, len(EVENTS)), 0.4)
    ahead = estimate(seen, np.full(seen.shape, 0.01), 4)
    assert ahead.weight @ ahead.mean == pytest.approx(np.full(12, 0.3), abs=0.1)
