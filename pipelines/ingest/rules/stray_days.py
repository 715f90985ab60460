"""The first day that is not complete: never after today, nor led astray by a stray row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

SHORTEST_PAUSE = 56
"""Days without any use; what comes after fewer is never stray."""
LONGEST_LOOKBACK = 364
"""Where use is too rare to say what is usual, a pause is one that no feature looks across."""
FEW_PAUSES = 4
"""With fewer pauses none is usual."""
TIMES_USUAL = 3
FEW_ROWS = 1000
"""In a smaller table a day's rows say little, and whoever has it can be asked."""


@dataclass(frozen=True)
class UsageDay:
    """A day of use, and how many rows it has."""

    day: date
    rows: int


def end_of_use(days: Sequence[UsageDay], loaded_on: date | None = None) -> date | None:
    """Return the day after the last use that belongs to the rest; ``None`` without any use.

    ``days`` are in order, none after today. Stray days, few and thin, are those after a pause far
    longer than any before: a wrong date rather than a company that came back. ``loaded_on``, a day
    by which most rows had reached the warehouse, ends a pause: the record went on until then.
    """
    if not days:
        return None
    pauses = [_pause(earlier.day, later.day, loaded_on) for earlier, later in pairwise(days)]
    strays = (
        number
        for number, pause in enumerate(pauses, start=1)
        if pause > max(SHORTEST_PAUSE, _longest_usual(pauses[: number - 1]))
        and _are_few(days[:number], days[number:])
    )
    first_stray = next(strays, len(days))
    return days[first_stray - 1].day + timedelta(days=1)


def _pause(earlier: date, later: date, loaded_on: date | None) -> int:
    """Return the days from the last sign of the record before ``later`` to it."""
    signs = [earlier] if loaded_on is None or loaded_on >= later else [earlier, loaded_on]
    return (later - max(signs)).days


def _longest_usual(pauses: Sequence[int]) -> int:
    """Return up to how many days a pause is as those before it."""
    return TIMES_USUAL * max(pauses) if len(pauses) >= FEW_PAUSES else LONGEST_LOOKBACK


def _are_few(before: Sequence[UsageDay], after: Sequence[UsageDay]) -> bool:
    """Say whether the days after a pause are too few and too thin for a company that came back."""
    rows_before, rows_after = (sum(day.rows for day in days) for days in (before, after))
    if rows_before < FEW_ROWS:
        return 10 * len(after) <= max(10, len(before)) and 2 * rows_after <= rows_before
    usual = median(day.rows for day in before)
    return 20 * len(after) <= max(20, len(before)) and 4 * rows_after < usual * len(after)
