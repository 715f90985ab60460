"""What the commercial features say, as tables a CSM could check. The day is always 2024-06-01."""

from __future__ import annotations

from tests.support.company import assert_features

RUNS = "starts_on\n2023-01-01"


def test_what_the_account_pays_and_holds() -> None:
    assert_features(
        subscriptions="""
        account_id | subscription_id | product_id | starts_on  | ended_on   | quantity | unit_price
        one        | 1               | core       | 2023-01-01 | -          | 10       | 100
        two        | 1               | core       | 2023-01-01 | -          | 10       | 100
        two        | 2               | flow       | 2023-01-01 | -          | 30       | 20
        two        | 3               | core       | 2024-01-01 | -          | 5        | 80
        dropped    | 1               | core       | 2023-01-01 | -          | 10       | 100
        dropped    | 2               | flow       | 2023-01-01 | 2024-05-31 | 30       | 20
        today      | 1               | core       | 2023-01-01 | -          | 10       | 100
        today      | 2               | flow       | 2024-06-01 | -          | 30       | 20
        free       | 1               | core       | 2023-01-01 | -          | 0        | 100
        free_too   | 1               | core       | 2023-01-01 | -          | 10       | 100
        free_too   | 2               | flow       | 2023-01-01 | -          | 30       | 0
        """,
        expect="""
        account_id | as_of      | arr  | products_held | unit_price
        one        | 2024-06-01 | 1000 | 1             | 100
        two        | 2024-06-01 | 2000 | 2             | 44.4444
        dropped    | 2024-06-01 | 1000 | 1             | 100
        today      | 2024-06-01 | 1000 | 1             | 100
        free       | 2024-06-01 | no row | no row      | no row
        free_too   | 2024-06-01 | 1000 | 1             | 100
        """,
    )


def test_terms_and_renewals() -> None:
    assert_features(
        subscriptions="""
        account_id | product_id | starts_on  | term_ends_on
        soon       | core       | 2023-07-01 | 2024-07-01
        soon       | flow       | 2024-01-01 | 2027-01-01
        passed     | core       | 2023-05-01 | 2024-05-01
        open       | core       | 2023-01-01 | -
        """,
        expect="""
        account_id | as_of      | renewal_days | term_days
        soon       | 2024-06-01 | 30           | 1096
        passed     | 2024-06-01 | -31          | 366
        open       | 2024-06-01 | -            | -
        """,
    )


def test_discount_on_the_list_price() -> None:
    assert_features(
        subscriptions="""
        account_id | product_id | starts_on  | quantity | unit_price | list_price | plan
        fifth_off  | core       | 2023-01-01 | 10       | 80         | 100        | basic
        fifth_off  | flow       | 2023-01-01 | 10       | 999        | -          | pro
        full       | core       | 2023-01-01 | 10       | 100        | 100        | -
        unlisted   | core       | 2023-01-01 | 10       | 100        | -          | pro
        """,
        expect="""
        account_id | as_of      | discount | plan
        fifth_off  | 2024-06-01 | 0.2      | pro
        full       | 2024-06-01 | 0        | -
        unlisted   | 2024-06-01 | -        | pro
        """,
    )


def test_a_period_signed_ahead() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on  | ended_on   | ended_known_on | signed_on  | known_at
        ramp       | 2023-01-01 | -          | -              | 2023-01-01 | 2023-01-01
        ramp       | 2024-09-01 | -          | -              | 2024-01-01 | 2024-01-01
        today      | 2023-01-01 | -          | -              | 2023-01-01 | 2023-01-01
        today      | 2024-06-01 | -          | -              | 2024-01-01 | 2024-01-01
        unknown    | 2023-01-01 | -          | -              | 2023-01-01 | 2023-01-01
        unknown    | 2024-09-01 | -          | -              | 2024-01-01 | 2024-06-01
        withdrawn  | 2023-01-01 | -          | -              | 2023-01-01 | 2023-01-01
        withdrawn  | 2024-09-01 | 2024-09-01 | 2024-05-01     | 2024-01-01 | 2024-01-01
        """,
        expect="""
        account_id | as_of      | has_signed_ahead
        ramp       | 2024-06-01 | 1
        today      | 2024-06-01 | 0
        unknown    | 2024-06-01 | 0
        withdrawn  | 2024-06-01 | 0
        """,
    )


def test_past_upsells_and_downsells() -> None:
    assert_features(
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | quantity | unit_price
        grew       | core       | 2022-01-01 | 2023-01-01 | 10       | 100
        grew       | core       | 2023-01-01 | 2023-06-03 | 20       | 100
        grew       | core       | 2023-06-03 | 2024-05-02 | 30       | 100
        grew       | core       | 2024-05-02 | -          | 40       | 100
        shrank     | core       | 2022-01-01 | 2023-06-02 | 30       | 100
        shrank     | core       | 2023-06-02 | 2024-01-01 | 20       | 100
        shrank     | core       | 2024-01-01 | -          | 10       | 100
        shrank     | flow       | 2022-01-01 | 2024-01-01 | 10       | 100
        price_only | core       | 2022-01-01 | 2024-01-01 | 10       | 100
        price_only | core       | 2024-01-01 | -          | 10       | 120
        """,
        expect="""
        account_id | as_of      | upsells_364d | downsells_364d | upsell_days_since
        grew       | 2024-06-01 | 2            | 0              | 30
        shrank     | 2024-06-01 | 0            | 2              | -
        price_only | 2024-06-01 | 0            | 0              | -
        """,
    )


