"""What the seats features say, as tables a CSM could check. The day is always 2024-06-01."""

from __future__ import annotations

from tests.company import assert_features


def test_licensed_seats_and_how_they_grew() -> None:
    assert_features(
        subscriptions="""
        account_id | subscription_id | starts_on  | ended_on   | quantity
        steady     | 1               | 2023-01-01 | 2024-01-01 | 10
        steady     | 1               | 2024-01-01 | -          | 10
        grows      | 1               | 2023-01-01 | 2024-03-01 | 10
        grows      | 1               | 2024-03-01 | -          | 30
        shrinks    | 1               | 2023-01-01 | 2024-05-31 | 40
        shrinks    | 1               | 2024-05-31 | -          | 25
        two_lines  | 1               | 2023-01-01 | -          | 10
        two_lines  | 2               | 2024-05-02 | -          | 5
        new        | 1               | 2024-05-02 | -          | 7
        today      | 1               | 2023-01-01 | 2024-06-01 | 10
        today      | 1               | 2024-06-01 | -          | 99
        """,
        expect="""
        account_id | as_of      | seats_licensed | seats_growth_364d | seats_days_since_increase
        steady     | 2024-06-01 | 10             | 0                 | -
        grows      | 2024-06-01 | 30             | 2                 | 92
        shrinks    | 2024-06-01 | 25             | -0.375            | -
        two_lines  | 2024-06-01 | 15             | 0.5               | 30
        new        | 2024-06-01 | 7              | -                 | -
        today      | 2024-06-01 | 10             | 0                 | -
        """,
    )


def test_days_since_seats_were_given_back() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on  | ended_on   | quantity | plan  | unit_price
        shrinks    | 2023-01-01 | 2024-05-31 | 40       | basic | 100
        shrinks    | 2024-05-31 | -          | 25       | basic | 100
        cheaper    | 2023-01-01 | 2024-05-31 | 40       | pro   | 150
        cheaper    | 2024-05-31 | -          | 40       | basic | 100
        dearer     | 2023-01-01 | 2024-05-31 | 40       | basic | 100
        dearer     | 2024-05-31 | -          | 40       | pro   | 150
        """,
        expect="""
        account_id | as_of      | seats_days_since_decrease | seats_days_since_increase
        shrinks    | 2024-06-01 | 1                         | -
        cheaper    | 2024-06-01 | -                         | -
        dearer     | 2024-06-01 | -                         | -
        """,
    )


def test_only_what_was_known_counts() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on  | ended_on   | ended_known_on | quantity | known_at
        late_line  | 2023-01-01 | -          | -              | 10       | 2023-01-01
        late_line  | 2024-05-01 | -          | -              | 5        | 2024-06-01
        in_time    | 2023-01-01 | -          | -              | 10       | 2023-01-01
        in_time    | 2024-05-01 | -          | -              | 5        | 2024-05-31T23:59:00
        late_end   | 2023-01-01 | 2024-04-01 | 2024-06-01     | 10       | 2023-01-01
        known_end  | 2023-01-01 | 2024-04-01 | 2024-05-31     | 10       | 2023-01-01
        known_end  | 2024-01-01 | -          | -              | 3        | 2024-01-01
        """,
        expect="""
        account_id | as_of      | seats_licensed
        late_line  | 2024-06-01 | 10
        in_time    | 2024-06-01 | 15
        late_end   | 2024-06-01 | 10
        known_end  | 2024-06-01 | 3
        """,
    )


def test_only_products_priced_by_seats_have_seats() -> None:
    assert_features(
        products="""
        product_id | price_metric | launched_on | known_at
        core       | seats        | 2020-01-01  | 2020-01-01
        flow       | GB           | 2020-01-01  | 2020-01-01
        next       | seats        | 2024-01-01  | 2024-06-01
        """,
        subscriptions="""
        account_id | product_id | starts_on  | quantity
        both       | core       | 2023-01-01 | 10
        both       | flow       | 2023-01-01 | 500
        only_gb    | flow       | 2023-01-01 | 500
        unlisted   | core       | 2023-01-01 | 10
        unlisted   | next       | 2024-02-01 | 20
        """,
        expect="""
        account_id | as_of      | seats_licensed | seats_growth_364d
        both       | 2024-06-01 | 10             | 0
        only_gb    | 2024-06-01 | 0              | -
        unlisted   | 2024-06-01 | 10             | 0
        """,
    )


