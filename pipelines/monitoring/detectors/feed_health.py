"""Whether the feeds still deliver what they used to, judged from their own past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from math import isfinite, log, sqrt

import numpy as np

from features.contract import TABLES
from pipelines.monitoring.detectors.deviation import (
    GROWN,
    MONTH,
    PAST,
    ROWS,
    SCALED,
    SURE,
    VERY_SURE,
    count_against_past,
    count_change,
    share_against_past,
    share_change,
    size_change,
    yearly_change,
)
from pipelines.monitoring.detectors.exact_tests import (
    scaled_values,
    silence,
    silent_accounts,
)
from pipelines.monitoring.detectors.feed_statistics import ROW, Feed, Numbers
from pipelines.monitoring.verdict import Code, Finding, Kind, Light, Value

UNITS = (1000, 100, 60, 24, 12, 10, 2)
"""Factors that a wrong unit, or counting twice, leaves behind."""
EMPTIED = 0.3
"""Share of the rows that must have lost their value."""
LATER = 7.0
"""Days by which a feed must be later than usual."""


def findings(feed: Feed, as_of: date) -> Iterator[Finding]:
    """Yield what is wrong with one feed, or new in it."""
    stopped = list(_stopped(feed, as_of))
    news = [
        *(stopped or _counts(feed, as_of)),
        *_silent(feed, as_of),
        *(
            finding
            for name, n in feed.categories.items()
            for finding in _shares(feed, name, n, as_of)
        ),
    ]
    yield from news
    # Where more accounts or a new kind of rows came on top, other numbers are to be expected.
    if not _influx(feed) and not any(finding.code == "category_new" for finding in news):
        for name, numbers in feed.numbers.items():
            yield from _scale(feed, name, numbers, as_of) or _few_values(feed, name, as_of)
    yield from _year(feed, as_of)
    for name, gaps in feed.unknown.items():
        yield from _gaps(feed, name, gaps, as_of)
    yield from _lag(feed, as_of)


def _influx(feed: Feed) -> bool:
    """Say whether many more accounts than usual came in any week of the newest month."""
    weeks = (count_against_past(feed.accounts, 1, back) for back in range(MONTH))
    return any(
        change is not None and change.z >= SURE and change.ratio >= GROWN for change in weeks
    )


def _stopped(feed: Feed, as_of: date) -> Iterator[Finding]:
    if stop := silence(feed, required=TABLES[feed.table].required):
        values: dict[str, Value] = {"now": 0, "usual": round(stop.usual), "weeks": stop.weeks}
        yield Finding("data_broken", "alarm", "feed_stopped", feed.name, values, as_of)


def _silent(feed: Feed, as_of: date) -> Iterator[Finding]:
    """Tell of regular accounts that fell silent together, where others still send rows."""
    share = silent_accounts(feed) if feed.rows[0] else None
    if share:
        values: dict[str, Value] = {
            "now": share.now,
            "of": share.of,
            "usual": round(share.usual, 3),
        }
        yield Finding("data_broken", "alarm", "accounts_silent", feed.name, values, as_of)


def _counts(feed: Feed, as_of: date) -> Iterator[Finding]:
    change, others = count_change(feed.rows), count_change(feed.rows - feed.largest)
    # What one account brings or takes is no fault of the feed. Silence has its own test.
    if change is None or others is None or change.now == 0:
        return
    values: dict[str, Value] = {
        "now": int(change.now),
        "usual": round(change.usual),
        "weeks": change.weeks,
    }
    accounts = count_change(feed.accounts)
    if change.ratio < 1:
        yield Finding("data_broken", "alarm", "feed_fell", feed.name, values, as_of)
    elif accounts is not None and accounts.ratio > sqrt(change.ratio):
        yield Finding("customers_changed", "look", "feed_grew", feed.name, values, as_of)
    elif feed.known_by == ROW:
        yield Finding("data_broken", "alarm", "feed_doubled", feed.name, values, as_of)
    # Events may come in a burst, of one account that leaves with all its people.


def _year(feed: Feed, as_of: date) -> Iterator[Finding]:
    if change := yearly_change(feed.rows, feed.accounts):
        values: dict[str, Value] = {"now": round(change.now, 1), "usual": round(change.usual, 1)}
        yield Finding("customers_changed", "look", "feed_yearly", feed.name, values, as_of)


def _scale(feed: Feed, name: str, numbers: Numbers, as_of: date) -> list[Finding]:
    change = size_change(numbers, SCALED)
    if change is None:
        return []
    values: dict[str, Value] = {
        "now": round(change.now, 4),
        "usual": round(change.usual, 4),
        "factor": factor(change.ratio),
    }
    about = f"{feed.table}.{name}"
    return [Finding("data_broken", "alarm", "unit_changed", about, values, as_of)]


def _few_values(feed: Feed, name: str, as_of: date) -> list[Finding]:
    """Tell of values in another unit where a feed has few rows; its typical value says little."""
    change = scaled_values(feed.values[name]) if name in feed.values else None
    if change is None:
        return []
    values: dict[str, Value] = {"factor": factor(change.ratio), "weeks": change.weeks}
    about = f"{feed.table}.{name}"
    return [Finding("data_broken", "alarm", "few_values_scaled", about, values, as_of)]


def factor(ratio: float) -> str:
    """Return a ratio as people look for it: ``x 100``, ``/ 12``, or ``x 1.7``."""
    size, sign = (ratio, "x") if ratio >= 1 else (1 / ratio, "/")
    nearest = min(UNITS, key=lambda unit: abs(log(size / unit)))
    is_near = abs(log(size / nearest)) < log(1.4 if nearest >= 100 else 1.15)
    return f"{sign} {nearest if is_near else round(size, 1)}"


def _gaps(feed: Feed, name: str, gaps: np.ndarray, as_of: date) -> Iterator[Finding]:
    shares = share_against_past(gaps, feed.rows)
    if shares and shares.now - shares.usual >= EMPTIED and shares.z >= VERY_SURE:
        values: dict[str, Value] = {"now": round(shares.now, 3), "usual": round(shares.usual, 3)}
        about = f"{feed.table}.{name}"
        yield Finding("data_broken", "alarm", "column_emptied", about, values, as_of)


def _shares(
    feed: Feed, name: str, values: Mapping[str, np.ndarray], as_of: date
) -> Iterator[Finding]:
    """Tell the category that moved most; one that only came on top is news, not a mistake."""
    total = np.sum(list(values.values()), axis=0)
    changes = {value: change for value, n in values.items() if (change := share_change(n, total))}
    # What one account brings is no fault of the feed.
    others = feed.categories_of_others[name]
    total_of_others = np.sum(list(others.values()), axis=0)
    if not any(share_change(n, total_of_others) for n in others.values()):
        return
    if not changes:
        return
    value = max(changes, key=lambda name: (abs(changes[name].now - changes[name].usual), name))
    figures: dict[str, Value] = {
        "value": value,
        "now": round(changes[value].now, 3),
        "usual": round(changes[value].usual, 3),
    }
    fell = any(
        (change := count_against_past(n, 1, 0)) and change.z <= -SURE / 2 for n in values.values()
    )
    kind: Kind = "data_broken" if fell else "customers_changed"
    light: Light = "alarm" if fell else "look"
    code: Code = "category_replaced" if fell else "category_new"
    yield Finding(kind, light, code, f"{feed.table}.{name}", figures, as_of)


def _lag(feed: Feed, as_of: date) -> Iterator[Finding]:
    past = feed.lag[1 : 1 + PAST]
    lags = past[np.isfinite(past)]
    if feed.rows[0] < ROWS / 2 or not isfinite(feed.lag[0]) or len(lags) < PAST // 2:
        return
    usual, spread = float(np.median(lags)), max(1.0, float(np.std(lags)))
    if feed.lag[0] - usual >= max(LATER, SURE * spread):
        values: dict[str, Value] = {"now": round(float(feed.lag[0]), 1), "usual": round(usual, 1)}
        yield Finding("data_broken", "look", "feed_late", feed.name, values, as_of)