def test_days_since_the_last_downsell() -> None:
    assert_features(
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | quantity | signed_on
        shrank     | core       | 2022-01-01 | 2024-05-02 | 30       | 2022-01-01
        shrank     | core       | 2024-05-02 | -          | 20       | 2024-05-02
        dropped    | core       | 2022-01-01 | -          | 30       | 2022-01-01
        dropped    | flow       | 2022-01-01 | 2024-05-31 | 30       | 2022-01-01
        today      | core       | 2022-01-01 | 2024-06-01 | 30       | 2022-01-01
        today      | core       | 2024-06-01 | -          | 20       | 2024-05-01
        grew       | core       | 2022-01-01 | 2024-05-02 | 30       | 2022-01-01
        grew       | core       | 2024-05-02 | -          | 40       | 2024-05-02
        """,
        expect="""
        account_id | as_of      | downsell_days_since
        shrank     | 2024-06-01 | 30
        dropped    | 2024-06-01 | 1
        today      | 2024-06-01 | -
        grew       | 2024-06-01 | -
        """,
    )


def test_arr_gained_and_its_growth_in_a_year() -> None:
    assert_features(
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | quantity | unit_price | known_at
        grew       | core       | 2022-01-01 | 2023-06-02 | 10       | 100        | 2022-01-01
        grew       | core       | 2023-06-02 | 2023-06-03 | 15       | 100        | 2023-06-02
        grew       | core       | 2023-06-03 | 2024-05-31 | 20       | 100        | 2023-06-03
        grew       | core       | 2024-05-31 | -          | 30       | 100        | 2024-05-31
        added      | core       | 2022-01-01 | -          | 10       | 100        | 2022-01-01
        added      | flow       | 2024-05-01 | -          | 10       | 20         | 2024-05-01
        added      | plus       | 2024-05-01 | -          | 10       | 20         | 2024-06-01
        shrank     | core       | 2022-01-01 | 2024-01-01 | 10       | 100        | 2022-01-01
        shrank     | core       | 2024-01-01 | -          | 8        | 100        | 2024-01-01
        dearer     | core       | 2022-01-01 | 2024-01-01 | 10       | 100        | 2022-01-01
        dearer     | core       | 2024-01-01 | -          | 10       | 120        | 2024-01-01
        new        | core       | 2023-06-04 | -          | 10       | 100        | 2023-06-04
        new        | flow       | 2023-06-04 | -          | 10       | 100        | 2023-06-04
        """,
        expect="""
        account_id | as_of      | arr  | arr_gained_364d | arr_growth_364d
        grew       | 2024-06-01 | 3000 | 1500            | 0.5
        added      | 2024-06-01 | 1200 | 200             | 0.2
        shrank     | 2024-06-01 | 800  | 0               | -0.2
        dearer     | 2024-06-01 | 1200 | 0               | 0.2
        new        | 2024-06-01 | 2000 | 0               | -
        """,
    )


