"""What was reached how soon after the start, as tables a CSM could check."""

from __future__ import annotations

from tests.support.company import assert_features


def test_the_account_s_age_and_first_order() -> None:
    assert_features(
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | quantity | known_at
        a          | core       | 2024-01-01 | 2024-02-01 | 10       | 2024-01-01
        a          | flow       | 2024-01-01 | -          | 3        | 2024-01-01
        a          | core       | 2024-02-01 | -          | 50       | 2024-02-01
        backfill   | core       | 2024-01-01 | -          | 10       | 2024-01-01
        backfill   | flow       | 2023-12-01 | -          | 3        | 2024-03-01
        """,
        expect="""
        account_id | as_of      | adoption_age_days | adoption_first_quantity
        a          | 2024-03-01 | 60                | 13
        backfill   | 2024-03-01 | 60                | 10
        backfill   | 2024-03-02 | 92                | 3
        """,
    )


def test_people_and_functions_by_a_day_are_open_until_that_day() -> None:
    usage = """
        day        | user_id | feature | known_at
        2023-12-20 | u0      | trial   | 2023-12-20
        2024-01-30 | u1      | search  | 2024-01-30
        2024-01-31 | u2      | export  | 2024-01-31
        2024-01-15 | u3      | share   | 2024-04-15
        2024-03-30 | u4      | admin   | 2024-03-30
        2024-03-31 | u5      | audit   | 2024-03-31
        """
    runs = "starts_on\n2024-01-01"
    assert_features(
        subscriptions=runs,
        usage_daily=usage,
        expect="""
        as_of      | adoption_active_users_by_day_30 | adoption_active_users_by_day_60
        2024-01-30 | -                               | -
        2024-01-31 | 2                               | -
        2024-02-29 | 2                               | -
        2024-03-01 | 2                               | 3
        2024-06-01 | 3                               | 4
        """,
    )
    assert_features(
        subscriptions=runs,
        usage_daily=usage,
        expect="""
        as_of      | adoption_active_users_by_day_90 | adoption_active_share_by_day_90
        2024-03-30 | -                               | -
        2024-06-01 | 5                               | 0.5
        """,
    )
    assert_features(
        subscriptions=runs,
        usage_daily=usage,
        expect="""
        as_of      | adoption_functions_used_by_day_30 | adoption_functions_used_by_day_60
        2024-01-30 | -                                 | -
        2024-06-01 | 3                                 | 4
        """,
    )
    assert_features(
        subscriptions=runs,
        usage_daily=usage,
        expect="""
        as_of      | adoption_functions_used_by_day_90 | adoption_days_to_first_use
        2024-03-30 | -                                 | 0
        2024-06-01 | 5                                 | 0
        """,
    )


def test_use_long_before_the_start_is_no_early_adoption() -> None:
    # 31 days before the start is a trial, 32 days is not; 1970 is a clock that was not set.
    assert_features(
        subscriptions="""
        account_id | starts_on
        trial      | 2024-02-01
        older      | 2024-02-01
        clock      | 2024-02-01
        later      | 2024-02-01
        """,
        usage_daily="""
        account_id | day        | user_id | feature | known_at
        trial      | 2024-01-01 | u1      | search  | 2024-01-01
        older      | 2023-12-31 | u2      | search  | 2023-12-31
        clock      | 1970-01-01 | u3      | search  | 2024-02-10
        later      | 1970-01-01 | u4      | search  | 1970-01-01
        later      | 2024-02-20 | u4      | search  | 2024-02-20
        """,
        expect="""
        account_id | as_of      | adoption_days_to_first_use | adoption_active_users_by_day_7
        trial      | 2024-06-01 | 0                          | 1
        older      | 2024-06-01 | -                          | 0
        clock      | 2024-06-01 | -                          | 0
        later      | 2024-06-01 | 19                         | 0
        """,
    )


def test_early_use_does_not_depend_on_what_becomes_known_later() -> None:
    """A line of 2022 becomes known in 2024; until then the account started in 2023."""
    tables = {
        "subscriptions": """
        product_id | starts_on  | known_at
        core       | 2023-06-01 | 2023-06-01
        flow       | 2022-01-01 | 2024-01-01
        """,
        "usage_daily": "day | user_id\n2023-06-10 | u1",
    }
    before = """
        as_of      | adoption_active_users_by_day_30 | adoption_days_to_first_use
        2023-09-01 | 1                               | 9
        """
    assert_features(before, **tables)
    assert_features(before + "2024-03-01 | 0 | -", **tables)


def test_no_use_is_none_and_not_unknown() -> None:
    assert_features(
        subscriptions="starts_on\n2024-01-01",
        expect="""
        as_of      | adoption_active_users_by_day_30 | adoption_days_to_first_use
        2024-01-30 | -                               | -
        2024-01-31 | 0                               | -
        """,
    )


def test_access_by_a_day() -> None:
    assert_features(
        subscriptions="starts_on\n2024-01-01",
        users="""
        user_id | activated_on | known_at
        u1      | 2023-12-01   | 2023-12-01
        u2      | 2024-01-30   | 2024-01-30
        u3      | 2024-01-31   | 2024-01-31
        u4      | 2024-03-30   | 2024-03-30
        u5      | 2024-01-10   | 2024-06-01
        """,
        expect="""
        as_of      | adoption_activated_by_day_30 | adoption_activated_by_day_60
        2024-01-30 | -                            | -
        2024-06-01 | 2                            | 3
        """,
    )
    assert_features(
        subscriptions="starts_on\n2024-01-01",
        users="user_id | activated_on\nu1 | 2024-03-30\nu2 | 2024-03-31",
        expect="""
        as_of      | adoption_activated_by_day_90
        2024-03-30 | -
        2024-03-31 | 1
        """,
    )


def test_milestones_of_the_journey() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on
        in_time    | 2024-01-01
        late       | 2024-01-01
        told_late  | 2024-01-01
        never      | 2024-01-01
        """,
        milestones="""
        account_id | milestone     | reached_on | known_at
        in_time    | first_outcome | 2024-03-30 | 2024-03-30
        in_time    | broad_rollout | 2024-02-10 | 2024-02-10
        late       | first_outcome | 2024-03-31 | 2024-03-31
        told_late  | first_outcome | 2024-02-01 | 2024-06-01
        """,
        expect="""
        account_id | as_of      | has_first_outcome_by_day_90 | adoption_days_to_first_outcome
        in_time    | 2024-03-30 | -                           | -
        in_time    | 2024-03-31 | 1                           | 89
        late       | 2024-06-01 | 0                           | 90
        told_late  | 2024-06-01 | 0                           | -
        told_late  | 2024-06-02 | 1                           | 31
        never      | 2024-06-01 | 0                           | -
        """,
    )
    assert_features(
        subscriptions="starts_on\n2024-01-01",
        milestones="milestone | reached_on\nbroad_rollout | 2024-02-10",
        expect="""
        as_of      | adoption_days_to_broad_rollout | adoption_days_to_first_outcome
        2024-02-10 | -                              | -
        2024-02-11 | 40                             | -
        """,
    )


