"""Sums say what they contain: what is not known is in no sum, and named."""

from __future__ import annotations

from typing import Any

from features.labels.targets import TARGETS
from models.inference.contracted import Contracted
from models.inference.total_interval import AmountError
from models.inference.totals import total
from models.store.scores import AccountScore
from tests.models.stored import account

OPEN = Contracted(12_000.0, 0.0, 0.0, None, is_decided=False)
RAMP = Contracted(15_000.0, 3_000.0, 0.0, None, is_decided=False)
PART = Contracted(7_000.0, 0.0, 5_000.0, None, is_decided=False)
LEAVES = Contracted(0.0, 0.0, 12_000.0, None, is_decided=True)
NOTHING: dict[str, Any] = {"arr": None, "expected_expansion_arr": None, "arr_at_risk": None}


def scored(contracted: Contracted, **changes: Any) -> AccountScore:
    lost = contracted.loss or 0.0
    usual = {"expected_expansion_arr": 900.0, "arr_at_risk": lost + 300.0}
    if contracted.is_decided:
        usual = {"expected_expansion_arr": 0.0, "arr_at_risk": lost}
    return account(1, **{**usual, "contracted": contracted, **changes})


def test_loss_by_notice_and_expected_loss_add_up_to_what_is_at_risk() -> None:
    sums = total([scored(what) for what in (OPEN, RAMP, PART, LEAVES)], TARGETS, TARGETS)
    assert (sums.accounts, sums.decided, sums.without_arr) == (4, 1, 0)
    assert (sums.lost_by_notice, sums.expected_loss, sums.at_risk) == (17_000, 900, 17_900)
    assert (sums.expansion, sums.contracted_gain) == (2_700, 3_000)
    assert sums.net == 2_700 + 3_000 - 17_900
    assert sums.leaves_out == ()


def test_without_a_model_of_losses_what_is_expected_is_not_known_and_notice_is() -> None:
    open_account = scored(OPEN, arr_at_risk=None)
    sums = total([open_account, scored(LEAVES)], ["upsell"], TARGETS)
    assert sums.leaves_out == ("cross_sell", "downsell", "churn")
    assert (sums.expansion, sums.expected_loss, sums.net) == (900, None, None)
    assert (sums.at_risk, sums.lost_by_notice) == (12_000, 12_000)
    alone = total([open_account], ["upsell"], TARGETS)
    assert (alone.at_risk, alone.lost_by_notice) == (None, 0)


def test_without_a_model_of_gains_no_expansion_is_known_whoever_leaves() -> None:
    sums = total([scored(LEAVES)], ["churn"], TARGETS)
    assert (sums.expansion, sums.net) == (None, None)
    assert (sums.expected_loss, sums.at_risk) == (0, 12_000)


def test_accounts_without_arr_are_counted_and_in_no_sum() -> None:
    unknown = Contracted(None, None, None, None, is_decided=False)
    sums = total([scored(OPEN), scored(unknown, **NOTHING)], TARGETS, TARGETS)
    assert (sums.without_arr, sums.arr, sums.expansion, sums.at_risk) == (1, 12_000, 900, 300)
    nobody = total([], TARGETS, TARGETS)
    assert (nobody.accounts, nobody.arr, nobody.at_risk) == (0, None, None)


def test_what_is_announced_moves_the_interval_and_is_in_no_chance() -> None:
    errors = dict.fromkeys(TARGETS, AmountError(0.0, 0.0))
    worth = {"upsell": 3_000.0, "cross_sell": 0.0, "downsell": 0.0, "churn": 12_000.0}
    accounts = [scored(OPEN, worth=worth) for _ in range(200)]
    alone, beside = (
        total(rows, TARGETS, TARGETS, errors)
        for rows in (accounts, [*accounts, scored(LEAVES, probabilities={}, worth={})])
    )
    assert alone.at_risk_span is not None
    assert beside.at_risk_span == alone.at_risk_span.moved(12_000)
    assert beside.expansion_span == alone.expansion_span
    assert alone.net_span is not None
    assert beside.net_span == alone.net_span.moved(-12_000)


def test_a_total_that_is_not_known_or_without_its_errors_has_no_interval() -> None:
    worth = {"upsell": 3_000.0}
    gains = total([scored(OPEN, worth=worth)], ["upsell"], TARGETS, {"upsell": AmountError()})
    assert gains.expansion_span is not None
    assert (gains.at_risk_span, gains.net_span) == (None, None)
    before = total([scored(OPEN)], TARGETS, TARGETS, dict.fromkeys(TARGETS, AmountError()))
    without = total([scored(OPEN, worth=worth)], TARGETS, TARGETS)
    for sums in (before, without):
        assert (sums.expansion_span, sums.at_risk_span, sums.net_span) == (None, None, None)
