"""Whether probabilities kept their promise: outcomes expected on test dates against those seen.

A model can order accounts well and still promise too much. The page's amounts are sums of
probabilities, so what counts for them is the sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from models.i18n.messages import Catalogue

LEAST, MOST = 0.75, 4 / 3
"""Outcomes seen for each one expected, between which a promise counts as kept."""
CHANCE = 4.0
"""Standard errors of a count: two for 95 %, doubled as test dates four weeks apart with a horizon
of thirteen count an outcome about three times."""


@dataclass(frozen=True)
class Promise:
    """Outcomes expected by a model and seen, over all rows of its test."""

    expected: float
    seen: float

    @property
    def ratio(self) -> float:
        """Outcomes seen for each one expected."""
        return self.seen / self.expected

    @property
    def kept(self) -> bool:
        """Say whether the two agree, as far as chance lets one tell."""
        clear = abs(self.seen - self.expected) > CHANCE * sqrt(self.expected)
        return not clear or LEAST <= self.ratio <= MOST

    def sentence(self, words: Catalogue) -> str:
        """Return what was seen for each ten that were expected."""
        key = "trust.too_much" if self.ratio < 1 else "trust.too_little"
        return words.text(key, came=words.number(10 * self.ratio))


def promise(card: Mapping[str, Any]) -> Promise | None:
    """Return a card's promise; None where the card has no test to tell from."""
    bins = card.get("reliability") or ()
    expected = sum(one["n"] * one["predicted"] for one in bins)
    seen = sum(one["n"] * one["observed"] for one in bins)
    return Promise(expected, seen) if expected > 0 else None
