"""Where a challenger that is better on the whole is worse, or will not stay so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.lifecycle.comparison import Check, Comparison, Pair, compare
from models.statistics import psi

RANDOM = np.random.default_rng(5)
ROWS = pd.DataFrame(
    {
        "account_id": np.arange(4000) // 2,
        "segment": np.where(np.arange(4000) % 10 < 7, "smb", "enterprise"),
    }
)
LIKELIHOOD = RANDOM.normal(-1, 1.5, len(ROWS))
LABEL = (RANDOM.random(len(ROWS)) < 1 / (1 + np.exp(-LIKELIHOOD))).astype(float)


def chance(noise: float, shift: float = 0.0) -> np.ndarray:
    """Return probabilities that are off the true ones by so much, in log-odds."""
    seen = LIKELIHOOD + np.random.default_rng(6).normal(0, noise, len(ROWS)) + shift
    return 1 / (1 + np.exp(-seen))


def held(challenger: np.ndarray, champion: np.ndarray | None = None) -> dict[str, Check]:
    """Hold probabilities against those of a champion that knows a bit less, or another one."""
    pair = Pair(chance(1.0) if champion is None else champion, challenger)
    return {one.name: one for one in compare(Comparison(ROWS, LABEL, pair, pair))}


def refused(found: dict[str, Check]) -> set[str]:
    return {name for name, one in found.items() if not one.passes}


def test_what_is_better_everywhere_passes() -> None:
    assert refused(held(chance(0.1))) == set()


def test_what_is_worse_for_one_segment_names_it() -> None:
    enterprise = (ROWS["segment"] == "enterprise").to_numpy()
    found = held(np.where(enterprise, chance(1.4), chance(0.0)))
    assert refused(found) == {"slices"}
    assert found["slices"].why.startswith("segment enterprise: behind in log loss by -0.")
    assert found["slices"].challenger == "2 slices"


def test_a_clear_lead_that_is_worth_no_change_does_not_pass() -> None:
    found = held(chance(0.1), chance(0.12))
    assert refused(found) == {"better"}


def test_better_calibration_alone_is_worth_a_change() -> None:
    found = held(chance(0.8), chance(0.8, shift=0.7))
    assert refused(found) == set()
    assert "lead in AUC 0.000 [0.000, 0.000], in log loss 0.0" in found["better"].why


def test_probabilities_far_above_what_happens_do_not_pass() -> None:
    found = held(chance(0.0, shift=0.9))
    assert {"calibration", "base rate"} <= refused(found)


@pytest.mark.parametrize(("moved", "stable"), [(0.0, True), (0.3, True), (1.5, False)])
def test_scores_that_moved_alone_do_not_pass(moved: float, stable: bool) -> None:
    past = Pair(chance(0.8), chance(0.1))
    newest = Pair(past.champion, chance(0.1, shift=-moved))
    found = {one.name: one for one in compare(Comparison(ROWS, LABEL, past, newest))}
    assert found["score shift"].passes is stable


def test_scores_may_move_when_the_champions_do() -> None:
    newest = Pair(chance(0.8, shift=-1.5), chance(0.1, shift=-1.5))
    comparison = Comparison(ROWS, LABEL, Pair(chance(0.8), chance(0.1)), newest)
    assert refused({one.name: one for one in compare(comparison)}) == set()


def test_stability_is_zero_for_the_same_scores_and_grows_with_the_shift() -> None:
    before = RANDOM.normal(size=2000)
    moves = [psi.stability(before, before + move) for move in (0.0, 0.2, 0.5, 1.0)]
    assert moves[0] == 0
    assert moves == sorted(moves)
    assert moves[1] < psi.LARGE < moves[3]


def test_stability_of_few_or_equal_scores_is_a_number() -> None:
    assert psi.stability(np.ones(50), np.ones(50)) == 0
    assert np.isfinite(psi.stability(np.ones(50), np.zeros(50)))


def test_chance_alone_stays_below_the_limit() -> None:
    over = 0
    for seed in range(300):
        random = np.random.default_rng(seed)
        before, after = random.normal(size=400), random.normal(size=60)
        over += psi.stability(before, after) > psi.limit(len(before), len(after))
    assert over <= 2


def test_agreement_is_spearmans_with_ties_as_their_mean() -> None:
    one, other = np.array([1.0, 2.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0, 40.0])
    assert psi.agreement(one, other) == pytest.approx(0.9486833)
    assert psi.agreement(one, -one) == pytest.approx(-1)
    assert psi.agreement(one, np.ones(4)) == 0
