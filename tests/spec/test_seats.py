"""What the seats features say, as tables a CSM could check. The day is always 2024-06-01."""

from __future__ import annotations

from tests.support.company import assert_features


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
    account_id | subscription_id | starts_on  | ended_on   | ended_known_on | quantity | known_at
    late_line  | 1               | 2023-01-01 | -          | -              | 10       | 2023-01-01
    late_line  | 2               | 2024-05-01 | -          | -              | 5        | 2024-06-01
    in_time    | 1               | 2023-01-01 | -          | -              | 10       | 2023-01-01
    in_time    | 2               | 2024-05-01 | -          | -              | 5        | 2024-05-31
    late_end   | 1               | 2023-01-01 | 2024-04-01 | 2024-06-01     | 10       | 2023-01-01
    known_end  | 1               | 2023-01-01 | 2024-04-01 | 2024-05-31     | 10       | 2023-01-01
    known_end  | 2               | 2024-01-01 | -          | -              | 3        | 2024-01-01
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
        only_gb    | 2024-06-01 | -              | -
        unlisted   | 2024-06-01 | 10             | 0
        """,
    )
    assert_features(
        products="""
        product_id | price_metric | launched_on | known_at
        one        | Seat         | 2020-01-01  | 2020-01-01
        two        |  licenses    | 2020-01-01  | 2020-01-01
        three      | Users        | 2020-01-01  | 2020-01-01
        four       | memberships  | 2020-01-01  | 2020-01-01
        """,
        subscriptions="""
        product_id | starts_on  | quantity
        one        | 2023-01-01 | 1
        two        | 2023-01-01 | 10
        three      | 2023-01-01 | 100
        four       | 2023-01-01 | 1000
        """,
        expect="as_of | seats_licensed\n2024-06-01 | 111",
    )


def test_who_holds_nothing_priced_by_seats_has_neither_seats_nor_overage() -> None:
    """13 people are active at an account that bought one membership."""
    assert_features(
        products="""
        product_id | price_metric | launched_on | known_at
        member     | memberships  | 2020-01-01  | 2020-01-01
        core       | seats        | 2020-01-01  | 2020-01-01
        """,
        accounts="""
        account_id | employees | known_at
        member     | 900       | 2023-01-01
        both       | 900       | 2023-01-01
        dropped    | 900       | 2023-01-01
        """,
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | quantity
        member     | member     | 2023-01-01 | -          | 1
        both       | member     | 2023-01-01 | -          | 1
        both       | core       | 2023-01-01 | -          | 10
        dropped    | member     | 2023-01-01 | -          | 1
        dropped    | core       | 2023-01-01 | 2024-01-01 | 10
        """,
        usage_daily="account_id | day | user_id\n"
        + "\n".join(
            f"{account} | 2024-05-31 | u{number}"
            for account in ("member", "both", "dropped")
            for number in range(13)
        ),
        expect="""
        account_id | as_of      | seats_licensed | seats_overage | seats_headroom | seats_contracted_ahead | seats_whitespace_share
        member     | 2024-06-01 | -              | -             | -              | -                      | -
        both       | 2024-06-01 | 10             | 3             | 0              | 0                      | 0.988889
        dropped    | 2024-06-01 | 0              | -             | -              | 0                      | 1
        """,  # noqa: E501
    )


def test_without_a_price_list_units_are_seats_where_nothing_contradicts() -> None:
    assert_features(
        subscriptions="""
        account_id | product_id | starts_on  | quantity | unit_price
        seats      | core       | 2023-01-01 | 10       | 100
        both       | core       | 2023-01-01 | 10       | 100
        both       | apicalls   | 2023-01-01 | 100000   | 0.01
        contracts  | member     | 2023-01-01 | 1        | 50000
        gigabytes  | vault      | 2023-01-01 | 2.5      | 20
        trial      | core       | 2023-01-01 | 5        | 100
        trial      | beta       | 2023-01-01 | 5        | 0
        """,
        expect="""
        account_id | as_of      | seats_licensed
        seats      | 2024-06-01 | 10
        both       | 2024-06-01 | 10
        contracts  | 2024-06-01 | -
        gigabytes  | 2024-06-01 | -
        trial      | 2024-06-01 | 10
        """,
    )


