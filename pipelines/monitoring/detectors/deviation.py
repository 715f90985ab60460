"""How far a weekly figure is from its own past: by chance, and in size.

Counts are compared on the scale of square roots, where chance has the same width whatever the count
(Anscombe 1948, The Transformation of Poisson, Binomial and Negative-Binomial Data), numbers by the
mean of their logarithms. A change counts when it is too large for chance, large enough to matter,
and did not come at the same time of last year, too. Weeks run backwards: 0 is the newest.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, isfinite, log, sqrt

import numpy as np

from pipelines.monitoring.detectors.exact_tests import lower_tail, upper_tail
from pipelines.monitoring.detectors.feed_statistics import Numbers

PAST = 12
"""Weeks that the newest are held against."""
SPANS = (1, 2, 4)
"""Weeks taken together: what comes rarely is missed only after some of them."""
YEAR = (51, 52, 53)
"""Weeks back to the same time of last year; feasts move by a week."""
SURE = 5.0
"""Standard deviations from which a change is more than chance: dozens of figures, each week."""
VERY_SURE = 6.0
"""The same where single rows are far apart and their spread is only estimated."""
FEWEST = 5.0
"""Rows that a span must usually have before their absence says anything."""
FALLEN, GROWN = 0.5, 1.7
"""Ratios to the usual from which a change of a count matters."""
BY_CHANCE = 1e-5
"""Probability by the exact test from which such a change is more than chance."""
SCALED = 1.5
"""Ratio of typical values from which a number is not measured as before."""
MONTH, MANY, LESS, MORE = 4, 1000, 0.75, 1 / 0.75
"""Weeks, rows and ratios from which a year's slow change matters."""
ROWS = 20
SHIFTED = 0.15
"""Share of the rows by which a category must move."""


@dataclass(frozen=True)
class Change:
    """A figure of ``weeks`` weeks now and as usual: their ratio, and ``z`` standard deviations."""

    now: float
    usual: float
    z: float
    ratio: float
    weeks: int


def count_change(weeks: np.ndarray) -> Change | None:
    """Return how a count by week, the newest first, changed; ``None`` where it did not.

    >>> count_change(np.array([0, *[20] * 16])).ratio
    0.0
    """
    for span in SPANS:
        change = count_against_past(weeks, span, 0)
        # Over several weeks a feed may well grow, but not fall.
        if (
            change
            and abs(change.z) >= SURE
            and not FALLEN < change.ratio < (GROWN if span == 1 else inf)
            and _probability(weeks, change) <= BY_CHANCE
        ):
            return None if _seasonal(weeks, span, change.ratio) else change
    return None


def size_change(numbers: Numbers, least: float) -> Change | None:
    """Return how the typical size of a number changed by more than a factor of ``least``."""
    for span in SPANS:
        change = _size(numbers, span, 0)
        if change and abs(change.z) >= VERY_SURE and not 1 / least < change.ratio < least:
            last_year = [_size(numbers, span, back) for back in YEAR]
            alike = (
                abs(log(change.ratio / former.ratio)) < log(least) for former in last_year if former
            )
            return None if any(alike) else change
    return None


def count_against_past(weeks: np.ndarray, span: int, back: int) -> Change | None:
    """Return a count of ``span`` weeks, ``back`` weeks ago, against the weeks before it."""
    now, past = weeks[back : back + span], weeks[back + span : back + span + PAST]
    if len(past) < PAST or (usual := float(np.median(past)) * span) < FEWEST:
        return None
    total = float(now.sum())
    z = 2 * (sqrt(total) - sqrt(usual)) / spread_of(past)
    return Change(total, usual, z, total / usual, span)


