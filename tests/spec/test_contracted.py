"""What an account comes to by contract, 91 days after 2024-06-02 and a year after it.

Each with its ARR and the day it is so.

A line is 100 a unit, and is signed on the day it starts unless it says otherwise. Neither the
notice nor the signature of 2024-06-02 is known on that day.
"""

from __future__ import annotations

from datetime import date

from features.point_in_time.facts import Facts, spine
from features.subscriptions.column_names import YEAR_DAYS, arr_column, day_column
from features.subscriptions.contracted_columns import contracted
from tests.support.company import company, compare, rows

DAY = date(2024, 6, 2)


def assert_contracted(expect: str, subscriptions: str, days: int = 91) -> None:
    """Compare what is contracted of every account in ``days``; ``-`` is no day."""
    tables = company(subscriptions=subscriptions)
    facts = Facts(tables, spine(tables, [DAY]), [DAY])
    found = contracted(facts, 91, YEAR_DAYS).to_pyarrow().to_pylist()
    told = [
        {**row, "arr": row[arr_column(days)], "on": str(row[day_column(days)] or "-")}
        for row in found
    ]
    wanted = [{"as_of": str(DAY), **row} for row in rows(expect)]
    compare(wanted, ["arr", "on"], told)


def test_what_is_announced_to_end_is_lost_and_decides_where_it_is_all() -> None:
    assert_contracted(
        subscriptions="""
        account_id  | subscription_id | starts_on  | ended_on   | ended_known_on | quantity
        stays       | 1               | 2023-01-01 | -          | -              | 10
        leaves      | 2               | 2023-01-01 | 2024-06-10 | 2024-05-20     | 10
        one_by_one  | 3               | 2023-01-01 | 2024-06-10 | 2024-05-20     | 10
        one_by_one  | 4               | 2023-01-01 | 2024-08-01 | 2024-01-20     | 5
        gives_part  | 5               | 2023-01-01 | 2024-06-10 | 2024-05-20     | 10
        gives_part  | 6               | 2023-01-01 | -          | -              | 4
        not_known   | 7               | 2023-01-01 | 2024-06-10 | 2024-06-02     | 10
        known_since | 8               | 2023-01-01 | 2024-06-10 | 2024-06-01     | 10
        later       | 9               | 2023-01-01 | 2024-09-02 | 2024-05-20     | 10
        last_day    | 10              | 2023-01-01 | 2024-09-01 | 2024-05-20     | 10
        """,
        expect="""
        account_id  | arr  | on
        stays       | 1000 | -
        leaves      | 0    | 2024-06-10
        one_by_one  | 0    | 2024-08-01
        gives_part  | 400  | 2024-06-10
        not_known   | 1000 | -
        known_since | 0    | 2024-06-10
        later       | 1000 | -
        last_day    | 0    | 2024-09-01
        """,
    )


def test_what_is_signed_comes_on_top_and_takes_the_place_of_what_ends() -> None:
    assert_contracted(
        subscriptions="""
        account_id  | subscription_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
        ramp        | 1               | 2023-01-01 | -          | -              | 10       | 2023-01-01
        ramp        | 1               | 2024-07-01 | -          | -              | 20       | 2023-01-01
        more        | 2               | 2023-01-01 | -          | -              | 10       | 2023-01-01
        more        | 3               | 2024-07-01 | -          | -              | 5        | 2024-06-01
        signed_late | 4               | 2023-01-01 | -          | -              | 10       | 2023-01-01
        signed_late | 5               | 2024-07-01 | -          | -              | 5        | 2024-06-02
        renews      | 6               | 2023-01-01 | 2024-06-30 | 2024-05-20     | 10       | 2023-01-01
        renews      | 7               | 2024-06-30 | -          | -              | 8        | 2024-05-20
        swaps       | 8               | 2023-01-01 | 2024-06-30 | 2024-05-20     | 10       | 2023-01-01
        swaps       | 9               | 2024-06-30 | -          | -              | 10       | 2024-05-20
        short       | 10              | 2023-01-01 | 2024-06-30 | 2024-05-20     | 10       | 2023-01-01
        short       | 11              | 2024-07-01 | 2024-08-01 | 2024-05-20     | 10       | 2024-05-20
        """,  # noqa: E501
        expect="""
        account_id  | arr  | on
        ramp        | 2000 | 2024-07-01
        more        | 1500 | 2024-07-01
        signed_late | 1000 | -
        renews      | 800  | 2024-06-30
        swaps       | 1000 | 2024-06-30
        short       | 0    | 2024-08-01
        """,
    )


def test_a_notice_beyond_the_horizon_is_there_within_a_year_and_the_end_of_a_term_is_none() -> None:
    lines = """
    account_id | subscription_id | starts_on  | term_ends_on | ended_on   | ended_known_on | quantity
    day_later  | 1               | 2023-01-01 | 2024-09-02   | 2024-09-02 | 2024-05-20     | 10
    last_day   | 2               | 2023-01-01 | -            | 2025-06-01 | 2024-05-20     | 10
    too_late   | 3               | 2023-01-01 | -            | 2025-06-02 | 2024-05-20     | 10
    renews     | 4               | 2023-01-01 | 2024-09-02   | -          | -              | 10
    not_known  | 5               | 2023-01-01 | 2024-09-02   | 2024-09-02 | 2024-06-02     | 10
    by_halves  | 6               | 2023-01-01 | -            | 2024-07-01 | 2024-05-20     | 10
    by_halves  | 7               | 2023-01-01 | -            | 2025-01-01 | 2024-05-20     | 10
    """  # noqa: E501
    assert_contracted(
        subscriptions=lines,
        expect="""
        account_id | arr  | on
        day_later  | 1000 | -
        last_day   | 1000 | -
        too_late   | 1000 | -
        renews     | 1000 | -
        not_known  | 1000 | -
        by_halves  | 1000 | 2024-07-01
        """,
    )
    assert_contracted(
        subscriptions=lines,
        days=YEAR_DAYS,
        expect="""
        account_id | arr  | on
        day_later  | 0    | 2024-09-02
        last_day   | 0    | 2025-06-01
        too_late   | 1000 | -
        renews     | 1000 | -
        not_known  | 1000 | -
        by_halves  | 0    | 2025-01-01
        """,
    )
