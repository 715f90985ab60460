"""The point-in-time join, at its edges: the day itself, the day before, and what is masked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from features.declaration.compute import compute
from features.declaration.group import FeatureGroup
from features.point_in_time.facts import Facts, spine
from tests.support.company import assert_features, company

DAY = date(2024, 4, 1)
CORE = """
starts_on
2023-01-01
"""


def seen(method: str, name: str, column: str, *key: str, **tables: str) -> list[Any]:
    """Return the values of ``column`` that a method of ``Facts`` lets through, sorted."""
    own = company(**{"subscriptions": CORE, **tables})
    facts = Facts(own, spine(own, [DAY]), [DAY])
    found = getattr(facts, method)(name, *key) if name else getattr(facts, method)()
    return sorted(found[column].to_pyarrow().to_pylist(), key=str)


def test_a_row_is_seen_the_day_after_it_happened_and_was_known() -> None:
    tickets = """
    severity     | opened_on  | known_at
    before       | 2024-03-31 | 2024-03-31T23:59:59
    that_day     | 2024-04-01 | 2024-03-31
    known_on_day | 2024-03-31 | 2024-04-01
    later        | 2024-04-02 | 2024-04-02
    """
    assert seen("rows", "tickets", "severity", tickets=tickets) == ["before"]
    assert seen("announced", "tickets", "severity", tickets=tickets) == ["before", "that_day"]


def test_a_value_with_a_date_of_its_own_is_hidden_until_the_day_after() -> None:
    lines = """
    product_id | starts_on  | ended_on   | ended_known_on
    known      | 2023-01-01 | 2024-05-01 | 2024-03-31
    that_day   | 2023-01-01 | 2024-05-02 | 2024-04-01
    """
    ends = seen("rows", "subscriptions", "ended_on", subscriptions=lines)
    assert ends == [date(2024, 5, 1), None]


def test_the_newest_row_is_the_last_known_and_then_the_last_that_happened() -> None:
    units = """
    org_unit | status | changed_on | known_at
    sales    | red    | 2024-03-01 | 2024-03-01
    sales    | yellow | 2024-02-01 | 2024-03-02
    service  | red    | 2024-03-01 | 2024-03-05
    service  | green  | 2024-03-04 | 2024-03-05
    service  | yellow | 2024-03-31 | 2024-04-01
    """
    keys = ("account_id", "org_unit")
    assert seen("latest", "org_units", "status", *keys, org_units=units) == ["green", "yellow"]
    assert seen("latest", "org_units", "status", "account_id", org_units=units) == ["green"]


def test_the_price_list_holds_what_was_launched_and_known_before() -> None:
    products = """
    product_id   | launched_on | known_at
    old          | 2024-03-31  | 2024-03-31
    launched_now | 2024-04-01  | 2024-03-31
    announced    | 2024-05-01  | 2024-03-31
    known_now    | 2024-03-31  | 2024-04-01
    """
    assert seen("price_list", "", "product_id", products=products) == ["old"]


def spine_of(lines: str, *as_ofs: date) -> list[tuple[Any, ...]]:
    found = spine(company(subscriptions=lines), as_ofs or [DAY]).to_pyarrow().to_pylist()
    return sorted((row["account_id"], row["as_of"], row["started_on"]) for row in found)


def test_an_account_has_a_row_while_a_line_runs_by_what_was_known() -> None:
    lines = """
    account_id   | subscription_id | starts_on  | ended_on   | ended_known_on | known_at
    runs         | 1               | 2023-01-01 | -          | -              | 2023-01-01
    first        | 1               | 2022-01-01 | 2022-06-01 | 2022-06-01     | 2022-01-01
    first        | 2               | 2023-01-01 | -          | -              | 2023-01-01
    starts_now   | 1               | 2024-04-01 | -          | -              | 2024-01-01
    started      | 1               | 2024-03-31 | -          | -              | 2024-01-01
    known_now    | 1               | 2023-01-01 | -          | -              | 2024-04-01
    ends_now     | 1               | 2023-01-01 | 2024-04-01 | 2024-03-01     | 2023-01-01
    ends_next    | 1               | 2023-01-01 | 2024-04-02 | 2024-03-01     | 2023-01-01
    untold       | 1               | 2023-01-01 | 2024-03-01 | 2024-04-01     | 2023-01-01
    """
    started = {name: first for name, _, first in spine_of(lines)}
    assert started == {
        "runs": date(2023, 1, 1),
        "first": date(2022, 1, 1),
        "starts_now": date(2024, 4, 1),
        "started": date(2024, 3, 31),
        "ends_next": date(2023, 1, 1),
        "untold": date(2023, 1, 1),
    }


def test_each_date_of_the_spine_is_a_row_of_its_own() -> None:
    days = [DAY + timedelta(days=7 * number) for number in range(3)]
    assert [as_of for _, as_of, _ in spine_of(CORE, *days)] == days


def test_usage_without_an_event_is_no_usage() -> None:
    usage = """
    day        | events | user_id
    2024-03-30 | 0      | ann
    2024-03-31 | 1      | bob
    """
    assert seen("rows", "usage_daily", "user_id", usage_daily=usage) == ["bob"]


def test_a_window_holds_its_first_day_and_the_day_before() -> None:
    assert_features(
        subscriptions=CORE,
        usage_daily="""
        day        | events | known_at
        2024-03-03 | 1      | 2024-03-04
        2024-03-04 | 10     | 2024-03-05
        2024-03-31 | 100    | 2024-03-31
        2024-03-30 | 1000   | 2024-04-01
        2024-04-01 | 10000  | 2024-04-01
        """,
        expect="""
        as_of      | usage_events_28d
        2024-04-01 | 110
        2024-04-08 | 11100
        """,
    )


def test_what_is_known_late_counts_from_the_first_date_that_sees_it() -> None:
    assert_features(
        subscriptions=CORE,
        usage_daily="""
        day        | events | known_at
        2024-03-20 | 1      | 2024-04-01
        2024-03-20 | 10     | 2024-04-05
        2024-03-20 | 100    | 2024-04-08
        2024-03-20 | 1000   | 2024-03-20
        """,
        expect="""
        as_of      | usage_events_28d
        2024-04-01 | 1000
        2024-04-04 | 1001
        2024-04-08 | 1011
        2024-04-15 | 1111
        """,
    )


def test_an_account_without_rows_gets_what_is_declared_and_without_the_table_nothing() -> None:
    expect = """
    as_of      | tickets_opened_91d | tickets_csat_364d
    2024-04-01 | {}                 | -
    """
    assert_features(expect.format(0), subscriptions=CORE, tickets="opened_on\n2024-04-02")
    assert_features(expect.format("-"), subscriptions=CORE)


def test_a_by_day_column_is_open_until_that_day() -> None:
    assert_features(
        subscriptions="""
        starts_on
        2024-01-01
        """,
        usage_daily="""
        day        | user_id
        2024-01-07 | ann
        2024-01-08 | bob
        """,
        expect="""
        as_of      | adoption_active_users_by_day_7
        2024-01-07 | -
        2024-01-08 | 1
        2024-01-09 | 1
        """,
    )


def _declared() -> FeatureGroup:
    made = FeatureGroup("own", "Tickets for these tests.")

    @made.rows("tickets")
    def own_tickets(facts: Any) -> Any:
        return facts.rows("tickets")

    @made.feature(own_tickets, unit="category")
    def own_severity(rows: Any) -> Any:
        """The severity."""
        return rows.severity.max()

    @made.feature(own_tickets, unit="count")
    def own_opened(rows: Any) -> Any:
        """Tickets."""
        return rows.count()

    @made.feature(unit="count", absent=7)
    def own_filled(columns: Any) -> Any:
        """Tickets, or seven."""
        return columns.own_opened * 1

    @made.feature(unit="count")
    def own_open(columns: Any) -> Any:
        """Tickets, or nothing."""
        return columns.own_opened * 1

    return made


def test_a_combined_column_is_filled_where_that_is_declared_and_only_there() -> None:
    own = company(subscriptions=CORE, tickets="opened_on\n2024-04-01")
    facts = Facts(own, spine(own, [DAY]), [DAY])
    found = compute([_declared()], facts).to_pyarrow()
    assert found["own_filled"].to_pylist() == [7]
    assert found["own_open"].to_pylist() == [None]


def test_a_column_keeps_its_type_without_its_table() -> None:
    for tickets in ({}, {"tickets": "opened_on\n2024-03-01"}):
        own = company(subscriptions=CORE, **tickets)
        facts = Facts(own, spine(own, [DAY]), [DAY])
        types = compute([_declared()], facts).schema()
        assert types["own_severity"].is_string()
        assert types["own_opened"].is_float64()
        assert types["own_filled"].is_float64()
