"""The split in time: folds to stop, tune and calibrate on, then a gap, then the test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from features.errors import DataError

TEST_SHARE = 0.18
FOLD_SHARE = 0.14
MOST_TEST_DATES = 6
MOST_FOLDS = 3
ADVICE = "; bring a longer history or a shorter horizon"
"""What helps where dates are too few, unless something in the data explains it."""


@dataclass(frozen=True)
class Fold:
    """A stretch of dates to look at (``valid``), and those before it to fit on (``early``).

    Every label of ``early`` is mature before ``valid`` begins.
    """

    early: tuple[date, ...]
    valid: tuple[date, ...]


@dataclass(frozen=True)
class Split:
    """The ``as_of`` dates of each part, oldest first.

    ``folds`` walk forward through ``train``: a model fitted on the dates before each is stopped,
    tuned and calibrated on it. ``train`` as a whole fits the final model; ``test`` is seen by none
    of them. Every label of ``train`` is mature before ``test`` begins.
    """

    folds: tuple[Fold, ...]
    train: tuple[date, ...]
    test: tuple[date, ...]

    @property
    def newest(self) -> Fold:
        """The last fold, the one most like the final model's future."""
        return self.folds[-1]

    def describe(self) -> str:
        """Return the split in a sentence."""
        validation_dates = sum(len(fold.valid) for fold in self.folds)
        return (
            f"fitted on {self.train[0]} to {self.train[-1]} ({len(self.train)} dates, stopped and "
            f"calibrated on the last {validation_dates}), tested on {self.test[0]} to "
            f"{self.test[-1]} ({len(self.test)} dates)"
        )


def split(as_ofs: Sequence[date], mature_days: int) -> Split:
    """Split the mature dates of a target.

    Parameters
    ----------
    as_ofs
        The distinct dates whose label is known.
    mature_days
        Days after ``as_of`` that the label looks at; the gap between parts.

    Raises
    ------
    DataError
        When there are too few dates, with how many there are and what would help.
    """
    dates = sorted(as_ofs)
    train, test = parted(dates, mature_days)
    folds = tuple(_folds(train, max(1, round(FOLD_SHARE * len(dates))), mature_days))
    if not folds:
        raise DataError(
            f"{len(dates)} mature dates are too few to fit, to stop and to test on with a gap of "
            f"{mature_days} days between them{ADVICE}"
        )
    return Split(folds[::-1], tuple(train), tuple(test))


def parted(as_ofs: Sequence[date], mature_days: int) -> tuple[list[date], list[date]]:
    """Return the dates to fit on and, a gap of ``mature_days`` later, the newest, to test on."""
    dates = sorted(as_ofs)
    test = dates[-min(MOST_TEST_DATES, max(1, round(TEST_SHARE * len(dates)))) :]
    return _before(dates, test, mature_days), test


def _folds(train: Sequence[date], size: int, mature_days: int) -> Iterator[Fold]:
    """Yield the folds from the newest back, as long as at least as many dates come before."""
    for number in range(MOST_FOLDS):
        valid = train[-size * (number + 1) : len(train) - size * number]
        early = _before(train, valid, mature_days)
        if not early or (number and len(early) < size):
            return
        yield Fold(tuple(early), tuple(valid))


def _before(dates: Sequence[date], later: Sequence[date], days: int) -> list[date]:
    """Return the dates whose label is complete before the first of ``later``."""
    if not later:
        return []
    return [day for day in dates if day + timedelta(days=days) <= later[0]]
