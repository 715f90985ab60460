"""How often the policy would raise a false alarm: weeks in which nothing moved, by construction.

Accounts are drawn anew from the reference, one of their rows each, and judged as the newest; and
the feeds' own weeks are put in another order. What is found then is found by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from models.statistics import psi
from models.statistics.cohort_comparison import wilson
from pipelines.monitoring.detectors import feed_health
from pipelines.monitoring.detectors.binning import cut
from pipelines.monitoring.detectors.deviation import PAST, SPANS
from pipelines.monitoring.detectors.feature_drift import MATTERS, ColumnDrift
from pipelines.monitoring.detectors.feed_statistics import Feed, Numbers, Values
from pipelines.monitoring.verdict import FalseAlarms

WEEKS = 200
SHUFFLED = PAST + max(SPANS) + 10
"""The weeks that are put in another order: half a year, so that a feed's growth does not count."""


def false_alarms(
    reference: pd.DataFrame,
    units: dict[str, str],
    moved: Sequence[ColumnDrift],
    newest: int,
    feeds: Sequence[Feed],
    seed: int,
) -> FalseAlarms:
    """Return how often there is an alarm in ``WEEKS`` weeks in which nothing moved.

    A change of the columns counts at once here: the same accounts come every week, so what chance
    shows in one week it shows in the next.
    """
    random = np.random.default_rng(seed)
    columns = _columns(reference, units, moved, newest, random)
    alarms = [weight >= MATTERS or any(_shuffled(feeds, random)) for weight in columns]
    share = wilson(float(sum(alarms)), float(WEEKS))
    return FalseAlarms(
        rate=round(share.value, 4), low=round(share.low, 4), high=round(share.high, 4), weeks=WEEKS
    )


def _columns(
    reference: pd.DataFrame,
    units: dict[str, str],
    moved: Sequence[ColumnDrift],
    newest: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Return the models' weight on drifted columns of each simulated week, shape (WEEKS,)."""
    if reference.empty or not newest:
        return np.zeros(WEEKS)
    drawn = _drawn(reference["account_id"], newest, random)
    weight = np.zeros(WEEKS)
    for column in moved:
        if column.weight and not column.grows:
            weight += column.weight * (
                _psi(reference[column.name], units[column.name], drawn) >= column.threshold
            )
    return weight


def _drawn(accounts: pd.Series, newest: int, random: np.random.Generator) -> np.ndarray:
    """Return numbers of rows, shape (WEEKS, newest): accounts with replacement, a row of each."""
    codes = pd.factorize(accounts, sort=True)[0]
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    starts = np.cumsum(counts) - counts
    chosen = random.integers(0, len(counts), (WEEKS, newest))
    within = (random.random((WEEKS, newest)) * counts[chosen]).astype(int)
    numbers: np.ndarray = order[starts[chosen] + within]
    return numbers


def _psi(column: pd.Series, unit: str, drawn: np.ndarray) -> np.ndarray:
    bands = cut(column, column.iloc[:0], unit)
    count = len(bands.names)
    # All weeks are counted at once: each has bands of its own.
    numbered = bands.before[drawn] + count * np.arange(len(drawn))[:, None]
    weeks = np.bincount(numbered.ravel(), minlength=count * len(drawn)).reshape(-1, count)
    return psi.index(psi.bin_shares(bands.before, count), psi.smoothed(weeks))


def _shuffled(feeds: Sequence[Feed], random: np.random.Generator) -> Iterator[bool]:
    order = random.permutation(SHUFFLED)
    for feed in feeds:
        for finding in feed_health.findings(_ordered(feed, order), date.min):
            yield finding.kind == "data_broken"


def _ordered(feed: Feed, order: np.ndarray) -> Feed:
    place = np.argsort(order)
    return replace(
        feed,
        rows=feed.rows[order],
        accounts=feed.accounts[order],
        largest=feed.largest[order],
        regular=feed.regular[order],
        silent=feed.silent[order],
        lag=feed.lag[order],
        numbers={
            name: Numbers(number.n[order], number.mean[order], number.spread[order])
            for name, number in feed.numbers.items()
        },
        unknown={name: gaps[order] for name, gaps in feed.unknown.items()},
        categories=_reordered(feed.categories, order),
        categories_of_others=_reordered(feed.categories_of_others, order),
        values={
            name: Values(place[values.week[recent]], values.value[recent])
            for name, values in feed.values.items()
            for recent in [values.week < len(order)]
        },
    )


def _reordered(
    categories: Mapping[str, Mapping[str, np.ndarray]], order: np.ndarray
) -> dict[str, dict[str, np.ndarray]]:
    return {
        name: {value: n[order] for value, n in values.items()}
        for name, values in categories.items()
    }
