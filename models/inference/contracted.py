"""What is certain of an account by the horizon's end: signed or announced, and no propensity.

Needs NumPy alone: the server knows it, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np


@dataclass(frozen=True)
class Contracted:
    """What of one account is signed or announced, by the horizon's end.

    ``arr`` is the ARR that is then contracted; ``gain`` and ``loss`` are by how much that is more
    or less than today, one of them 0; all ``None`` where the ARR is not known. ``effective_on`` is
    the day of the last start or end that makes it so, ``None`` where nothing changes.
    ``is_decided``: nothing is paid then by all that is known, so that no outcome is left to
    predict.
    """

    arr: float | None
    gain: float | None
    loss: float | None
    effective_on: date | None
    is_decided: bool


@dataclass(frozen=True)
class ContractedColumns:
    """The same of several accounts, each of shape (rows,); NaN where the ARR is not known.

    ``effective_on`` holds ``date`` or ``None``.
    """

    today: np.ndarray
    arr: np.ndarray
    effective_on: np.ndarray
    is_decided: np.ndarray

    @property
    def gain(self) -> np.ndarray:
        """By how much more is contracted than is paid today."""
        return np.asarray(np.maximum(self.arr - self.today, 0.0))

    @property
    def loss(self) -> np.ndarray:
        """By how much less is contracted than is paid today: ARR lost by notice."""
        return np.asarray(np.maximum(self.today - self.arr, 0.0))

    @property
    def open_arr(self) -> np.ndarray:
        """The ARR of today that is not lost by notice: what an outcome can still befall."""
        return np.asarray(self.today - self.loss)

    def rows(self) -> Iterator[Contracted]:
        """Yield what is contracted of each account."""
        figures = (self.arr, self.gain, self.loss)
        for row in range(len(self.arr)):
            arr, gain, loss = (to_the_cent(float(column[row])) for column in figures)
            yield Contracted(arr, gain, loss, self.effective_on[row], bool(self.is_decided[row]))


def to_the_cent(amount: float) -> float | None:
    """Return an amount to the cent; ``None`` for NaN, which is not known."""
    return None if np.isnan(amount) else round(amount, 2)