def test_arr_signed_to_come_within_a_year() -> None:
    assert_features(
        subscriptions="""
        account_id | subscription_id | starts_on  | ended_on   | quantity | unit_price | signed_on
        nothing    | 1               | 2023-01-01 | -          | 10       | 100        | 2023-01-01
        ramp       | 1               | 2023-01-01 | 2024-09-01 | 10       | 100        | 2023-01-01
        ramp       | 1               | 2024-09-01 | 2025-01-01 | 20       | 100        | 2024-05-31
        ramp       | 1               | 2025-01-01 | -          | 30       | 90         | 2024-05-31
        renewal    | 1               | 2023-01-01 | 2024-06-01 | 10       | 100        | 2023-01-01
        renewal    | 1               | 2024-06-01 | -          | 10       | 110        | 2024-05-31
        far_off    | 1               | 2023-01-01 | -          | 10       | 100        | 2023-01-01
        far_off    | 2               | 2025-06-01 | -          | 10       | 100        | 2024-05-31
        in_a_year  | 1               | 2023-01-01 | -          | 10       | 100        | 2023-01-01
        in_a_year  | 2               | 2025-05-31 | -          | 10       | 100        | 2024-05-31
        unsigned   | 1               | 2023-01-01 | -          | 10       | 100        | 2023-01-01
        unsigned   | 2               | 2024-09-01 | -          | 10       | 100        | 2024-06-01
        """,
        expect="""
        account_id | as_of      | arr  | arr_contracted_ahead
        nothing    | 2024-06-01 | 1000 | 0
        ramp       | 2024-06-01 | 1000 | 1700
        renewal    | 2024-06-01 | 1100 | 0
        far_off    | 2024-06-01 | 1000 | 0
        in_a_year  | 2024-06-01 | 1000 | 1000
        unsigned   | 2024-06-01 | 1000 | 0
        """,
    )


def test_arr_known_to_end_within_a_year() -> None:
    assert_features(
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
        all_of_it  | core       | 2023-01-01 | 2024-08-30 | 2024-05-20     | 10       | 2023-01-01
        last_day   | core       | 2023-01-01 | 2025-05-31 | 2024-05-20     | 10       | 2023-01-01
        day_after  | core       | 2023-01-01 | 2025-06-01 | 2024-05-20     | 10       | 2023-01-01
        not_known  | core       | 2023-01-01 | 2024-08-30 | 2024-06-01     | 10       | 2023-01-01
        a_part     | core       | 2023-01-01 | 2024-07-01 | 2024-05-20     | 10       | 2023-01-01
        a_part     | addon      | 2023-01-01 | -          | -              | 5        | 2023-01-01
        less       | core       | 2023-01-01 | 2024-07-01 | 2024-05-20     | 10       | 2023-01-01
        less       | core       | 2024-09-15 | -          | -              | 8        | 2024-05-25
        both       | core       | 2023-01-01 | 2024-07-01 | 2024-05-20     | 10       | 2023-01-01
        both       | addon      | 2023-01-01 | -          | -              | 5        | 2023-01-01
        both       | addon      | 2024-09-01 | -          | -              | 8        | 2024-05-25
        """,
        expect="""
        account_id | as_of      | arr  | arr_contracted_ahead | has_signed_ahead
        all_of_it  | 2024-06-01 | 1000 | -1000                | 0
        last_day   | 2024-06-01 | 1000 | -1000                | 0
        day_after  | 2024-06-01 | 1000 | 0                    | 0
        not_known  | 2024-06-01 | 1000 | 0                    | 0
        a_part     | 2024-06-01 | 1500 | -1000                | 0
        less       | 2024-06-01 | 1000 | -200                 | 1
        both       | 2024-06-01 | 1500 | -700                 | 1
        """,
    )


def test_days_since_a_product_not_held_was_bought() -> None:
    assert_features(
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | known_at
        first_two  | core       | 2022-01-01 | -          | 2022-01-01
        first_two  | flow       | 2022-01-01 | -          | 2022-01-01
        later      | core       | 2022-01-01 | -          | 2022-01-01
        later      | flow       | 2024-05-02 | -          | 2024-05-02
        again      | core       | 2022-01-01 | -          | 2022-01-01
        again      | flow       | 2022-02-01 | 2023-01-01 | 2022-02-01
        again      | flow       | 2024-05-02 | -          | 2024-05-02
        unknown    | core       | 2022-01-01 | -          | 2022-01-01
        unknown    | flow       | 2024-05-02 | -          | 2024-06-01
        """,
        expect="""
        account_id | as_of      | cross_sell_days_since
        first_two  | 2024-06-01 | -
        later      | 2024-06-01 | 30
        again      | 2024-06-01 | 30
        unknown    | 2024-06-01 | -
        """,
    )


def test_products_it_does_not_hold() -> None:
    assert_features(
        products="""
        product_id | launched_on | known_at
        core       | 2020-01-01  | 2020-01-01
        flow       | 2020-01-01  | 2020-01-01
        plus       | 2024-05-31  | 2024-05-01
        next       | 2024-06-01  | 2024-05-01
        late       | 2024-01-01  | 2024-06-01
        """,
        subscriptions="""
        account_id | product_id | starts_on  | ended_on
        one        | core       | 2023-01-01 | -
        two        | core       | 2023-01-01 | -
        two        | flow       | 2023-01-01 | -
        had        | core       | 2023-01-01 | -
        had        | flow       | 2023-01-01 | 2024-01-01
        """,
        expect="""
        account_id | as_of      | products_whitespace
        one        | 2024-06-01 | 2
        two        | 2024-06-01 | 1
        had        | 2024-06-01 | 2
        """,
    )


