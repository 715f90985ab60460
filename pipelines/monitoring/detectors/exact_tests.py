"""Tests made for counts: what few rows, weeks and accounts can tell, and what they cannot.

Each asks how the newest weeks would look by chance if they were weeks like those before them, by
counting the ways in which that can come about. No number of rows is too small for that: a small
company needs more weeks for the same certainty, never another rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, erfc, exp, floor, lgamma, log, sqrt

import numpy as np

from pipelines.monitoring.detectors.feed_statistics import OF, Feed, Values

RARE = 1e-4
"""Probability by chance from which a feed's silence, or its values, are no accident."""
RARE_IN_REQUIRED = 1e-3
"""The same where every label depends on the table, from ``PATIENT`` weeks of silence on: where it
takes long anyway, knowing it earlier is worth more."""
PATIENT = 4
VERY_RARE = 1e-6
"""The same of accounts that fall silent together: dozens of them, each week."""
PAST, FEWEST_WEEKS = 54, 12
"""Weeks that the newest are held against, at most and at least: a year with its feasts."""
LONGEST = 1.5
"""Factor by which a feed must be silent for longer than it ever was in those weeks."""
RECENT = 4
"""Weeks that do not count as past, so that a fault is not usual a week after it began."""
SILENT, TIMES = 0.2, 1.5
"""Share of the regular accounts, and factor to the most of any week, from which silence matters."""
SPANS = (1, 2, 4, 8, 12)
"""Weeks whose values are taken together."""
SCALED = 3.0
"""Factor between typical values from which few values matter."""
MANY = 10_000
"""Draws from which the normal distribution is as good as the binomial."""


@dataclass(frozen=True)
class Silence:
    """A feed without rows for ``weeks`` weeks, in which ``usual`` rows would have come."""

    weeks: int
    usual: float


def silence(feed: Feed, *, required: bool) -> Silence | None:
    """Return for how long a feed has been silent, where that is no accident.

    Given all rows of the past and of the silence together, each is as likely in any week: that
    none fell into the newest is an exact binomial probability. Rows of one account in one week
    count once.
    """
    arrived = np.flatnonzero(feed.rows)
    weeks = int(arrived[0]) if len(arrived) else 0
    past = slice(weeks, weeks + PAST)
    # Weeks before the first that ever had rows are no silence.
    length = min(PAST, int(arrived[-1]) + 1 - weeks) if weeks else 0
    if length < FEWEST_WEEKS or weeks <= LONGEST * _longest_gap(feed.rows[past][:length]):
        return None
    rare = RARE_IN_REQUIRED if required and weeks >= PATIENT else RARE
    clusters = float(np.where(feed.accounts > 0, feed.accounts, feed.rows > 0)[past].sum())
    if clusters * log(length / (length + weeks)) > log(rare):
        return None
    return Silence(weeks, float(feed.rows[past].sum()) / length * weeks)


def lower_tail(now: float, usual_total: float, weeks: int, past: int, spread: float) -> float:
    """Return how probable at most ``now`` rows in ``weeks`` are, given ``usual_total`` in ``past``.

    ``spread`` is how much wider than chance the weeks scatter, as a standard deviation; so many
    rows squared are one.

    Source: Przyborowski and Wilenski (1940), Homogeneity of results in testing samples from
    Poisson series.
    """
    cluster = spread**2
    together = round((now + usual_total) / cluster)
    return _at_most(floor(now / cluster), together, weeks / (weeks + past))


def upper_tail(now: float, usual_total: float, weeks: int, past: int, spread: float) -> float:
    """Return how probable at least ``now`` rows in ``weeks`` are, likewise."""
    cluster = spread**2
    together = round((now + usual_total) / cluster)
    return _at_least(ceil(now / cluster), together, weeks / (weeks + past))


@dataclass(frozen=True)
class Share:
    """How many of a number of things something befell, and the share usual in the past."""

    now: int
    of: int
    usual: float


