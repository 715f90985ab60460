"""What runs and what pays on a day, as tables a CSM could check.

The same company is asked twice: what the features say on the day, and what comes after it.
"""

from __future__ import annotations

from tests.support.company import assert_features, assert_outcomes

SIGNED_AHEAD = """
account_id | subscription_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
same       | 1               | 2023-04-01 | 2024-04-01 | 2024-02-15     | 10       | 2023-03-15
same       | 1               | 2024-04-01 | -          | -              | 10       | 2024-02-15
more       | 1               | 2023-04-01 | 2024-04-01 | 2024-02-15     | 10       | 2023-03-15
more       | 1               | 2024-04-01 | -          | -              | 12       | 2024-02-15
late_end   | 1               | 2023-04-01 | 2024-04-01 | 2024-04-20     | 10       | 2023-03-15
late_end   | 1               | 2024-04-01 | -          | -              | 12       | 2024-02-15
new_number | 1               | 2023-04-01 | 2024-04-01 | 2024-02-15     | 10       | 2023-03-15
new_number | 2               | 2024-04-01 | -          | -              | 12       | 2024-02-15
day_apart  | 1               | 2023-04-01 | 2024-03-31 | 2024-02-15     | 10       | 2023-03-15
day_apart  | 1               | 2024-04-01 | -          | -              | 12       | 2024-02-15
first_day  | 1               | 2024-04-01 | -          | -              | 12       | 2024-02-15
unsigned   | 1               | 2023-04-01 | 2024-04-01 | 2024-02-15     | 10       | 2023-03-15
unsigned   | 1               | 2024-04-01 | -          | -              | 12       | 2024-04-01
"""


def test_a_renewal_signed_ahead_carries_the_account_over_its_renewal_day() -> None:
    assert_features(
        subscriptions=SIGNED_AHEAD,
        expect="""
        account_id | as_of      | arr    | arr_contracted_ahead | has_signed_ahead | seats_licensed
        same       | 2024-03-31 | 1000   | 0                    | 1                | 10
        same       | 2024-04-01 | 1000   | 0                    | 0                | 10
        same       | 2024-04-02 | 1000   | 0                    | 0                | 10
        more       | 2024-03-31 | 1000   | 200                  | 1                | 10
        more       | 2024-04-01 | 1200   | 0                    | 0                | 12
        more       | 2024-04-02 | 1200   | 0                    | 0                | 12
        late_end   | 2024-03-31 | 1000   | 200                  | 1                | 10
        late_end   | 2024-04-01 | 1200   | 0                    | 0                | 12
        late_end   | 2024-04-02 | 1200   | 0                    | 0                | 12
        new_number | 2024-03-31 | 1000   | 200                  | 1                | 10
        new_number | 2024-04-01 | 1200   | 0                    | 0                | 12
        new_number | 2024-04-02 | 1200   | 0                    | 0                | 12
        day_apart  | 2024-03-30 | 1000   | 200                  | 1                | 10
        day_apart  | 2024-03-31 | 1000   | 200                  | 1                | 10
        day_apart  | 2024-04-01 | 1200   | 0                    | 0                | 12
        first_day  | 2024-03-31 | no row | no row               | no row           | no row
        first_day  | 2024-04-01 | 1200   | 0                    | 0                | 12
        unsigned   | 2024-03-31 | 1000   | -1000                | 0                | 10
        unsigned   | 2024-04-01 | no row | no row               | no row           | no row
        unsigned   | 2024-04-02 | 1200   | 0                    | 0                | 12
        """,
    )


def test_a_renewal_signed_ahead_is_contracted_on_its_day_and_no_upsell() -> None:
    assert_outcomes(
        subscriptions=SIGNED_AHEAD,
        expect="""
        account_id | as_of      | upsell | cross_sell | downsell | churn
        same       | 2024-04-01 | 0      | 0          | 0        | 0
        more       | 2024-04-01 | 0      | 0          | 0        | 0
        late_end   | 2024-04-01 | 0      | 0          | 0        | 0
        new_number | 2024-04-01 | 0      | 0          | 0        | 0
        day_apart  | 2024-04-01 | 0      | 0          | 0        | 0
        first_day  | 2024-04-01 | 0      | 0          | 0        | 0
        """,
    )


CALENDAR_YEARS = """
account_id | product_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
a          | core       | 2023-01-01 | 2024-01-01 | 2023-11-15     | 10       | 2022-11-15
a          | core       | 2024-01-01 | 2025-01-01 | 2024-11-15     | 10       | 2023-11-15
a          | core       | 2025-01-01 | -          | -              | 12       | 2024-11-15
b          | core       | 2024-01-01 | -          | -              | 10       | 2023-12-15
b          | addon      | 2024-01-01 | 2025-01-01 | 2024-11-15     | 5        | 2023-12-15
b          | addon      | 2025-01-01 | -          | -              | 5        | 2024-11-15
left       | core       | 2024-01-01 | 2025-01-01 | 2024-11-15     | 9        | 2023-12-15
"""