def test_the_newest_version_of_the_account_that_was_known() -> None:
    assert_features(
        accounts="""
        account_id | employees | segment    | region | industry | known_at
        a          | 50        | smb        | north  | retail   | 2023-01-01
        a          | 200       | enterprise | north  | energy   | 2024-05-31
        a          | 999       | global     | south  | mining   | 2024-06-01
        """,
        subscriptions=RUNS,
        expect="""
        as_of      | employees | segment    | region | industry
        2024-05-31 | 50        | smb        | north  | retail
        2024-06-01 | 200       | enterprise | north  | energy
        """,
    )


def test_people_who_have_no_seat_yet() -> None:
    assert_features(
        accounts="""
        account_id | employees
        room       | 40
        none_left  | 8
        unknown    | -
        """,
        subscriptions="""
        account_id | starts_on  | quantity
        room       | 2023-01-01 | 10
        none_left  | 2023-01-01 | 10
        unknown    | 2023-01-01 | 10
        """,
        expect="""
        account_id | as_of      | employees | seats_whitespace_share
        room       | 2024-06-01 | 40        | 0.75
        none_left  | 2024-06-01 | 8         | 0
        unknown    | 2024-06-01 | -         | -
        """,
    )


def test_tickets() -> None:
    assert_features(
        subscriptions="account_id | starts_on\na | 2023-01-01\nb | 2023-01-01",
        tickets="""
        opened_on  | escalated_on | closed_on  | csat | known_at
        2024-05-31 | -            | -          | -    | 2024-05-31
        2024-05-01 | 2024-05-03   | 2024-05-10 | 2    | 2024-05-01
        2024-05-02 | 2024-06-01   | 2024-06-01 | 5    | 2024-05-02
        2024-03-01 | 2024-03-02   | 2024-03-10 | 3    | 2024-03-01
        2023-01-10 | -            | 2023-01-11 | 5    | 2023-01-10
        2024-05-05 | -            | -          | -    | 2024-06-01
        2024-06-01 | -            | -          | -    | 2024-05-31
        """,
        expect="""
        account_id | as_of      | tickets_opened_91d | tickets_escalated_91d | tickets_open
        a          | 2024-06-01 | 3                  | 1                     | 2
        b          | 2024-06-01 | 0                  | 0                     | 0
        """,
    )
    assert_features(
        subscriptions=RUNS,
        tickets="""
        opened_on  | closed_on  | csat
        2024-05-01 | 2024-05-10 | 2
        2024-03-01 | 2024-03-10 | 3
        2023-06-02 | 2023-06-10 | 5
        2024-05-30 | 2024-06-01 | 1
        """,
        expect="""
        as_of      | tickets_csat_364d
        2024-06-01 | 2.5
        """,
    )


def test_escalated_tickets_that_are_still_open() -> None:
    assert_features(
        subscriptions="account_id | starts_on\na | 2023-01-01\nb | 2023-01-01",
        tickets="""
        opened_on  | escalated_on | closed_on  | known_at
        2022-05-01 | 2024-05-31   | -          | 2022-05-01
        2024-05-01 | 2024-05-03   | 2024-06-01 | 2024-05-01
        2024-05-01 | 2024-05-03   | 2024-05-31 | 2024-05-01
        2024-05-02 | 2024-06-01   | -          | 2024-05-02
        2024-05-02 | 2024-05-02   | -          | 2024-06-01
        2024-05-31 | -            | -          | 2024-05-31
        """,
        expect="""
        account_id | as_of      | tickets_open_escalated
        a          | 2024-06-01 | 2
        b          | 2024-06-01 | 0
        """,
    )


def test_without_tickets_and_price_list_nobody_can_say() -> None:
    assert_features(
        subscriptions=RUNS,
        expect="""
        as_of      | tickets_open | tickets_csat_364d | products_whitespace | arr
        2024-06-01 | -            | -                 | -                   | 1000
        """,
    )
    assert_features(
        subscriptions=RUNS,
        expect="""
        as_of      | tickets_open_escalated | arr_gained_364d | arr_contracted_ahead
        2024-06-01 | -                      | 0               | 0
        """,
    )