def test_seats_signed_to_come_within_a_year() -> None:
    assert_features(
        subscriptions="""
    account_id | subscription_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
    nothing    | 1               | 2023-01-01 | -          | -              | 10       | 2022-12-01
    ramp       | 1               | 2023-01-01 | 2024-09-01 | 2022-12-01     | 10       | 2022-12-01
    ramp       | 1               | 2024-09-01 | 2025-01-01 | 2022-12-01     | 30       | 2022-12-01
    ramp       | 1               | 2025-01-01 | -          | -              | 50       | 2022-12-01
    from_today | 1               | 2023-01-01 | 2024-06-01 | 2024-05-01     | 10       | 2022-12-01
    from_today | 1               | 2024-06-01 | -          | -              | 15       | 2024-05-01
    from_today | 2               | 2023-01-01 | -          | -              | 5        | 2022-12-01
    in_a_year  | 1               | 2023-01-01 | -          | -              | 10       | 2022-12-01
    in_a_year  | 2               | 2025-05-31 | -          | -              | 7        | 2024-05-01
    far_off    | 1               | 2023-01-01 | -          | -              | 10       | 2022-12-01
    far_off    | 2               | 2025-06-01 | -          | -              | 90       | 2024-05-01
    unsigned   | 1               | 2023-01-01 | -          | -              | 10       | 2022-12-01
    unsigned   | 2               | 2024-09-01 | -          | -              | 90       | 2024-06-01
    short      | 1               | 2023-01-01 | -          | -              | 10       | 2022-12-01
    short      | 2               | 2024-07-01 | 2025-05-31 | 2024-05-01     | 90       | 2024-05-01
    withdrawn  | 1               | 2023-01-01 | -          | -              | 10       | 2022-12-01
    withdrawn  | 1               | 2024-07-01 | 2024-07-01 | 2024-05-01     | 90       | 2024-05-01
    ends       | 1               | 2023-01-01 | 2025-05-31 | 2024-05-31     | 10       | 2022-12-01
    ends       | 2               | 2023-01-01 | -          | -              | 5        | 2022-12-01
    ends_later | 1               | 2023-01-01 | 2025-06-01 | 2024-05-31     | 10       | 2022-12-01
    not_known  | 1               | 2023-01-01 | 2024-07-01 | 2024-06-01     | 10       | 2022-12-01
        """,
        expect="""
        account_id | as_of      | seats_licensed | seats_contracted_ahead
        nothing    | 2024-06-01 | 10             | 0
        ramp       | 2024-06-01 | 10             | 40
        from_today | 2024-06-01 | 20             | 0
        in_a_year  | 2024-06-01 | 10             | 7
        far_off    | 2024-06-01 | 10             | 0
        unsigned   | 2024-06-01 | 10             | 0
        short      | 2024-06-01 | 10             | 0
        withdrawn  | 2024-06-01 | 10             | 0
        ends       | 2024-06-01 | 15             | -10
        ends_later | 2024-06-01 | 10             | 0
        not_known  | 2024-06-01 | 10             | 0
        """,
    )


def test_a_renewal_signed_ahead_replaces_what_runs_and_brings_only_what_it_adds() -> None:
    assert_features(
        subscriptions="""
    account_id | subscription_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
    known_end  | 1               | 2023-01-01 | 2024-09-01 | 2024-05-01     | 10       | 2022-12-01
    known_end  | 1               | 2024-09-01 | -          | -              | 10       | 2024-05-01
    open_end   | 1               | 2023-01-01 | 2024-09-01 | 2024-09-01     | 10       | 2022-12-01
    open_end   | 1               | 2024-09-01 | -          | -              | 10       | 2024-05-01
    more       | 1               | 2023-01-01 | 2024-09-01 | 2024-09-01     | 10       | 2022-12-01
    more       | 1               | 2024-09-01 | -          | -              | 16       | 2024-05-01
    fewer      | 1               | 2023-01-01 | 2024-09-01 | 2024-09-01     | 10       | 2022-12-01
    fewer      | 1               | 2024-09-01 | -          | -              | 4        | 2024-05-01
    new_number | 1               | 2023-01-01 | 2024-09-01 | 2024-05-01     | 10       | 2022-12-01
    new_number | 2               | 2024-09-01 | -          | -              | 12       | 2024-05-01
        """,
        expect="""
        account_id | as_of      | seats_licensed | seats_contracted_ahead
        known_end  | 2024-06-01 | 10             | 0
        open_end   | 2024-06-01 | 10             | 0
        more       | 2024-06-01 | 10             | 6
        fewer      | 2024-06-01 | 10             | -6
        new_number | 2024-06-01 | 10             | 2
        """,
    )


def test_what_another_product_loses_is_set_off_against_what_is_signed_ahead() -> None:
    assert_features(
        subscriptions="""
    subscription_id | product_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
    1               | core       | 2023-01-01 | -          | -              | 10       | 2022-12-01
    1               | core       | 2024-09-01 | -          | -              | 30       | 2024-05-01
    2               | plus       | 2023-01-01 | 2024-12-01 | 2024-05-01     | 25       | 2022-12-01
        """,
        expect="""
        as_of      | seats_licensed | seats_contracted_ahead
        2024-06-01 | 35             | -5
        """,
    )


