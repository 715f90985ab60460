"""What the usage features say, as tables a CSM could check. The day is always 2024-06-01."""

from __future__ import annotations

from datetime import date, timedelta

from tests.support.company import assert_features

RUNS = """
    account_id | starts_on
    a          | 2023-01-01
    b          | 2023-01-01
    c          | 2023-01-01
    silent     | 2023-01-01
    """


def test_active_people_are_counted_once() -> None:
    assert_features(
        subscriptions=RUNS,
        usage_daily="""
        account_id | day        | user_id | feature
        a          | 2024-05-31 | u1      | search
        a          | 2024-05-31 | u1      | export
        a          | 2024-05-30 | u1      | search
        a          | 2024-05-30 | u2      | search
        a          | 2024-04-01 | u3      | share
        """,
        expect="""
        account_id | as_of      | usage_active_users_28d | usage_active_users_91d
        a          | 2024-06-01 | 2                      | 3
        silent     | 2024-06-01 | 0                      | 0
        """,
    )


def test_windows_hold_their_first_day_and_not_the_day_itself() -> None:
    assert_features(
        subscriptions=RUNS,
        usage_daily="""
        account_id | day        | user_id | events | known_at
        a          | 2024-06-01 | u1      | 1000   | 2024-05-01
        a          | 2024-05-31 | u1      | 1      | 2024-05-31T23:59:59
        a          | 2024-05-31 | u2      | 2000   | 2024-06-01
        a          | 2024-05-04 | u1      | 10     | 2024-05-04
        a          | 2024-05-03 | u1      | 100    | 2024-05-03
        b          | 2024-03-02 | u1      | 1      | 2024-03-02
        b          | 2024-03-01 | u1      | 10     | 2024-03-01
        b          | 2023-06-03 | u1      | 100    | 2023-06-03
        b          | 2023-06-02 | u1      | 1000   | 2023-06-02
        """,
        expect="""
        account_id | as_of      | usage_events_28d | usage_events_91d | usage_events_364d
        a          | 2024-06-01 | 11               | 111              | 111
        b          | 2024-06-01 | 0                | 1                | 111
        silent     | 2024-06-01 | 0                | 0                | 0
        """,
    )


def test_functions_and_days_with_use() -> None:
    assert_features(
        subscriptions=RUNS,
        usage_daily="""
        account_id | day        | user_id | feature
        a          | 2024-05-31 | u1      | search
        a          | 2024-05-31 | u2      | export
        a          | 2024-05-30 | u1      | search
        a          | 2024-04-01 | u1      | share
        """,
        expect="""
        account_id | as_of      | usage_functions_used_28d | usage_functions_used_91d
        a          | 2024-06-01 | 2                        | 3
        silent     | 2024-06-01 | 0                        | 0
        """,
    )


def test_days_with_use_and_silence() -> None:
    assert_features(
        subscriptions=RUNS,
        usage_daily="""
        account_id | day        | user_id | events
        a          | 2024-05-31 | u1      | 1
        a          | 2024-05-31 | u2      | 1
        a          | 2024-05-20 | u1      | 1
        a          | 2024-04-01 | u1      | 1
        b          | 2024-05-31 | u1      | 0
        b          | 2024-04-02 | u1      | 1
        c          | 2023-06-02 | u1      | 1
        """,
        expect="""
        account_id | as_of      | usage_days_active_28d | usage_days_active_91d | usage_days_silent
        a          | 2024-06-01 | 2                     | 3                     | 1
        b          | 2024-06-01 | 0                     | 1                     | 60
        c          | 2024-06-01 | 0                     | 0                     | 364
        silent     | 2024-06-01 | 0                     | 0                     | 364
        """,
    )