def test_a_company_of_calendar_years_is_complete_on_1_january() -> None:
    assert_features(
        subscriptions=CALENDAR_YEARS,
        expect="""
        account_id | as_of      | arr    | products_held | arr_growth_364d | arr_contracted_ahead
        a          | 2024-12-31 | 1000   | 1             | 0               | 200
        a          | 2025-01-01 | 1200   | 1             | 0.2             | 0
        a          | 2025-01-02 | 1200   | 1             | 0.2             | 0
        b          | 2024-12-31 | 1500   | 2             | 0               | 0
        b          | 2025-01-01 | 1500   | 2             | 0               | 0
        left       | 2024-12-31 | 900    | 1             | 0               | -900
        left       | 2025-01-01 | no row | no row        | no row          | no row
        """,
    )


FREE = """
account_id | product_id | starts_on  | ended_on   | quantity | unit_price
month      | core       | 2023-07-01 | 2024-05-01 | 10       | 100
month      | core       | 2024-05-01 | 2024-06-01 | 10       | 0
month      | core       | 2024-06-01 | -          | 10       | 100
two_months | core       | 2023-07-01 | 2024-05-01 | 10       | 100
two_months | core       | 2024-05-01 | 2024-07-01 | 10       | 0
two_months | core       | 2024-07-01 | -          | 10       | 100
for_good   | core       | 2023-07-01 | 2024-05-01 | 10       | 100
for_good   | core       | 2024-05-01 | -          | 10       | 0
one_of_two | core       | 2023-07-01 | -          | 10       | 100
one_of_two | flow       | 2023-07-01 | 2024-05-01 | 3        | 100
one_of_two | flow       | 2024-05-01 | -          | 3        | 0
free_month | core       | 2023-07-01 | -          | 10       | 100
free_month | flow       | 2023-07-01 | 2024-05-01 | 3        | 100
free_month | flow       | 2024-05-01 | 2024-06-01 | 3        | 0
free_month | flow       | 2024-06-01 | -          | 4        | 100
sold       | core       | 2023-07-01 | -          | 10       | 100
sold       | flow       | 2023-07-01 | 2024-05-01 | 3        | 0
sold       | flow       | 2024-05-01 | -          | 3        | 100
given      | core       | 2023-07-01 | -          | 10       | 100
given      | flow       | 2024-05-01 | -          | 3        | 0
"""


def test_a_price_of_zero_for_good_is_an_end_and_a_free_month_a_pause() -> None:
    assert_outcomes(
        subscriptions=FREE,
        expect="""
        account_id | as_of      | upsell_arr | cross_sell_arr | downsell_arr | churn | churn_arr
        month      | 2024-04-01 | 0          | 0              | 0            | 0     | 0
        two_months | 2024-04-01 | 0          | 0              | 0            | 1     | 1000
        for_good   | 2024-04-01 | 0          | 0              | 0            | 1     | 1000
        one_of_two | 2024-04-01 | 0          | 0              | 300          | 0     | 0
        free_month | 2024-04-01 | 100        | 0              | 0            | 0     | 0
        sold       | 2024-04-01 | 0          | 300            | 0            | 0     | 0
        given      | 2024-04-01 | 0          | 0              | 0            | 0     | 0
        """,
    )


def test_what_is_free_is_no_arr_and_no_product_held_but_its_seats_are_used() -> None:
    assert_features(
        subscriptions=FREE,
        expect="""
        account_id | as_of      | arr    | products_held | seats_licensed
        month      | 2024-05-15 | no row | no row        | no row
        month      | 2024-06-15 | 1000   | 1             | 10
        for_good   | 2024-04-30 | 1000   | 1             | 10
        for_good   | 2024-05-01 | 1000   | 1             | 10
        for_good   | 2024-05-02 | no row | no row        | no row
        one_of_two | 2024-05-15 | 1000   | 1             | 13
        free_month | 2024-05-15 | 1000   | 1             | 13
        free_month | 2024-06-15 | 1400   | 2             | 14
        sold       | 2024-04-15 | 1000   | 1             | 13
        sold       | 2024-05-15 | 1300   | 2             | 13
        """,
    )


