"""The split in time: origins at which the recipe is tried, and the dates that fit what is used.

A recipe is how a model comes about: parameters, inputs, and the fold that stops it. It is judged
from several days of the past on the dates that followed, each time fitted on what had matured by
then, as it is used today. The version that is registered is fitted on all mature dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from features.errors import DataError

FOLD_SHARE = 0.14
MOST_FOLDS = 3
BLOCK_SHARE = 0.09
BLOCK_DAYS = 91
"""The dates judged by one fit lie within so many days: a model is used about a quarter long."""
MOST_ORIGINS = 4
FEWEST_TRAINED = 0.4
"""An origin further back needs this share of all dates to fit on, to speak for today's model."""
TEST_SHARE, MOST_TEST_DATES = 0.18, 6
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
class Fitting:
    """The dates that one model is made of, oldest first.

    ``folds`` walk forward through ``train``; parameters are compared on all of them, and the
    newest, the one most like the model's future, says how many trees to grow. The model itself is
    fitted on all of ``train``.
    """

    folds: tuple[Fold, ...]
    train: tuple[date, ...]

    @property
    def newest(self) -> Fold:
        """The last fold."""
        return self.folds[-1]


@dataclass(frozen=True)
class Origin:
    """A day in the past: what the recipe is fitted on, and the dates it is then judged on.

    Every label of ``fitting`` is mature before ``test`` begins.
    """

    fitting: Fitting
    test: tuple[date, ...]


@dataclass(frozen=True)
class Split:
    """The origins at which the recipe is judged, oldest first, and what fits the version in use."""

    origins: tuple[Origin, ...]
    final: Fitting

    @property
    def test(self) -> tuple[date, ...]:
        """The dates of all origins that the recipe is judged on."""
        return tuple(day for origin in self.origins for day in origin.test)

    def describe(self) -> str:
        """Return the split in a sentence."""
        train, test, origins = self.final.train, self.test, len(self.origins)
        times = "once" if origins == 1 else f"{origins} times"
        return (
            f"fitted on all {len(train)} mature dates, {train[0]} to {train[-1]}; judged as a "
            f"recipe that was fitted {times} on the dates before, on {test[0]} to {test[-1]} "
            f"({len(test)} dates)"
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
    origins = tuple(_origins(dates, mature_days))
    if not origins:
        raise DataError(
            f"{len(dates)} mature dates are too few to fit, to stop and to test on with a gap of "
            f"{mature_days} days between them{ADVICE}"
        )
    return Split(origins[::-1], Fitting(tuple(_folds(dates, mature_days)), tuple(dates)))


def parted(as_ofs: Sequence[date], mature_days: int) -> tuple[list[date], list[date]]:
    """Return the dates to fit on and, a gap of ``mature_days`` later, the newest, to test on."""
    dates = sorted(as_ofs)
    test = dates[-min(MOST_TEST_DATES, max(1, round(TEST_SHARE * len(dates)))) :]
    return _before(dates, test, mature_days), test


def _origins(dates: Sequence[date], mature_days: int) -> Iterator[Origin]:
    """Yield the origins from the newest back, as long as enough dates come before."""
    end = len(dates)
    for number in range(MOST_ORIGINS):
        test = _block(dates[:end], max(1, round(BLOCK_SHARE * len(dates))))
        train = _before(dates, test, mature_days)
        folds = tuple(_folds(train, mature_days))
        if not folds or (number and len(train) < FEWEST_TRAINED * len(dates)):
            return
        yield Origin(Fitting(folds, tuple(train)), tuple(test))
        end -= len(test)


def _block(dates: Sequence[date], size: int) -> list[date]:
    """Return the newest dates, so many where they lie within a quarter."""
    return [day for day in dates[-size:] if day > dates[-1] - timedelta(days=BLOCK_DAYS)]


def _folds(train: Sequence[date], mature_days: int) -> list[Fold]:
    """Return folds of ``train``, oldest first, as long as at least as many dates come before."""
    size = max(1, round(FOLD_SHARE * len(train)))
    folds: list[Fold] = []
    for number in range(MOST_FOLDS):
        valid = train[-size * (number + 1) : len(train) - size * number]
        early = _before(train, valid, mature_days)
        if not early or (number and len(early) < size):
            break
        folds.insert(0, Fold(tuple(early), tuple(valid)))
    return folds


def _before(dates: Sequence[date], later: Sequence[date], days: int) -> list[date]:
    """Return the dates whose label is complete before the first of ``later``."""
    if not later:
        return []
    return [day for day in dates if day + timedelta(days=days) <= later[0]]
