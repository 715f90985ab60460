"""The split in time: fit, then a slice to stop and calibrate on, then a gap, then the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from features.errors import DataError

TEST_SHARE = 0.18
VALID_SHARE = 0.14
MOST_TEST_DATES = 6


@dataclass(frozen=True)
class Split:
    """The ``as_of`` dates of each part, oldest first.

    ``early`` fits the model that is stopped and calibrated on ``valid``; ``train`` (both, and
    what lies between) fits the final one; ``test`` is seen by neither. Between ``early`` and
    ``valid``, and between ``train`` and ``test``, every label is mature before the next begins.
    """

    early: tuple[date, ...]
    valid: tuple[date, ...]
    train: tuple[date, ...]
    test: tuple[date, ...]

    def describe(self) -> str:
        """Return the split in a sentence."""
        return (
            f"fitted on {self.train[0]} to {self.train[-1]} ({len(self.train)} dates, stopped and "
            f"calibrated on the last {len(self.valid)}), tested on {self.test[0]} to "
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
    test = dates[-min(MOST_TEST_DATES, max(1, round(TEST_SHARE * len(dates)))) :]
    train = _before(dates, test, mature_days)
    valid = train[-max(1, round(VALID_SHARE * len(dates))) :]
    early = _before(train, valid, mature_days)
    if not early:
        raise DataError(
            f"{len(dates)} mature dates are too few to fit, to stop and to test on with a gap of "
            f"{mature_days} days between them; bring a longer history or a shorter horizon"
        )
    return Split(tuple(early), tuple(valid), tuple(train), tuple(test))


def _before(dates: Sequence[date], later: Sequence[date], days: int) -> list[date]:
    """Return the dates whose label is complete before the first of ``later``."""
    if not later:
        return []
    return [day for day in dates if day + timedelta(days=days) <= later[0]]