def yearly_change(rows: np.ndarray, accounts: np.ndarray) -> Change | None:
    """Return the change of rows for each account from the same month of last year, if it matters.

    What changes a little each week is nothing new in any of them; a year ago it shows. Chance is
    judged by how much the weeks of the month and of last year's quarter differ among themselves:
    one account that brings hundreds of people is no change of the others.
    """
    spans = (slice(MONTH), slice(YEAR[1], YEAR[1] + PAST))
    each = [rows[weeks] / np.maximum(accounts[weeks], 1.0) for weeks in spans]
    if min(rows[weeks][:MONTH].sum() for weeks in spans) < MANY:
        return None
    now, usual = (float(ratios[:MONTH].mean()) for ratios in each)
    error = sqrt(sum(float(np.var(ratios)) for ratios in each) / MONTH)
    z, ratio = (now - usual) / max(error, 1e-9), now / usual
    return None if LESS < ratio < MORE or abs(z) < SURE else Change(now, usual, z, ratio, MONTH)


def _probability(weeks: np.ndarray, change: Change) -> float:
    """Return how probable so low or so high a count is by the exact test, beside the normal one.

    With few rows the normal distribution promises too much.
    """
    past = weeks[change.weeks : change.weeks + PAST]
    tail = lower_tail if change.ratio < 1 else upper_tail
    return tail(change.now, float(past.sum()), change.weeks, PAST, spread_of(past))


def spread_of(past: np.ndarray) -> float:
    """Return how much wider than chance the weeks scatter, as a standard deviation; at least 1."""
    return max(1.0, float(np.std(2 * np.sqrt(past))))


def _seasonal(weeks: np.ndarray, span: int, ratio: float) -> bool:
    """Say whether last year's count moved alike at this time."""
    before = [count_against_past(weeks, span, back) for back in YEAR]
    # What moved a little less last year moved alike: the same feast, on another day of the week.
    last_year = [change.ratio for change in before if change and not LESS < change.ratio < MORE]
    return any(0.6 < ratio / former < 1 / 0.6 for former in last_year if former and ratio)


def _size(numbers: Numbers, span: int, back: int) -> Change | None:
    n, mean = numbers.n[back:], np.nan_to_num(numbers.mean[back:])
    rows, before = n[:span], n[span : span + PAST]
    past = mean[span : span + PAST][before > 0]
    if rows.sum() < ROWS or len(past) < PAST // 2:
        return None
    now = float(np.average(mean[:span], weights=rows))
    usual = float(np.average(past, weights=before[before > 0]))
    single = float(np.nanmean(numbers.spread[back + span : back + span + PAST]))
    weekly = float(np.std(past)) / sqrt(span)
    error = max(weekly, (single if isfinite(single) else 0) / sqrt(rows.sum()), 1e-6)
    return Change(exp(now), exp(usual), (now - usual) / error, exp(now - usual), span)


def share_change(n: np.ndarray, total: np.ndarray) -> Change | None:
    """Return how the share of a category changed; ``None`` where it did not."""
    change = share_against_past(n, total)
    if change is None or abs(change.now - change.usual) < SHIFTED or abs(change.z) < VERY_SURE:
        return None
    last_year = [share_against_past(n, total, back) for back in YEAR]
    step = change.now - change.usual
    alike = (abs(step - (former.now - former.usual)) < SHIFTED for former in last_year if former)
    return None if any(alike) else change


def share_against_past(n: np.ndarray, total: np.ndarray, back: int = 0) -> Change | None:
    """Return the share of a week's rows, ``back`` weeks ago, against the weeks before it."""
    span = slice(back + 1, back + 1 + PAST)
    if back >= len(total):
        return None
    rows, past = float(total[back]), total[span]
    if rows < ROWS or len(past) < PAST or (past > 0).sum() < PAST // 2:
        return None
    usual = float(n[span].sum() / past.sum())
    weekly = float(np.std((n[span] / np.maximum(past, 1))[past > 0]))
    error = max(weekly, sqrt(max(usual * (1 - usual), 1 / rows) / rows))
    now = float(n[back] / rows)
    return Change(now, usual, (now - usual) / error, now / usual if usual else 0.0, 1)