def test_growth_in_a_quarter_starts_91_days_before() -> None:
    assert_features(
        subscriptions="""
        account_id | subscription_id | starts_on  | ended_on   | quantity
        before     | 1               | 2023-01-01 | -          | 10
        before     | 2               | 2024-03-02 | -          | 30
        after      | 1               | 2023-01-01 | -          | 10
        after      | 2               | 2024-03-03 | -          | 30
        ended      | 1               | 2023-01-01 | 2024-03-02 | 90
        ended      | 2               | 2023-01-01 | -          | 10
        new        | 1               | 2024-04-01 | -          | 10
        """,
        expect="""
        account_id | as_of      | seats_growth_91d
        before     | 2024-06-01 | 0
        after      | 2024-06-01 | 3
        ended      | 2024-06-01 | 0
        new        | 2024-06-01 | -
        """,
    )


def test_what_is_absorbed_of_the_last_increase() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on  | ended_on   | quantity
        a          | 2023-01-01 | 2024-02-01 | 4
        a          | 2024-02-01 | 2024-04-01 | 6
        a          | 2024-04-01 | -          | 10
        full       | 2023-01-01 | 2024-04-01 | 4
        full       | 2024-04-01 | -          | 5
        none       | 2023-01-01 | 2024-04-01 | 4
        none       | 2024-04-01 | -          | 5
        never_more | 2023-01-01 | -          | 4
        tomorrow   | 2023-01-01 | 2024-06-01 | 4
        tomorrow   | 2024-06-01 | -          | 9
        """,
        users="""
        account_id | user_id | activated_on | deactivated_on | known_at
        a          | u1      | 2024-03-31   | -              | 2024-03-31
        a          | u2      | 2024-04-01   | -              | 2024-04-01
        a          | u3      | 2024-05-31   | -              | 2024-05-31
        a          | u4      | 2024-04-02   | 2024-05-01     | 2024-04-02
        a          | u5      | 2024-06-01   | -              | 2024-05-01
        a          | u6      | 2024-05-01   | -              | 2024-06-01
        full       | u1      | 2024-04-01   | -              | 2024-04-01
        full       | u2      | 2024-04-01   | -              | 2024-04-01
        never_more | u1      | 2024-04-01   | -              | 2024-04-01
        """,
        expect="""
        account_id | as_of      | seats_absorbed_since_increase
        a          | 2024-06-01 | 0.75
        full       | 2024-06-01 | 1
        none       | 2024-06-01 | 0
        never_more | 2024-06-01 | -
        tomorrow   | 2024-06-01 | -
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
        subscriptions="""
        starts_on  | ended_on   | quantity
        2023-01-01 | 2024-04-01 | 4
        2024-04-01 | -          | 5
        """,
        expect="""
        as_of      | seats_activated | seats_activated_share | seats_newly_activated_28d
        2024-06-01 | -               | -                     | -
        """,
    )
    assert_features(
        subscriptions="starts_on | ended_on\n2023-01-01 | 2024-04-01\n2024-04-01 | -",
        expect="""
        as_of      | seats_absorbed_since_increase
        2024-06-01 | -
        """,
    )


def test_utilisation_headroom_and_overage() -> None:
    assert_features(
        subscriptions="""
        account_id | product_id | starts_on  | quantity | unit_price
        half_used  | core       | 2023-01-01 | 4        | 100
        overage    | core       | 2023-01-01 | 2        | 100
        unused     | core       | 2023-01-01 | 9        | 100
        free_too   | core       | 2023-01-01 | 4        | 100
        free_too   | flow       | 2023-01-01 | 6        | 0
        untold     | core       | 2023-01-01 | 4        | 100
        """,
        usage_daily="""
        account_id | day        | user_id
        half_used  | 2024-05-30 | u1
        half_used  | 2024-05-31 | u1
        half_used  | 2024-05-31 | u2
        half_used  | 2024-04-01 | u3
        overage    | 2024-05-31 | u1
        overage    | 2024-05-31 | u2
        overage    | 2024-05-31 | u3
        free_too   | 2024-05-31 | u1
        untold     | 2024-05-31 | -
        """,
        expect="""
        account_id | as_of      | seats_utilization_28d | seats_headroom | seats_overage
        half_used  | 2024-06-01 | 0.5                   | 2              | 0
        overage    | 2024-06-01 | 1.5                   | 0              | 1
        unused     | 2024-06-01 | 0                     | 9              | 0
        free_too   | 2024-06-01 | 0.1                   | 9              | 0
        untold     | 2024-06-01 | -                     | -              | -
        """,
    )
    assert_features(
        subscriptions="starts_on | quantity\n2023-01-01 | 4",
        usage_daily="day | user_id\n2024-05-31 | u1\n2024-05-31 | u2\n2024-04-01 | u3",
        expect="as_of | seats_utilization_91d\n2024-06-01 | 0.75",
    )
