from __future__ import annotations

import numpy as np
import pytest

from models.evaluation.amount_levels import Stretch, level_error, stretch
from models.inference.total_interval import LEVEL


def quarters(number: int, level: float, chance: float, seed: int) -> list[Stretch]:
    """Return quarters of which 100 is expected, off by the level and by chance."""
    random = np.random.default_rng(seed)
    actual = 100 * (1 + level * random.standard_normal(number)) + chance * random.standard_normal(
        number
    )
    return [Stretch(100.0, float(value), chance**2) for value in actual]


def test_without_a_stretch_the_usual_error_stands() -> None:
    assert level_error([]) == pytest.approx(LEVEL)
    assert level_error([Stretch(0.0, 5.0, 1.0)]) == pytest.approx(LEVEL)


@pytest.mark.parametrize("level", [0.1, 0.5])
def test_many_quarters_tell_the_error_of_the_level_beyond_chance(level: float) -> None:
    assert level_error(quarters(200, level, 10.0, seed=1)) == pytest.approx(level, rel=0.15)


def test_few_quarters_are_shrunk_to_the_usual_error() -> None:
    few = [level_error(quarters(3, 0.5, 10.0, seed=seed)) for seed in range(200)]
    assert LEVEL < np.median(few) < 0.45


def test_where_chance_explains_all_that_is_off_the_level_is_as_usual_or_less() -> None:
    noisy = [level_error(quarters(4, 0.0, 80.0, seed=seed)) for seed in range(200)]
    assert np.median(noisy) == pytest.approx(LEVEL, rel=0.15)
    assert max(noisy) < 2.5 * LEVEL
    assert min(noisy) >= LEVEL / 4


def test_a_stretch_is_of_one_date() -> None:
    days = np.repeat([1, 2], 3)
    p, amount = np.full(6, 0.5), np.full(6, 10.0)
    actual = np.array([10.0, 0, 0, 20, 0, 0])
    once = stretch(days, p, amount, actual, spread=0.0)
    assert (once.expected, once.actual) == (15.0, 15.0)
    assert once.variance == pytest.approx(3 * 0.25 * 100)
    assert stretch(days, p, amount, actual, spread=1.0).variance > once.variance
