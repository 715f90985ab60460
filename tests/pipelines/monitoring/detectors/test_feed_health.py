"""What a feed's weeks say: a line is a feed, its newest week last, and what is found in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from pipelines.monitoring.detectors.feed_health import factor, findings
from pipelines.monitoring.detectors.feed_statistics import ROW, WEEKS, Feed, Numbers, Values

MONDAY = date(2026, 8, 3)
USUAL = 400.0


def series(newest_last: str, usual: float = USUAL) -> np.ndarray:
    """Return a figure by week, the newest first; before the weeks that are told it is as usual."""
    told = [float(one) for one in newest_last.split()][::-1]
    return np.array([*told, *[usual] * (WEEKS - len(told))])


def feed(
    rows: str = "400",
    accounts: str = "100",
    *,
    known_by: str = ROW,
    price: str = "5",
    empty: str = "0",
    fresh: str = "0",
    lag: str = "2",
    largest: str = "0",
    silent: str = "1",
    usual: float = USUAL,
    table: str = "usage_daily",
) -> Feed:
    """Return a feed; ``largest`` are the rows of one account, which is all that is new in it."""
    weekly, top = series(rows, usual), series(largest, 0.0)
    new = series(fresh, 0.0)
    others = {"old": weekly - np.maximum(new, top), "new": np.maximum(new - top, 0)}
    return Feed(
        table=table,
        known_by=known_by,
        rows=weekly,
        accounts=series(accounts, min(100.0, usual)),
        largest=top,
        regular=series("30", 30.0),
        silent=series(silent, 1.0),
        lag=series(lag, 2.0),
        numbers={"price": Numbers(weekly, series(price, 5.0), np.full(WEEKS, 0.5))},
        unknown={"plan": series(empty, 0.0)},
        categories={"plan": {"old": weekly - new, "new": new}},
        categories_of_others={"plan": others},
        values={},
    )


def told(made: Feed) -> str:
    return " ".join(sorted({one.code for one in findings(made, MONDAY)})) or "-"


@pytest.mark.parametrize(
    ("rows", "accounts", "found"),
    [
        # rows of the weeks          accounts   found
        ("400 410 390 400", "100", "-"),
        ("400 400 400 0", "0", "feed_stopped"),
        ("400 400 400 150", "100", "feed_fell"),
        ("400 400 400 230", "100", "-"),  # more than half: not worth anybody's time
        ("400 400 400 800", "100", "feed_doubled"),
        ("400 400 400 600", "100", "-"),
        ("400 400 400 800", "200", "feed_grew"),
    ],
)
def test_rows_against_the_weeks_before(rows: str, accounts: str, found: str) -> None:
    assert told(feed(rows, accounts)) == found


def test_events_may_come_in_a_burst_but_not_stop() -> None:
    assert told(feed("400 400 900", known_by="ended_known_on")) == "-"
    assert told(feed("400 400 0", "0", known_by="ended_known_on")) == "feed_stopped"


def test_what_one_account_brings_is_no_fault_of_the_feed() -> None:
    assert told(feed("400 400 800", "100", largest="450")) == "-"
    assert told(feed("400 400 400", fresh="300", largest="300")) == "-"


@pytest.mark.parametrize(
    ("rows", "usual", "table", "expected"),
    [
        # one row a week                     every label depends on subscriptions
        ("1 1 0 0 0 0 0 0", 1.0, "subscriptions", "-"),
        ("1 1 0 0 0 0 0 0 0 0", 1.0, "subscriptions", "feed_stopped"),
        ("1 1 0 0 0 0 0 0 0 0", 1.0, "milestones", "-"),
        # A single week without any of some eight rows comes by chance, now and then.
        ("8 8 0", 8.0, "subscriptions", "-"),
        ("8 8 0 0", 8.0, "subscriptions", "feed_stopped"),
        ("1 1 0 0 0 0 0 0 0 0 0 0 0", 1.0, "milestones", "feed_stopped"),
        ("4 4 0", 4.0, "tickets", "-"),
        ("4 4 0 0 0", 4.0, "tickets", "feed_stopped"),
        # It was silent for as long before.
        ("1 0 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0 0", 1.0, "subscriptions", "-"),
    ],
)
def test_a_rare_feed_is_missed_after_weeks(
    rows: str, usual: float, table: str, expected: str
) -> None:
    assert told(feed(rows, rows, usual=usual, table=table)) == expected


def test_half_of_few_accounts_fall_silent() -> None:
    assert told(feed("400 260", silent="1 14")) == "accounts_silent"
    assert told(feed("400 390", silent="1 4")) == "-"
    # At Christmas as many did.
    made = feed("400 260", silent="1 14")
    made.silent[50] = 12.0
    assert told(made) == "-"


def test_few_values_in_another_unit() -> None:
    weeks = np.arange(WEEKS)
    usual = np.log(np.tile([320.0, 360.0, 600.0, 912.0, 24.0], WEEKS // 5))

    def with_newest(count: int, scale: float) -> str:
        value = np.where(weeks < count, usual + np.log(scale), usual)
        made = replace(
            feed("1", "1", usual=1.0, table="subscriptions"),
            numbers={"price": Numbers(np.ones(WEEKS), usual, np.zeros(WEEKS))},
            values={"price": Values(weeks, value)},
        )
        return told(made)

    assert with_newest(4, 100) == "few_values_scaled"
    assert with_newest(4, 0.001) == "few_values_scaled"
    assert with_newest(2, 100) == "-"  # two values by chance: once in 1,500 times
    assert with_newest(4, 1.2) == "-"


def test_a_season_is_none_of_the_feeds_fault() -> None:
    made = feed("400 400 150")
    made.rows[52] = 150.0
    assert told(made) == "-"


@pytest.mark.parametrize(
    ("price", "found"),
    [("5", "-"), ("5.3", "-"), ("9.6", "unit_changed"), ("0.4", "unit_changed")],
)
def test_typical_values_in_logarithms(price: str, found: str) -> None:
    assert told(feed(price=price)) == found


def test_a_new_kind_of_rows_brings_numbers_of_its_own() -> None:
    assert told(feed("400 400 700", price="9.6", fresh="300")) == "category_new feed_doubled"
    assert told(feed("400 400 800", "200", price="9.6")) == "feed_grew"
    # The weeks after an influx still look back on it.
    assert "unit_changed" not in told(feed("400 800 400", "200 100", price="9.6 5"))


@pytest.mark.parametrize(
    ("fresh", "found"),
    [("0", "-"), ("40", "-"), ("300", "category_replaced")],
)
def test_a_category_in_the_place_of_another(fresh: str, found: str) -> None:
    assert told(feed(fresh=fresh)) == found


@pytest.mark.parametrize(("empty", "found"), [("0", "-"), ("80", "-"), ("240", "column_emptied")])
def test_values_that_are_no_longer_there(empty: str, found: str) -> None:
    assert told(feed(empty=empty)) == found


@pytest.mark.parametrize(("lag", "found"), [("2", "-"), ("7", "-"), ("12", "feed_late")])
def test_rows_that_arrive_later(lag: str, found: str) -> None:
    assert told(feed(lag=lag)) == found


@pytest.mark.parametrize(
    ("ratio", "told"),
    [
        (100, "x 100"),
        (131, "x 100"),
        (0.0833, "/ 12"),
        (2.1, "x 2"),
        (5.0, "x 5.0"),
        (0.2, "/ 5.0"),
    ],
)
def test_a_factor_is_named_as_people_look_for_it(ratio: float, told: str) -> None:
    assert factor(ratio) == told
