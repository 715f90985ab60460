"""An 80 % interval of a total holds 80 % of what comes, whoever makes most of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from features.labels.targets import TARGETS
from models.inference.total_interval import DRAWS, AmountError, draws, spans


@dataclass(frozen=True)
class Account:
    probabilities: dict[str, float]
    worth: dict[str, float] | None


def company(seed: int, accounts: int, tail: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.beta(0.5, 6, accounts), 0.3 * random.lognormal(8, tail, accounts)


def came(p: np.ndarray, amount: np.ndarray, error: AmountError, seed: int) -> float:
    """Draw one quarter: its level, who has the outcome, and what each is worth."""
    random = np.random.default_rng(seed)
    log_level, log_spread = (np.sqrt(np.log1p(off**2)) for off in (error.level, error.spread))
    level = random.lognormal(-(log_level**2) / 2, log_level)
    worth = random.lognormal(-(log_spread**2) / 2, log_spread, len(p))
    return float(((random.random(len(p)) < p * level) * worth) @ amount)


@pytest.mark.parametrize(
    ("accounts", "tail", "level"),
    [(40, 1.0, 0.1), (40, 2.5, 0.3), (400, 1.5, 0.0), (400, 2.5, 0.3), (3_000, 2.0, 0.3)],
)
def test_it_holds_8_of_10_times(accounts: int, tail: float, level: float) -> None:
    error = AmountError(spread=0.7, level=level)
    inside = []
    for seed in range(40):
        p, amount = company(seed, accounts, tail)
        random = np.random.default_rng(seed)
        sums = draws(p, amount, error, random.standard_normal(DRAWS), random)
        low, high = np.percentile(sums, [10, 90])
        inside += [low <= came(p, amount, error, 1_000 * seed + n) <= high for n in range(60)]
    assert 0.76 <= np.mean(inside) <= 0.84


def test_the_middle_of_what_is_drawn_is_what_is_expected() -> None:
    p, amount = company(1, 500, 1.5)
    random = np.random.default_rng(1)
    sums = draws(p, amount, AmountError(0.7, 0.2), random.standard_normal(40_000), random)
    assert sums.mean() == pytest.approx(p @ amount, rel=0.03)


def accounts(number: int = 200) -> list[Account]:
    p, amount = company(2, number, 1.5)
    return [
        Account({"upsell": chance, "churn": chance / 2}, {"upsell": worth, "churn": 3 * worth})
        for chance, worth in zip(p.tolist(), amount.tolist(), strict=True)
    ]


ERRORS = {"upsell": AmountError(0.7, 0.2), "churn": AmountError(0.0, 0.3)}


def test_gains_losses_and_the_net_have_an_interval_each() -> None:
    scored = accounts()
    both = spans(scored, TARGETS, ERRORS)
    assert both.expansion is not None
    assert both.loss is not None
    assert both.net is not None
    gain = sum(one.probabilities["upsell"] * (one.worth or {})["upsell"] for one in scored)
    assert both.expansion.low < gain < both.expansion.high
    # A bad quarter is bad for both: the net is less certain than if they were on their own.
    widths = [span.high - span.low for span in (both.expansion, both.loss)]
    assert both.net.high - both.net.low > 1.05 * float(np.hypot(*widths))
    assert spans(scored, TARGETS, ERRORS) == both


def test_more_accounts_are_more_certain_and_a_shaky_level_is_less() -> None:
    def width(number: int, level: float) -> float:
        scored = accounts(number)
        span = spans(scored, TARGETS, {"upsell": AmountError(0.7, level)}).expansion
        assert span is not None
        gain = sum(one.probabilities["upsell"] * (one.worth or {})["upsell"] for one in scored)
        return (span.high - span.low) / gain

    assert width(2_000, 0.1) < 0.7 * width(100, 0.1)
    assert width(2_000, 0.5) > 1.3 * width(2_000, 0.1)


def test_nobody_can_say_without_amounts_and_what_has_no_model_has_no_interval() -> None:
    without = [*accounts(), Account({"upsell": 0.3}, None)]
    assert spans(without, TARGETS, ERRORS).expansion is None
    gains = spans(accounts(), TARGETS, {"upsell": AmountError()})
    assert (gains.loss, gains.net) == (None, None)
    assert gains.expansion is not None
    # Whose outcome is decided, or whose ARR is not known, is in no total.
    unknown = [*accounts(), Account({}, None), Account({"upsell": 0.3}, {})]
    assert spans(unknown, TARGETS, {"upsell": AmountError()}) == gains
