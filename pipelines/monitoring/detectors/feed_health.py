"""Whether the feeds still deliver what they used to, judged from their own past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from math import isfinite, log, sqrt

import numpy as np

from pipelines.monitoring.detectors.deviation import (
    GROWN,
    MONTH,
    PAST,
    ROWS,
    SCALED,
    SURE,
    VERY_SURE,
    count,
    counted,
    measured,
    share,
    shifted,
    yearly,
)
from pipelines.monitoring.detectors.feed_statistics import ROW, Feed, Numbers
from pipelines.monitoring.verdict import Code, Finding, Kind, Light, Value

UNITS = (1000, 100, 60, 24, 12, 10, 2)
"""Factors that a wrong unit, or counting twice, leaves behind."""
EMPTIED = 0.3
"""Share of the rows that must have lost their value."""
LATER = 7.0
"""Days by which a feed must be later than usual."""


def pulse(feed: Feed, as_of: date) -> Iterator[Finding]:
    """Yield what is wrong with one feed, or new in it."""
    news = [
        *_counts(feed, as_of),
        *(one for name, n in feed.categories.items() for one in _shares(feed, name, n, as_of)),
    ]
    yield from news
    # Where more accounts or a new kind of rows came on top, other numbers are to be expected.
    if not _influx(feed) and not any(one.code == "category_new" for one in news):
        for name, numbers in feed.numbers.items():
            yield from _scale(feed, name, numbers, as_of)
    yield from _year(feed, as_of)
    for name, gaps in feed.unknown.items():
        yield from _gaps(feed, name, gaps, as_of)
    yield from _lag(feed, as_of)


def _influx(feed: Feed) -> bool:
    """Say whether many more accounts than usual came in any week of the newest month."""
    weeks = (count(feed.accounts, 1, back) for back in range(MONTH))
    return any(one is not None and one.z >= SURE and one.ratio >= GROWN for one in weeks)


def _counts(feed: Feed, as_of: date) -> Iterator[Finding]:
    one = counted(feed.rows)
    if one is None:
        return
    values: dict[str, Value] = {
        "now": int(one.now),
        "usual": round(one.usual),
        "weeks": one.weeks,
    }
    accounts = counted(feed.accounts)
    if one.now == 0:
        yield _finding("data_broken", "alarm", "feed_stopped", feed.name, values, as_of)
    elif one.ratio < 1:
        yield _finding("data_broken", "alarm", "feed_fell", feed.name, values, as_of)
    elif accounts is not None and accounts.ratio > sqrt(one.ratio):
        yield _finding("customers_changed", "look", "feed_grew", feed.name, values, as_of)
    elif feed.known_by == ROW:
        yield _finding("data_broken", "alarm", "feed_doubled", feed.name, values, as_of)
    # Events may come in a burst, of one account that leaves with all its people.


def _year(feed: Feed, as_of: date) -> Iterator[Finding]:
    if one := yearly(feed.rows, feed.accounts):
        values: dict[str, Value] = {"now": round(one.now, 1), "usual": round(one.usual, 1)}
        yield _finding("customers_changed", "look", "feed_yearly", feed.name, values, as_of)


def _scale(feed: Feed, name: str, numbers: Numbers, as_of: date) -> Iterator[Finding]:
    if one := measured(numbers, SCALED):
        values: dict[str, Value] = {
            "now": round(one.now, 4),
            "usual": round(one.usual, 4),
            "factor": factor(one.ratio),
        }
        about = f"{feed.table}.{name}"
        yield _finding("data_broken", "alarm", "unit_changed", about, values, as_of)


def factor(ratio: float) -> str:
    """Return a ratio as people look for it: ``x 100``, ``/ 12``, or ``x 1.7``."""
    size, sign = (ratio, "x") if ratio >= 1 else (1 / ratio, "/")
    nearest = min(UNITS, key=lambda one: abs(log(size / one)))
    is_near = abs(log(size / nearest)) < log(1.4 if nearest >= 100 else 1.15)
    return f"{sign} {nearest if is_near else round(size, 1)}"


def _gaps(feed: Feed, name: str, gaps: np.ndarray, as_of: date) -> Iterator[Finding]:
    shares = share(gaps, feed.rows)
    if shares and shares.now - shares.usual >= EMPTIED and shares.z >= VERY_SURE:
        values: dict[str, Value] = {"now": round(shares.now, 3), "usual": round(shares.usual, 3)}
        about = f"{feed.table}.{name}"
        yield _finding("data_broken", "alarm", "column_emptied", about, values, as_of)


def _shares(
    feed: Feed, name: str, values: Mapping[str, np.ndarray], as_of: date
) -> Iterator[Finding]:
    """Tell the category that moved most; one that only came on top is news, not a mistake."""
    total = np.sum(list(values.values()), axis=0)
    found = {value: one for value, n in values.items() if (one := shifted(n, total))}
    if not found:
        return
    value = max(found, key=lambda one: (abs(found[one].now - found[one].usual), one))
    told: dict[str, Value] = {
        "value": value,
        "now": round(found[value].now, 3),
        "usual": round(found[value].usual, 3),
    }
    fell = any((one := count(n, 1, 0)) and one.z <= -SURE / 2 for n in values.values())
    kind: Kind = "data_broken" if fell else "customers_changed"
    light: Light = "alarm" if fell else "look"
    code: Code = "category_replaced" if fell else "category_new"
    yield _finding(kind, light, code, f"{feed.table}.{name}", told, as_of)


def _lag(feed: Feed, as_of: date) -> Iterator[Finding]:
    past = feed.lag[1 : 1 + PAST]
    known = past[np.isfinite(past)]
    if feed.rows[0] < ROWS / 2 or not isfinite(feed.lag[0]) or len(known) < PAST // 2:
        return
    usual, spread = float(np.median(known)), max(1.0, float(np.std(known)))
    if feed.lag[0] - usual >= max(LATER, SURE * spread):
        values: dict[str, Value] = {"now": round(float(feed.lag[0]), 1), "usual": round(usual, 1)}
        yield _finding("data_broken", "look", "feed_late", feed.name, values, as_of)


def _finding(
    kind: Kind, light: Light, code: Code, about: str, values: Mapping[str, Value], as_of: date
) -> Finding:
    return Finding(kind, light, code, about, values, as_of)