def test_a_pause_signed_to_end_within_the_grace_days_is_none() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on  | ended_on   | quantity | unit_price | signed_on
        free_month | 2023-07-01 | 2024-05-01 | 10       | 100        | 2023-07-01
        free_month | 2024-05-01 | 2024-06-01 | 10       | 0          | 2024-04-20
        free_month | 2024-06-01 | -          | 12       | 100        | 2024-04-20
        gap        | 2023-07-01 | 2024-05-01 | 10       | 100        | 2023-07-01
        gap        | 2024-06-01 | -          | 12       | 100        | 2024-04-20
        too_long   | 2023-07-01 | 2024-05-01 | 10       | 100        | 2023-07-01
        too_long   | 2024-06-02 | -          | 12       | 100        | 2024-04-20
        """,
        expect="""
        account_id | as_of      | arr    | arr_contracted_ahead | seats_licensed | downsells_364d
        free_month | 2024-05-15 | 1000   | 200                  | 10             | 0
        free_month | 2024-06-15 | 1200   | 0                    | 12             | 0
        gap        | 2024-05-15 | 1000   | 200                  | 10             | 0
        gap        | 2024-06-15 | 1200   | 0                    | 12             | 0
        too_long   | 2024-05-15 | no row | no row               | no row         | no row
        too_long   | 2024-06-15 | 1200   | 0                    | 12             | 1
        """,
    )


def test_a_price_of_zero_signed_ahead_is_contracted() -> None:
    assert_outcomes(
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | quantity | unit_price | signed_on
        decided    | core       | 2023-07-01 | 2024-05-01 | 10       | 100        | 2023-07-01
        decided    | core       | 2024-05-01 | -          | 10       | 0          | 2024-03-20
        product    | core       | 2023-07-01 | -          | 10       | 100        | 2023-07-01
        product    | flow       | 2023-07-01 | 2024-05-01 | 3        | 100        | 2023-07-01
        product    | flow       | 2024-05-01 | -          | 3        | 0          | 2024-03-20
        """,
        expect="""
        account_id | as_of      | downsell | downsell_arr | churn
        decided    | 2024-04-01 | -        | -            | -
        product    | 2024-04-01 | 0        | 0            | 0
        """,
    )


BOUGHT_BACK = """
account_id | product_id | starts_on  | ended_on   | quantity | signed_on
again      | core       | 2022-01-01 | -          | 10       | 2022-01-01
again      | flow       | 2022-01-01 | 2023-01-01 | 3        | 2022-01-01
again      | flow       | 2024-05-01 | -          | 4        | 2024-04-20
ahead      | core       | 2022-01-01 | -          | 10       | 2022-01-01
ahead      | flow       | 2022-01-01 | 2023-01-01 | 3        | 2022-01-01
ahead      | flow       | 2024-05-01 | -          | 4        | 2024-03-20
in_between | core       | 2022-01-01 | -          | 10       | 2022-01-01
in_between | flow       | 2022-01-01 | 2024-04-05 | 3        | 2022-01-01
in_between | flow       | 2024-06-01 | -          | 4        | 2024-06-01
paused     | core       | 2022-01-01 | -          | 10       | 2022-01-01
paused     | flow       | 2022-01-01 | 2024-04-05 | 3        | 2022-01-01
paused     | flow       | 2024-05-01 | -          | 4        | 2024-05-01
came_back  | core       | 2022-01-01 | 2024-04-05 | 10       | 2022-01-01
came_back  | core       | 2024-06-01 | -          | 8        | 2024-06-01
"""


def test_a_product_bought_back_after_the_grace_days_is_cross_sell() -> None:
    assert_outcomes(
        subscriptions=BOUGHT_BACK,
        expect="""
        account_id | as_of      | upsell_arr | cross_sell_arr | downsell_arr | churn | churn_arr
        again      | 2024-04-01 | 0          | 400            | 0            | 0     | 0
        ahead      | 2024-04-01 | 0          | 0              | 0            | 0     | 0
        in_between | 2024-04-01 | 0          | 400            | 300          | 0     | 0
        paused     | 2024-04-01 | 100        | 0              | 0            | 0     | 0
        came_back  | 2024-04-01 | 0          | 800            | 0            | 1     | 1000
        """,
    )


MOVED = """
account_id | subscription_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
as_much    | 1               | 2023-01-01 | 2024-05-01 | 2024-04-20     | 10       | 2023-01-01
as_much    | 2               | 2024-05-01 | -          | -              | 10       | 2024-04-20
more       | 1               | 2023-01-01 | 2024-05-01 | 2024-04-20     | 10       | 2023-01-01
more       | 2               | 2024-05-01 | -          | -              | 15       | 2024-04-20
ahead      | 1               | 2023-01-01 | 2024-05-01 | 2024-03-20     | 10       | 2023-01-01
ahead      | 2               | 2024-05-01 | -          | -              | 15       | 2024-03-20
days_later | 1               | 2023-01-01 | 2024-05-01 | 2024-04-20     | 10       | 2023-01-01
days_later | 2               | 2024-05-20 | -          | -              | 15       | 2024-05-20
"""


def test_a_line_moved_to_another_number_is_the_same_contract() -> None:
    assert_outcomes(
        subscriptions=MOVED,
        expect="""
        account_id | as_of      | upsell_arr | cross_sell_arr | downsell_arr | churn
        as_much    | 2024-04-01 | 0          | 0              | 0            | 0
        more       | 2024-04-01 | 500        | 0              | 0            | 0
        ahead      | 2024-04-01 | 0          | 0              | 0            | 0
        days_later | 2024-04-01 | 500        | 0              | 0            | 0
        """,
    )
    assert_features(
        subscriptions=MOVED,
        expect="""
        account_id | as_of      | arr  | upsells_364d | downsells_364d | cross_sell_days_since
        as_much    | 2024-06-01 | 1000 | 0            | 0              | -
        more       | 2024-06-01 | 1500 | 1            | 0              | -
        days_later | 2024-06-01 | 1500 | 1            | 0              | -
        """,
    )