def silent_accounts(feed: Feed) -> Share | None:
    """Return how many regular accounts sent nothing in the newest week, where too many did.

    Beyond the exact binomial probability it must exceed every week of the past year, with its
    feasts.
    """
    now, of = feed.silent[0], feed.regular[0]
    past = slice(1 + RECENT, len(feed.regular) - OF)
    regular, silent = feed.regular[past][:PAST], feed.silent[past][:PAST]
    has_regular = regular > 0
    if not of or has_regular.sum() < FEWEST_WEEKS:
        return None
    usual = float((silent.sum() + 1) / (regular.sum() + 2))
    most = float((silent[has_regular] / regular[has_regular]).max())
    if now / of < max(SILENT, TIMES * most) or _at_least(int(now), int(of), usual) > VERY_RARE:
        return None
    return Share(int(now), int(of), usual)


def more_often(n: np.ndarray, total: np.ndarray, span: int, rare: float) -> Share | None:
    """Return how many of ``total`` were hit in the newest ``span`` weeks, where too many were.

    Fisher's exact test against the year before.
    """
    before = slice(span, span + PAST)
    now, of = int(n[:span].sum()), int(total[:span].sum())
    hit, number = int(n[before].sum()), int(total[before].sum())
    if not now or not number or _at_least_of(now, now + hit, of, of + number) > rare:
        return None
    return Share(now, of, hit / number)


@dataclass(frozen=True)
class Scaling:
    """Typical values of ``weeks`` weeks to those before, as a factor."""

    ratio: float
    weeks: int


def scaled_values(values: Values) -> Scaling | None:
    """Return by which factor the newest few values differ from all of the past year.

    The values beyond every one of the past are counted: by chance, that the highest of all are
    new ones is exact, whatever the values' distribution.
    """
    for span in SPANS:
        now = values.value[values.week < span]
        past = values.value[(values.week >= span) & (values.week < span + PAST)]
        if len(now) < 2 or len(past) < FEWEST_WEEKS:
            continue
        step = float(np.median(now) - np.median(past))
        beyond = int((now > past.max()).sum() if step > 0 else (now < past.min()).sum())
        if abs(step) >= log(SCALED) and 2 * _all_new(beyond, len(now), len(past)) <= RARE:
            return Scaling(exp(step), span)
    return None


def _all_new(extremes: int, now: int, past: int) -> float:
    """Return how probable it is that the ``extremes`` highest of all values are new ones."""
    places = np.arange(extremes)
    return float(np.prod((now - places) / (now + past - places)))


def _at_least(successes: int, draws: int, probability: float) -> float:
    """Return how probable so many successes or more are, of independent draws."""
    return _at_most(draws - successes, draws, 1 - probability)


def _at_most(successes: int, draws: int, probability: float) -> float:
    """Return how probable so many successes or fewer are, of independent draws."""
    if draws > MANY:
        spread = sqrt(draws * probability * (1 - probability))
        return erfc((draws * probability - successes - 0.5) / spread / sqrt(2)) / 2
    odds = log(probability), log(1 - probability)
    return sum(
        exp(_ways(draws, n) + n * odds[0] + (draws - n) * odds[1])
        for n in range(min(successes, draws) + 1)
    )


def _at_least_of(hits: int, all_hits: int, drawn: int, number: int) -> float:
    """Return how probable it is that ``drawn`` of ``number`` hold so many of all hits, or more."""
    return sum(
        exp(_ways(all_hits, n) + _ways(number - all_hits, drawn - n) - _ways(number, drawn))
        for n in range(max(hits, drawn + all_hits - number), min(drawn, all_hits) + 1)
    )


def _ways(number: int, chosen: int) -> float:
    """Return the logarithm of the ways to choose so many of a number."""
    return lgamma(number + 1) - lgamma(chosen + 1) - lgamma(number - chosen + 1)


def _longest_gap(rows: np.ndarray) -> int:
    arrived = np.flatnonzero(rows)
    ends = np.concatenate([[-1], arrived, [len(rows)]])
    return int(np.diff(ends).max()) - 1