def test_nobody_is_silent_for_longer_than_a_customer() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on
        years      | 2021-01-01
        week       | 2024-05-26
        yesterday  | 2024-05-31
        tried      | 2024-05-26
        trial      | 2024-05-31
        """,
        usage_daily="""
        account_id | day        | user_id
        tried      | 2024-05-10 | u1
        trial      | 2024-05-20 | u1
        """,
        expect="""
        account_id | as_of      | usage_days_silent
        years      | 2024-06-01 | 364
        week       | 2024-06-01 | 6
        yesterday  | 2024-06-01 | -
        tried      | 2024-06-01 | 6
        trial      | 2024-06-01 | 12
        """,
    )


def test_a_trend_weighs_the_newer_half_against_the_older() -> None:
    assert_features(
        subscriptions=RUNS,
        usage_daily="""
        account_id | day        | user_id | events
        a          | 2024-05-04 | u1      | 30
        a          | 2024-05-03 | u1      | 10
        b          | 2024-05-03 | u1      | 5
        b          | 2024-03-02 | u1      | 20
        b          | 2024-03-01 | u1      | 25
        c          | 2024-05-31 | u1      | 5
        c          | 2023-12-01 | u1      | 5
        """,
        expect="""
        account_id | as_of      | usage_trend_56d | usage_trend_182d
        a          | 2024-06-01 | 0.5             | 1
        b          | 2024-06-01 | -1              | 0
        c          | 2024-06-01 | 1               | 1
        silent     | 2024-06-01 | -               | -
        """,
    )


def test_people_on_a_day_and_how_many_of_all_that_is() -> None:
    assert_features(
        subscriptions=RUNS,
        usage_daily="""
        account_id | day        | user_id | feature
        a          | 2024-05-31 | u1      | search
        a          | 2024-05-31 | u1      | export
        a          | 2024-05-31 | u2      | search
        a          | 2024-05-30 | u1      | search
        a          | 2024-04-01 | u3      | search
        """,
        expect="""
        as_of      | usage_people_a_day_28d | usage_peak_people_28d | usage_stickiness_28d
        2024-06-01 | 1.5                    | 2                     | 0.75
        """,
    )
    assert_features(
        subscriptions=RUNS,
        usage_daily="""
        account_id | day        | user_id | events
        a          | 2024-05-31 | u1      | 4
        a          | 2024-05-31 | u2      | 2
        a          | 2024-04-01 | u3      | 3
        """,
        expect="""
        as_of      | usage_people_a_day_91d | usage_peak_people_91d | usage_stickiness_91d
        2024-06-01 | 1.5                    | 2                     | 0.5
        """,
    )


def test_events_of_each_person_and_the_weight_of_the_top_function() -> None:
    assert_features(
        subscriptions=RUNS,
        usage_daily="""
        account_id | product_id | day        | user_id | feature | events
        a          | core       | 2024-05-31 | u1      | search  | 4
        a          | core       | 2024-05-31 | u2      | export  | 2
        a          | flow       | 2024-05-31 | u2      | search  | 2
        a          | core       | 2024-04-01 | u3      | search  | 2
        """,
        expect="""
        account_id | as_of      | usage_events_per_user_28d | usage_top_function_share_91d
        a          | 2024-06-01 | 4                         | 0.6
        silent     | 2024-06-01 | -                         | -
        """,
    )
    assert_features(
        subscriptions=RUNS,
        usage_daily="account_id | day | user_id | events\na | 2024-04-01 | u1 | 5",
        expect="""
        account_id | as_of      | usage_events_per_user_28d | usage_events_per_user_91d
        a          | 2024-06-01 | -                         | 5
        """,
    )


def test_experts_and_consumers() -> None:
    assert_features(
        subscriptions=RUNS,
        users="""
        account_id | user_id | user_group | activated_on | known_at
        a          | u1      | expert     | 2023-01-01   | 2023-01-01
        a          | u2      | consumer   | 2023-01-01   | 2023-01-01
        a          | u3      | consumer   | 2023-01-01   | 2023-01-01
        a          | u4      | -          | 2023-01-01   | 2023-01-01
        a          | u5      | expert     | 2023-01-01   | 2024-06-01
        b          | u1      | expert     | 2023-01-01   | 2023-01-01
        """,
        usage_daily="""
        account_id | day        | user_id
        a          | 2024-05-31 | u1
        a          | 2024-05-30 | u1
        a          | 2024-05-31 | u2
        a          | 2024-05-31 | u3
        a          | 2024-05-31 | u4
        a          | 2024-05-31 | u5
        a          | 2024-05-31 | u6
        b          | 2024-04-01 | u1
        """,
        expect="""
        account_id | as_of      | usage_active_experts_28d | usage_active_consumers_28d
        a          | 2024-06-01 | 1                        | 2
        b          | 2024-06-01 | 0                        | 0
        """,
    )


def test_without_a_list_of_users_nobody_can_say_who_is_an_expert() -> None:
    assert_features(
        subscriptions=RUNS,
        usage_daily="account_id | day | user_id\na | 2024-05-31 | u1",
        expect="""
        account_id | as_of      | usage_active_experts_28d | usage_active_users_28d
        a          | 2024-06-01 | -                        | 1
        """,
    )


def test_counts_without_user_ids_say_how_many_there_were_at_least() -> None:
    assert_features(
        subscriptions=RUNS,
        usage_daily="""
        account_id | day        | feature | active_users | events
        a          | 2024-05-31 | search  | 40           | 90
        a          | 2024-05-31 | export  | 7            | 9
        a          | 2024-05-30 | search  | 20           | 30
        b          | 2024-05-31 | search  | -            | 30
        """,
        expect="""
        account_id | as_of      | usage_active_users_28d | usage_people_a_day_28d | usage_events_28d
        a          | 2024-06-01 | 40                     | 30                     | 129
        b          | 2024-06-01 | -                      | -                      | 30
        """,
    )


OFTEN = "\n".join(f"a | 2024-05-{day} | u1 | core" for day in range(18, 31))
LATELY = f"""
    account_id | day        | user_id | product_id
    {OFTEN}
    a          | 2024-05-31 | u2      | core
    a          | 2024-05-25 | u2      | core
    a          | 2024-05-24 | u3      | plus
    b          | 2024-05-20 | u1      | core
    """


def test_who_comes_every_week_and_how_much_rests_on_one_person() -> None:
    assert_features(
        subscriptions=RUNS,
        usage_daily=LATELY,
        expect="""
        account_id | as_of      | usage_regular_share_91d | usage_top_person_share_91d
        a          | 2024-06-01 | 0.333333                | 0.8125
        b          | 2024-06-01 | 0                       | 1
        silent     | 2024-06-01 | -                       | -
        """,
    )


def test_who_of_the_month_was_there_this_week_and_for_which_products() -> None:
    assert_features(
        subscriptions=RUNS,
        usage_daily=LATELY,
        expect="""
        account_id | as_of      | usage_active_users_7d | usage_products_used_91d
        a          | 2024-06-01 | 2                     | 2
        b          | 2024-06-01 | 0                     | 1
        silent     | 2024-06-01 | 0                     | 0
        """,
    )
    assert_features(
        subscriptions=RUNS,
        usage_daily=LATELY,
        expect="""
        account_id | as_of      | usage_weekly_share_28d
        a          | 2024-06-01 | 0.666667
        b          | 2024-06-01 | 0
        silent     | 2024-06-01 | -
        """,
    )


def test_volatility_is_nought_for_even_weeks_and_three_and_a_half_for_a_single_one() -> None:
    even = "\n".join(f"a | {date(2024, 5, 31) - timedelta(weeks=week)} | 5" for week in range(13))
    assert_features(
        subscriptions=RUNS,
        usage_daily=f"""
        account_id | day        | events
        {even}
        b          | 2024-05-20 | 7
        c          | 2024-03-01 | 7
        """,
        expect="""
        account_id | as_of      | usage_volatility_91d
        a          | 2024-06-01 | 0
        b          | 2024-06-01 | 3.464102
        c          | 2024-06-01 | -
        """,
    )