def test_the_broad_rollout_by_a_day_and_so_far() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on
        in_time    | 2024-01-01
        late       | 2024-01-01
        told_late  | 2024-01-01
        """,
        milestones="""
        account_id | milestone     | reached_on | known_at
        in_time    | broad_rollout | 2024-03-30 | 2024-03-30
        late       | broad_rollout | 2024-06-29 | 2024-06-29
        told_late  | broad_rollout | 2024-02-01 | 2024-06-30
        """,
        expect="""
        account_id | as_of      | has_broad_rollout_by_day_90 | has_broad_rollout_by_day_180
        in_time    | 2024-03-30 | -                           | -
        in_time    | 2024-03-31 | 1                           | -
        in_time    | 2024-06-29 | 1                           | 1
        late       | 2024-06-28 | 0                           | -
        late       | 2024-06-29 | 0                           | 0
        late       | 2024-06-30 | 0                           | 0
        told_late  | 2024-06-30 | 0                           | 0
        told_late  | 2024-07-01 | 1                           | 1
        """,
    )
    assert_features(
        subscriptions="starts_on\n2024-01-01",
        milestones="milestone | reached_on | known_at\nbroad_rollout | 2024-03-30 | 2024-04-02",
        expect="""
        as_of      | is_rolled_out | has_first_outcome_by_day_180
        2024-04-02 | 0             | -
        2024-04-03 | 1             | -
        2024-06-29 | 1             | 0
        """,
    )


def test_steps_that_came_late_or_are_overdue() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on
        in_time    | 2024-01-01
        late       | 2024-01-01
        never      | 2024-01-01
        """,
        milestones="""
        account_id | milestone     | reached_on
        in_time    | first_outcome | 2024-03-30
        in_time    | broad_rollout | 2024-06-28
        in_time    | success_story | 2024-12-01
        late       | first_outcome | 2024-03-31
        late       | broad_rollout | 2024-06-28
        """,
        expect="""
        account_id | as_of      | adoption_milestones_late
        in_time    | 2024-12-31 | 0
        late       | 2024-03-30 | 0
        late       | 2024-03-31 | 1
        late       | 2024-12-31 | 1
        never      | 2024-03-30 | 0
        never      | 2024-03-31 | 1
        never      | 2024-06-28 | 1
        never      | 2024-06-29 | 2
        """,
    )