def test_seats_signed_to_come_within_a_year() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
        nothing    | 2023-01-01 | -          | -              | 10       | 2022-12-01
        ramp       | 2023-01-01 | 2024-09-01 | 2022-12-01     | 10       | 2022-12-01
        ramp       | 2024-09-01 | 2025-01-01 | 2022-12-01     | 30       | 2022-12-01
        ramp       | 2025-01-01 | -          | -              | 50       | 2022-12-01
        renewal    | 2023-01-01 | 2024-09-01 | 2024-05-01     | 10       | 2022-12-01
        renewal    | 2024-09-01 | -          | -              | 10       | 2024-05-01
        from_today | 2023-01-01 | 2024-06-01 | 2024-05-01     | 10       | 2022-12-01
        from_today | 2023-01-01 | -          | -              | 5        | 2022-12-01
        from_today | 2024-06-01 | -          | -              | 15       | 2024-05-01
        far_off    | 2023-01-01 | -          | -              | 10       | 2022-12-01
        far_off    | 2025-06-01 | -          | -              | 90       | 2024-05-01
        unsigned   | 2023-01-01 | -          | -              | 10       | 2022-12-01
        unsigned   | 2024-09-01 | -          | -              | 90       | 2024-06-01
        """,
        expect="""
        account_id | as_of      | seats_licensed | seats_contracted_ahead
        nothing    | 2024-06-01 | 10             | 0
        ramp       | 2024-06-01 | 10             | 40
        renewal    | 2024-06-01 | 10             | 0
        from_today | 2024-06-01 | 5              | 15
        far_off    | 2024-06-01 | 10             | 0
        unsigned   | 2024-06-01 | 10             | 0
        """,
    )


LICENSED = """
    account_id | starts_on  | quantity
    a          | 2023-01-01 | 4
    b          | 2023-01-01 | 4
    """


def test_activated_seats() -> None:
    assert_features(
        subscriptions=LICENSED,
        users="""
        user_id | activated_on | deactivated_on | deactivated_known_on | known_at
        u1      | 2023-01-01   | -              | -                    | 2023-01-01
        u2      | 2023-01-01   | 2024-05-01     | 2024-05-31           | 2023-01-01
        u3      | 2023-01-01   | 2024-05-01     | 2024-06-01           | 2023-01-01
        u4      | 2024-05-04   | -              | -                    | 2024-05-04
        u5      | 2024-05-03   | -              | -                    | 2024-05-03
        u6      | 2024-03-01   | -              | -                    | 2024-06-01
        u7      | 2024-06-01   | -              | -                    | 2024-05-01
        """,
        expect="""
        account_id | as_of      | seats_activated | seats_activated_share
        a          | 2024-06-01 | 4               | 1
        b          | 2024-06-01 | 0               | 0
        """,
    )


def test_newly_activated_seats() -> None:
    assert_features(
        subscriptions=LICENSED,
        users="""
        user_id | activated_on
        u1      | 2024-03-01
        u2      | 2024-03-02
        u3      | 2024-05-03
        u4      | 2024-05-04
        u5      | 2024-05-31
        u6      | 2024-06-01
        """,
        expect="""
        account_id | as_of      | seats_newly_activated_28d | seats_newly_activated_91d
        a          | 2024-06-01 | 2                         | 4
        b          | 2024-06-01 | 0                         | 0
        """,
    )


def test_without_a_list_of_users_nobody_can_say_who_has_access() -> None:
    assert_features(
        subscriptions=LICENSED,
        expect="""
        account_id | as_of      | seats_activated_share | seats_newly_activated_28d
        a          | 2024-06-01 | -                     | -
        """,
    )


def test_utilisation_headroom_and_overage() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on  | quantity
        half_used  | 2023-01-01 | 4
        overage    | 2023-01-01 | 1
        unused     | 2023-01-01 | 9
        free       | 2023-01-01 | 0
        """,
        usage_daily="""
        account_id | day        | user_id
        half_used  | 2024-05-30 | u1
        half_used  | 2024-05-31 | u1
        half_used  | 2024-05-31 | u2
        half_used  | 2024-04-01 | u3
        overage    | 2024-05-31 | u1
        overage    | 2024-05-31 | u2
        free       | 2024-05-31 | u1
        """,
        expect="""
        account_id | as_of      | seats_utilization_28d | seats_utilization_91d | seats_headroom
        half_used  | 2024-06-01 | 0.5                   | 0.75                  | 2
        overage    | 2024-06-01 | 2                     | 2                     | -1
        unused     | 2024-06-01 | 0                     | 0                     | 9
        free       | 2024-06-01 | -                     | -                     | -1
        """,
    )
