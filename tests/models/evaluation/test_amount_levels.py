from __future__ import annotations

import numpy as np
import pytest

from models.evaluation.amount_levels import Stretch, level_error, stretches
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
    assert min(noisy) >= LEVEL / 2


def test_a_stretch_is_of_one_date() -> None:
    days = np.repeat([1, 2, 3], 3)
    p, amount = np.full(9, 0.5), np.full(9, 10.0)
    amount[8] = np.nan
    actual = np.array([10.0, 0, 0, 20, 0, 0, 5, 0, 0])
    first, second = stretches(np.repeat([0, 1], [6, 3]), days, p, amount, actual, spread=0.0)
    assert first == Stretch(15.0, 15.0, 3 * 0.25 * 100)
    assert second == Stretch(10.0, 5.0, 2 * 0.25 * 100)
    [wider] = stretches(days[:3], days[:3], p[:3], amount[:3], actual[:3], spread=1.0)
    assert wider.variance == 3 * (0.5 * 100 * 2 - 25)
