"""NRR and GRR of a base, and the parts that they consist of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BANDS = (
    (1.30, "almost unheard of"),
    (1.25, "excellent"),
    (1.20, "very good"),
    (1.15, "better"),
    (1.10, "okay"),
)
"""What a yearly NRR counts as, from its lower end on."""
BELOW = "below okay"
PARTS = ("contracted_up", "contracted_down", "expansion", "downsell", "churn")
"""What moves a base: signed or announced already, and what else comes."""


@dataclass(frozen=True)
class Retention:
    """Retention in each of some futures, (futures,), as shares of the ARR today.

    ``parts`` by name add up to ``nrr - 1``; what is lost is negative.
    """

    nrr: np.ndarray
    grr: np.ndarray
    parts: dict[str, np.ndarray]


def retained(today: np.ndarray, signed: np.ndarray, then: np.ndarray) -> Retention:
    """Return what ``then`` means for the accounts that pay ``today``.

    An account counts once, with what remains at the end: one that grew and shrank back neither
    grew nor shrank. GRR takes no account for more than it pays today.

    Parameters
    ----------
    today, signed
        ARR of each account today and, by what is signed and announced today, at the end,
        (accounts,).
    then
        ARR of each account at the end of each future, (futures, accounts).
    """
    arr_today = today.sum()
    surprise = then - signed
    gone = then <= 0
    ahead = signed - today
    same = np.ones(len(then))
    parts = {
        "contracted_up": same * ahead[ahead > 0].sum(),
        "contracted_down": same * ahead[ahead < 0].sum(),
        "expansion": np.maximum(surprise, 0).sum(axis=1),
        "downsell": np.where(gone, 0, np.minimum(surprise, 0)).sum(axis=1),
        "churn": np.where(gone, surprise, 0).sum(axis=1),
    }
    return Retention(
        nrr=then.sum(axis=1) / arr_today,
        grr=np.minimum(then, today).sum(axis=1) / arr_today,
        parts={name: amounts / arr_today for name, amounts in parts.items()},
    )


def band(nrr: float) -> str:
    """Return what a yearly NRR counts as.

    >>> band(1.17), band(0.98)
    ('better', 'below okay')
    """
    return next((name for least, name in BANDS if nrr >= least), BELOW)