def test_days_until_half_of_the_first_seats_were_activated() -> None:
    assert_features(
        products="""
        product_id | price_metric
        core       | seats
        flow       | GB
        """,
        subscriptions="""
        account_id | product_id | starts_on  | quantity
        a          | core       | 2024-01-01 | 5
        a          | flow       | 2024-01-01 | 100
        a          | core       | 2024-02-01 | 90
        told_late  | core       | 2024-01-01 | 4
        never      | core       | 2024-01-01 | 5
        no_seats   | flow       | 2024-01-01 | 1
        """,
        users="""
        account_id | user_id | activated_on | deactivated_on | known_at
        a          | u1      | 2023-12-01   | 2024-01-05     | 2023-12-01
        a          | u2      | 2024-01-11   | -              | 2024-01-11
        a          | u3      | 2024-01-21   | -              | 2024-01-21
        a          | u4      | 2024-01-31   | -              | 2024-01-31
        told_late  | u1      | 2024-01-11   | -              | 2024-01-11
        told_late  | u2      | 2024-01-01   | -              | 2024-03-01
        never      | u1      | 2024-01-02   | -              | 2024-01-02
        never      | u2      | 2024-01-03   | -              | 2024-01-03
        no_seats   | u1      | 2024-01-02   | -              | 2024-01-02
        """,
        expect="""
        account_id | as_of      | adoption_days_to_half_activated
        a          | 2024-01-21 | -
        a          | 2024-01-22 | 20
        a          | 2024-03-02 | 20
        told_late  | 2024-03-01 | -
        told_late  | 2024-03-02 | 10
        never      | 2024-03-02 | -
        no_seats   | 2024-03-02 | -
        """,
    )


def test_a_week_and_half_a_year_after_the_start() -> None:
    assert_features(
        subscriptions="starts_on\n2024-01-01",
        users="""
        user_id | activated_on
        u1      | 2024-01-07
        u2      | 2024-01-08
        u3      | 2024-06-28
        u4      | 2024-06-29
        """,
        expect="""
        as_of      | adoption_activated_by_day_7 | adoption_activated_by_day_180
        2024-01-07 | -                           | -
        2024-01-08 | 1                           | -
        2024-06-28 | 1                           | -
        2024-06-29 | 1                           | 3
        2024-12-01 | 1                           | 3
        """,
    )


def test_without_milestones_nobody_can_say() -> None:
    assert_features(
        subscriptions="starts_on\n2024-01-01",
        expect="""
        as_of      | has_first_outcome_by_day_90 | adoption_milestones_late
        2024-12-01 | -                           | -
        """,
    )
    assert_features(
        subscriptions="starts_on\n2024-01-01",
        expect="""
        as_of      | adoption_activated_by_day_30 | is_rolled_out
        2024-12-01 | -                            | -
        """,
    )


def test_without_a_list_of_users_nobody_can_say_when_half_were_activated() -> None:
    assert_features(
        subscriptions="starts_on\n2024-01-01",
        expect="""
        as_of      | adoption_days_to_half_activated | has_broad_rollout_by_day_90
        2024-12-01 | -                               | -
        """,
    )
