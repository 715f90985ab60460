"""The days between the dates of a spine, numbered so that a fact is joined to them once.

A fact of some day is seen by every ``as_of`` that lies after both that day and the day it became
known. Days are gathered into weeks that no window cuts, so that facts can be summed up by week
before they are copied to each ``as_of`` whose window holds the week.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

WEEK = 7
"""All windows are multiples of it."""


@dataclass(frozen=True)
class Calendar:
    """The ``as_ofs`` of a spine, in order, and the tables of days made from them."""

    as_ofs: tuple[date, ...]

    def first_day(self, days: int) -> date:
        """Return the first day that any window of ``days`` holds."""
        return self.as_ofs[0] - timedelta(days=days)

    @property
    def last_day(self) -> date:
        """The last day that any window holds."""
        return self.as_ofs[-1] - timedelta(days=1)

    @cache  # noqa: B019
    def sightings(self) -> ir.Table:
        """Return for each day (``known_on``) the first ``as_of`` after it (``seen``).

        What was known before the day before the first ``as_of`` counts as known on that day.
        """
        days = _days(self.first_day(1), self.last_day)
        pairs = [(day, self.as_ofs[bisect_right(self.as_ofs, day)]) for day in days]
        return ibis.memtable(pairs, schema={"known_on": "date", "seen": "date"})

    @cache  # noqa: B019
    def weeks(self, days: int) -> ir.Table:
        """Return for each ``day`` in a window of ``days`` the last day of its ``week``.

        Weeks end the day before an ``as_of``. Where the dates of the spine fall on different
        weekdays, weeks are cut at each of them and so are shorter than seven days.
        """
        offsets = sorted({(as_of - self.as_ofs[0]).days % WEEK for as_of in self.as_ofs})
        pairs = [
            (day, day + timedelta(days=_left(day, self.as_ofs[0], offsets)))
            for day in _days(self.first_day(days), self.last_day)
        ]
        return ibis.memtable(pairs, schema={"day": "date", "week": "date"})

    @cache  # noqa: B019
    def windows(self, days: int) -> ir.Table:
        """Return the pairs of a ``week`` and an ``as_of`` whose last ``days`` days hold it.

        ``ago`` is the number of days from the week's last day to ``as_of``.
        """
        offsets = sorted({(as_of - self.as_ofs[0]).days % WEEK for as_of in self.as_ofs})
        pairs = [
            (as_of - timedelta(days=ago), as_of, ago)
            for as_of in self.as_ofs
            for ago in range(1, days + 1)
            if not _left(as_of - timedelta(days=ago), self.as_ofs[0], offsets)
        ]
        return ibis.memtable(pairs, schema={"week": "date", "as_of": "date", "ago": "int64"})


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _left(day: date, anchor: date, offsets: Sequence[int]) -> int:
    """Return how many days remain of the week of ``day``, which ends before an ``as_of``."""
    tomorrow = (day - anchor).days + 1
    return min((offset - tomorrow) % WEEK for offset in offsets)
