"""A candidate's card says all that scores and totals need of it."""

from __future__ import annotations

import pytest

from models.inference.total_interval import LEVEL
from models.lifecycle.candidate import Candidate, train_candidate
from models.release.golden_rows import amount_error
from models.training.boosting import Params
from tests.models.tables import feature_table

QUICK = Params(max_trees=40, patience=10, threads=1)


@pytest.fixture(scope="module")
def candidate() -> Candidate:
    made = train_candidate(feature_table(), "upsell", QUICK, min_positives=50, capacity=240)
    assert isinstance(made, Candidate)
    return made


def test_the_card_says_how_far_off_amounts_and_their_sum_are(candidate: Candidate) -> None:
    amount = candidate.card.amount
    assert amount.spread == pytest.approx(0, abs=0.01)  # in this table all outcomes are worth 20 %
    assert amount.level_error is not None
    assert LEVEL / 2 <= amount.level_error < 2 * LEVEL
    assert amount_error(amount).level == amount.level_error


def test_the_card_holds_arr_order_beside_the_model_at_each_depth(candidate: Candidate) -> None:
    reached = candidate.card.reached
    # 240 accounts are all there are: at that capacity any order holds all.
    assert [reach.at for reach in reached] == ["first 5 %", "first 10 %", "first 20 %"]
    for reach in reached:
        assert reach.rivals is not None
        assert reach.rivals[0].name == "ARR"
