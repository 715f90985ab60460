"""How far the sum of many expected amounts may be off: 80 % intervals of totals.

A total is off by chance, for an outcome comes or not and is worth more or less than usual, and
because the level of all probabilities together is off: quarters differ. In most companies few
accounts make most of the ARR, so that no bell curve holds: outcomes are drawn, account by account
where an account matters. Needs NumPy alone: the server works out totals, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.inference.expected_arr import GAIN, LOSS, Directed

SPREAD, LEVEL = 0.8, 0.2
"""What is taken where a version does not say: with it, simulated companies' intervals hold."""
DRAWS = 1_000
MOST_DRAWN = 60
"""So many outcomes of a target are drawn one by one; the others together, as a gamma variate."""
SEED = 7
ENDS = (10, 90)


@dataclass(frozen=True)
class AmountError:
    """How far off the amounts of a target are.

    ``spread`` is the error of an outcome's amount as a share of it, ``level`` that of the sum over
    many accounts, both standard deviations.
    """

    spread: float = SPREAD
    level: float = LEVEL


@dataclass(frozen=True)
class Span:
    """The ends of an 80 % interval."""

    low: float
    high: float

    def moved(self, by: float) -> Span:
        """Return the interval of the total with what is certain added."""
        return Span(self.low + by, self.high + by)


@dataclass(frozen=True)
class Spans:
    """The intervals of the expected gain, the expected loss, and of one less the other.

    ``None`` where no model says anything of it.
    """

    expansion: Span | None
    loss: Span | None
    net: Span | None


class WithOutcomes(Protocol):
    """An account with the probability of each target, and the ARR that its outcome is worth."""

    @property
    def probabilities(self) -> Mapping[str, float]:
        """Probability by target; empty where the outcome is decided."""

    @property
    def worth(self) -> Mapping[str, float] | None:
        """ARR by target, should it come; ``None`` where it is not known."""


def spans(
    scores: Iterable[WithOutcomes],
    labels: Mapping[str, Directed],
    errors: Mapping[str, AmountError],
) -> Spans:
    """Return the intervals of the totals of ``scores``.

    ``errors`` has the targets with a model. All ``None`` where an account's amounts are not known
    one by one, as in scorings from before they were stored. A bad quarter is bad for all targets:
    the level of gains falls as that of losses rises.
    """
    scored = [score for score in scores if score.probabilities]
    if any(score.worth is None for score in scored):
        return Spans(None, None, None)
    random = np.random.default_rng(SEED)
    level = random.standard_normal(DRAWS)
    drawn: dict[str, np.ndarray] = {}
    for direction, sign in ((GAIN, 1.0), (LOSS, -1.0)):
        sums = [
            draws(*_columns(scored, name), error, sign * level, random)
            for name, error in errors.items()
            if name in labels and labels[name].direction == direction
        ]
        if sums:
            drawn[direction] = np.sum(sums, axis=0)
    gain, loss = drawn.get(GAIN), drawn.get(LOSS)
    net = None if gain is None or loss is None else gain - loss
    return Spans(*(None if sums is None else _span(sums) for sums in (gain, loss, net)))


def draws(
    probability: np.ndarray,
    amount: np.ndarray,
    error: AmountError,
    level: np.ndarray,
    random: np.random.Generator,
) -> np.ndarray:
    """Return what the outcomes of a target may add up to, shape (draws,).

    Parameters
    ----------
    probability, amount
        Of each account: how likely, and what it is worth then, shape (accounts,).
    error
        How far off amounts are.
    level
        How good the quarter is, in standard deviations, shape (draws,).
    random
        Draws the outcomes.
    """
    expected = probability * amount
    variance = expected * amount * (1 + error.spread**2) - expected**2
    order = np.argsort(-variance, kind="stable")
    single, rest = order[:MOST_DRAWN], order[MOST_DRAWN:]
    log_level = np.sqrt(np.log1p(error.level**2))
    factor = np.exp(log_level * level - log_level**2 / 2)
    shape = (len(level), len(single))
    comes = random.random(shape) < probability[single] * factor[:, None]
    log_spread = np.sqrt(np.log1p(error.spread**2))
    worth = np.exp(log_spread * random.standard_normal(shape) - log_spread**2 / 2)
    sums = (comes * worth) @ amount[single]
    mean, scatter = expected[rest].sum(), variance[rest].sum()
    if mean > 0:
        sums = sums + factor * random.gamma(mean**2 / scatter, scatter / mean, len(level))
    return np.asarray(sums)


def _columns(scored: Sequence[WithOutcomes], target: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities and amounts of a target, of the accounts that have both."""
    pairs = [
        (score.probabilities[target], (score.worth or {})[target])
        for score in scored
        if target in score.probabilities and target in (score.worth or {})
    ]
    columns = np.array(pairs, float).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


def _span(sums: np.ndarray) -> Span:
    low, high = np.percentile(sums, ENDS)
    return Span(float(low), float(high))
