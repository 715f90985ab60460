"""The journey: who had reached what at which age, and what came of it in the year after.

An account started on 2022-01-01 unless it says otherwise: day 30 is 2022-01-31, day 90 2022-04-01.
The data is complete before 2024-06-01.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from features.adoption_steps import STEPS, journey
from features.labels.outcome_window import Horizon
from tests.support.company import company, rows

ALWAYS = {
    # Others' records begin early enough for every account to be judged by.
    "usage_daily": "account_id | day | user_id\nx | 2021-01-01 | x",
    "users": "account_id | user_id | activated_on\nx | x | 2021-01-01",
    "milestones": "account_id | milestone | reached_on\nx | first_outcome | 2021-01-01",
}
RUNS = "account_id | starts_on\na | 2022-01-01"


def assert_journey(expect: str, **tables: str) -> None:
    """Compare the given columns of the rows whose account and day are named."""
    texts = {**ALWAYS, **tables}
    texts |= {name: f"{ALWAYS[name]}\n{_like(name, texts[name])}" for name in ALWAYS}
    found = journey(company(**texts), Horizon(365, 31, date(2024, 6, 1))).to_pyarrow().to_pylist()
    told = {(row["account_id"], row["day"]): row for row in found}
    for line in rows(expect):
        row = told.get((line.pop("account_id", "a"), int(line.pop("day"))))
        wanted = {name: None if cell == "-" else float(cell) for name, cell in line.items()}
        assert (row and {name: row[name] for name in wanted}) == (wanted or row), line


def _like(name: str, text: str) -> str:
    """Return the rows of a table without its header, which is the same in ``ALWAYS``."""
    return "" if text == ALWAYS[name] else "\n".join(text.strip().splitlines()[1:])


def ages(**tables: str) -> set[tuple[str, int]]:
    """Return the accounts and ages at which they were customers."""
    found = journey(company(**tables), Horizon(365, 31, date(2024, 6, 1))).to_pyarrow().to_pylist()
    return {(row["account_id"], row["day"]) for row in found}


def test_a_step_is_reached_the_day_after_it_happened_and_was_known() -> None:
    assert_journey(
        """
        account_id | day | usage_begun | first_outcome | broad_rollout
        a          | 30  | 1           | 0             | 0
        a          | 60  | 1           | 0             | 0
        a          | 90  | 1           | 1             | 0
        a          | 180 | 1           | 1             | 1
        late       | 30  | 0           | 0             | 0
        late       | 60  | 1           | 0             | 0
        known      | 30  | 0           | 0             | 0
        known      | 60  | 1           | 0             | 0
        """,
        subscriptions="""
        account_id | starts_on
        a          | 2022-01-01
        late       | 2022-01-01
        known      | 2022-01-01
        """,
        usage_daily="""
        account_id | day | user_id
        a          | 2022-01-30 | u
        late       | 2022-01-31 | u
        known      | 2022-01-31 | u
        """,
        milestones="""
        account_id | milestone | reached_on
        a          | first_outcome | 2022-03-31
        a          | broad_rollout | 2022-04-01
        """,
    )


def test_what_became_known_late_was_not_reached_in_time() -> None:
    texts = {
        "subscriptions": RUNS,
        "usage_daily": """
        day        | user_id | known_at
        2021-01-01 | x       | 2021-01-01
        2022-01-10 | u       | 2022-02-15
        """,
    }
    found = journey(company(**texts), Horizon(365, 31, date(2024, 6, 1))).to_pyarrow().to_pylist()
    begun = {row["day"]: row["usage_begun"] for row in found}
    assert begun == {30: 1, 60: 1, 90: 1, 180: 1, 270: 1, 360: 1}
    texts["usage_daily"] = texts["usage_daily"].replace("2021-01-01 | x", "2022-01-01 | x", 1)
    texts["usage_daily"] = texts["usage_daily"].replace("| 2021-01-01", "| 2022-02-15")
    found = journey(company(**texts), Horizon(365, 31, date(2024, 6, 1))).to_pyarrow().to_pylist()
    assert {row["day"]: row["usage_begun"] for row in found}[30] == 0
    assert {row["day"]: row["usage_begun"] for row in found}[60] == 1


def test_half_activated_counts_the_seats_bought_at_the_start() -> None:
    assert_journey(
        """
        day | half_activated | units
        30  | 0              | 4
        60  | 1              | 4
        """,
        subscriptions="""
        starts_on  | ended_on   | quantity
        2022-01-01 | 2022-02-01 | 4
        2022-02-01 | -          | 40
        """,
        users="""
        account_id | user_id | activated_on
        a | u1 | 2022-01-05
        a | u2 | 2022-02-05
        """,
    )


def test_nobody_can_say_what_was_before_the_records_or_without_them() -> None:
    found = journey(
        company(subscriptions=RUNS, usage_daily="day | user_id\n2022-01-02 | u"),
        Horizon(365, 31, date(2024, 6, 1)),
    ).to_pyarrow()
    assert {name: set(found[name].to_pylist()) for name in STEPS} == {
        name: {None} for name in STEPS
    }


def test_only_customers_of_the_day_count() -> None:
    assert ages(
        subscriptions="""
        account_id | starts_on  | ended_on   | known_at
        left       | 2022-01-01 | 2022-03-01 | 2022-01-01
        stays      | 2022-01-01 | -          | 2022-01-01
        backfilled | 2022-01-01 | -          | 2022-06-30
        """
    ) == {
        ("left", 30),
        *{("stays", day) for day in (30, 60, 90, 180, 270, 360)},
        *{("backfilled", day) for day in (270, 360)},
    }


def test_an_outcome_counts_from_the_day_itself_for_a_year() -> None:
    assert_journey(
        """
        account_id | day | upsell | churn
        before     | 60  | 1      | 0
        before     | 90  | 0      | 0
        on_the_day | 90  | 1      | 0
        on_the_day | 180 | 0      | 0
        leaves     | 90  | 0      | 0
        leaves     | 180 | 0      | 1
        young      | 30  | -      | -
        """,
        subscriptions="""
        account_id | starts_on  | ended_on   | quantity | signed_on
        before     | 2022-01-01 | 2022-03-31 | 10       | 2022-01-01
        before     | 2022-03-31 | -          | 20       | 2022-03-31
        on_the_day | 2022-01-01 | 2022-04-01 | 10       | 2022-01-01
        on_the_day | 2022-04-01 | -          | 20       | 2022-04-01
        leaves     | 2022-01-01 | 2023-04-15 | 10       | 2022-01-01
        young      | 2023-06-01 | -          | 10       | 2023-06-01
        """,
    )


def test_a_row_holds_what_kind_of_account_it_is() -> None:
    texts: dict[str, Any] = {
        "subscriptions": RUNS,
        "accounts": "account_id | created_on | segment\na | 2021-12-01 | smb",
    }
    found = journey(company(**texts), Horizon(365, 31, date(2024, 6, 1))).to_pyarrow().to_pylist()
    assert {(row["segment"], row["units"], row["started_on"]) for row in found} == {
        ("smb", 10.0, date(2022, 1, 1))
    }


def test_use_of_1970_is_no_beginning_of_use_and_no_beginning_of_the_record() -> None:
    assert_journey(
        """
        account_id | day | usage_begun
        a          | 30  | 0
        a          | 60  | 1
        old        | 30  | -
        """,
        subscriptions="account_id | starts_on\na | 2022-01-01\nold | 2020-01-01",
        usage_daily="""
        account_id | day        | user_id
        a          | 1970-01-01 | u1
        a          | 2022-02-10 | u1
        """,
    )
