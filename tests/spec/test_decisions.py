"""What of a change was decided within the horizon, and what a pause or a replacement comes to.

The day is always 2024-04-01; the horizon of 91 days ends before 2024-07-01, the grace is 31 days.
A line is 100 a unit unless it says otherwise, and is signed on the day it starts.
"""

from __future__ import annotations

from tests.support.company import assert_features, assert_outcomes


def test_of_an_increase_only_what_was_signed_within_the_horizon_is_upsell() -> None:
    assert_outcomes(
        subscriptions="""
        account_id    | subscription_id | starts_on  | ended_on   | quantity | signed_on
        tranche       | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        tranche       | 1               | 2024-05-01 | -          | 10       | 2024-04-20
        tranche       | 2               | 2024-05-01 | -          | 20       | 2023-01-01
        new_number    | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        new_number    | 3               | 2024-05-01 | -          | 10       | 2024-04-20
        new_number    | 2               | 2024-05-01 | -          | 20       | 2023-01-01
        and_more      | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        and_more      | 1               | 2024-05-01 | -          | 15       | 2024-04-20
        and_more      | 2               | 2024-05-01 | -          | 20       | 2023-01-01
        and_less      | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        and_less      | 1               | 2024-05-01 | -          | 8        | 2024-04-20
        and_less      | 2               | 2024-05-01 | -          | 20       | 2023-01-01
        signed_later  | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        signed_later  | 1               | 2024-05-01 | -          | 15       | 2024-04-20
        signed_later  | 2               | 2024-05-01 | -          | 20       | 2024-07-01
        """,
        expect="""
        account_id    | as_of      | upsell | upsell_arr | downsell | downsell_arr
        tranche       | 2024-04-01 | 0      | 0          | 0        | 0
        new_number    | 2024-04-01 | 0      | 0          | 0        | 0
        and_more      | 2024-04-01 | 1      | 500        | 0        | 0
        and_less      | 2024-04-01 | 0      | 0          | 0        | 0
        signed_later  | 2024-04-01 | 1      | 500        | 0        | 0
        """,
    )


DECREASES = """
account_id | subscription_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
renewed    | 1               | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10       | 2023-01-01
renewed    | 1               | 2024-05-01 | -          | -              | 10       | 2023-01-01
renewed    | 2               | 2023-01-01 | 2024-05-01 | 2024-05-01     | 4        | 2023-01-01
half_known | 1               | 2023-01-01 | 2024-05-01 | 2024-03-31     | 3        | 2023-01-01
half_known | 2               | 2023-01-01 | 2024-05-01 | 2024-04-01     | 4        | 2023-01-01
half_known | 3               | 2023-01-01 | -          | -              | 9        | 2023-01-01
renamed    | 1               | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10       | 2023-01-01
renamed    | 2               | 2024-05-01 | -          | -              | 6        | 2024-03-31
merged     | 1               | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10       | 2023-01-01
merged     | 2               | 2023-01-01 | 2024-05-01 | 2024-05-01     | 20       | 2023-01-01
merged     | 3               | 2024-05-01 | -          | -              | 25       | 2024-04-20
"""


def test_of_a_decrease_only_what_was_not_settled_before_is_downsell() -> None:
    assert_outcomes(
        subscriptions=DECREASES,
        expect="""
        account_id | as_of      | upsell | downsell | downsell_arr | churn
        renewed    | 2024-04-01 | 0      | 1        | 400          | 0
        half_known | 2024-04-01 | 0      | 1        | 400          | 0
        renamed    | 2024-04-01 | 0      | 0        | 0            | 0
        merged     | 2024-04-01 | 0      | 1        | 500          | 0
        """,
    )


def test_an_account_may_move_between_lines_of_a_product() -> None:
    assert_outcomes(
        subscriptions="""
        account_id | subscription_id | starts_on  | ended_on   | quantity
        merges     | 1               | 2023-01-01 | 2024-05-01 | 10
        merges     | 2               | 2023-01-01 | 2024-05-01 | 5
        merges     | 3               | 2024-05-01 | -          | 15
        splits     | 1               | 2023-01-01 | 2024-05-01 | 15
        splits     | 2               | 2024-05-01 | -          | 10
        splits     | 3               | 2024-05-01 | -          | 5
        grows      | 1               | 2023-01-01 | 2024-05-01 | 10
        grows      | 2               | 2024-05-01 | -          | 15
        takes_turn | 1               | 2023-01-01 | 2024-05-01 | 10
        takes_turn | 2               | 2024-05-01 | 2024-05-20 | 10
        takes_turn | 1               | 2024-05-20 | -          | 10
        reversed   | 1               | 2023-01-01 | -          | 10
        reversed   | 2               | 2024-05-01 | 2024-05-01 | 30
        """,
        expect="""
        account_id | as_of      | upsell | upsell_arr | cross_sell | downsell | churn
        merges     | 2024-04-01 | 0      | 0          | 0          | 0        | 0
        splits     | 2024-04-01 | 0      | 0          | 0          | 0        | 0
        grows      | 2024-04-01 | 1      | 500        | 0          | 0        | 0
        takes_turn | 2024-04-01 | 0      | 0          | 0          | 0        | 0
        reversed   | 2024-04-01 | 0      | 0          | 0          | 0        | 0
        """,
    )


def test_whoever_comes_back_from_a_pause_with_more_or_less_bought_or_gave_up_the_difference() -> (
    None
):
    assert_outcomes(
        subscriptions="""
        account_id  | subscription_id | starts_on  | ended_on   | quantity | signed_on
        more        | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        more        | 1               | 2024-06-01 | -          | 15       | 2024-05-20
        less        | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        less        | 1               | 2024-06-01 | -          | 6        | 2024-05-20
        new_number  | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        new_number  | 2               | 2024-06-01 | -          | 15       | 2024-05-20
        signed_then | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        signed_then | 1               | 2024-06-01 | -          | 15       | 2024-03-31
        next_time   | 1               | 2023-01-01 | 2024-06-20 | 10       | 2023-01-01
        next_time   | 1               | 2024-07-05 | -          | 6        | 2024-07-01
        one_of_two  | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        one_of_two  | 1               | 2024-06-01 | -          | 10       | 2024-05-20
        one_of_two  | 2               | 2023-01-01 | -          | 5        | 2023-01-01
        too_long    | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        too_long    | 1               | 2024-06-02 | -          | 10       | 2024-05-20
        too_long    | 2               | 2023-01-01 | -          | 5        | 2023-01-01
        apart       | 1               | 2023-01-01 | 2024-05-01 | 10       | 2023-01-01
        apart       | 2               | 2023-01-01 | 2024-05-01 | 5        | 2023-01-01
        apart       | 1               | 2024-05-10 | -          | 10       | 2024-05-10
        apart       | 2               | 2024-05-20 | -          | 5        | 2024-05-20
        """,
        expect="""
        account_id  | as_of      | upsell | upsell_arr | downsell | downsell_arr | churn
        more        | 2024-04-01 | 1      | 500        | 0        | 0            | 0
        less        | 2024-04-01 | 0      | 0          | 1        | 400          | 0
        new_number  | 2024-04-01 | 1      | 500        | 0        | 0            | 0
        signed_then | 2024-04-01 | 0      | 0          | 0        | 0            | 0
        next_time   | 2024-04-01 | 0      | 0          | 0        | 0            | 0
        one_of_two  | 2024-04-01 | 0      | 0          | 0        | 0            | 0
        too_long    | 2024-04-01 | 1      | 1000       | 1        | 1000         | 0
        apart       | 2024-04-01 | 0      | 0          | 0        | 0            | 0
        """,
    )


REPLACEMENTS = """
account_id | product_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on  |currency
dearer     | core       | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10       | 2023-01-01 | EUR
dearer     | next       | 2024-05-01 | -          | -              | 12       | 2024-04-20 | EUR
cheaper    | core       | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10       | 2023-01-01 | EUR
cheaper    | next       | 2024-05-20 | -          | -              | 6        | 2024-04-20 | EUR
as_much    | core       | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10       | 2023-01-01 | EUR
as_much    | next       | 2024-05-01 | -          | -              | 10       | 2024-04-20 | EUR
by_two     | core       | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10       | 2023-01-01 | EUR
by_two     | next       | 2024-05-01 | -          | -              | 8        | 2024-04-20 | EUR
by_two     | plus       | 2024-05-10 | -          | -              | 5        | 2024-05-10 | EUR
of_two     | core       | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10       | 2023-01-01 | EUR
of_two     | flow       | 2023-01-01 | 2024-05-10 | 2024-05-10     | 4        | 2023-01-01 | EUR
of_two     | next       | 2024-05-01 | -          | -              | 12       | 2024-04-20 | EUR
ahead      | core       | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10       | 2023-01-01 | EUR
ahead      | next       | 2024-05-01 | -          | -              | 30       | 2024-03-31 | EUR
beside     | core       | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10       | 2023-01-01 | EUR
beside     | next       | 2024-05-01 | -          | -              | 10       | 2024-03-31 | EUR
beside     | plus       | 2024-05-10 | -          | -              | 5        | 2024-05-10 | EUR
notice     | core       | 2023-01-01 | 2024-05-01 | 2024-03-31     | 10       | 2023-01-01 | EUR
notice     | next       | 2024-05-01 | -          | -              | 6        | 2024-04-20 | EUR
notice     | base       | 2023-01-01 | -          | -              | 1        | 2023-01-01 | EUR
notice_up  | core       | 2023-01-01 | 2024-05-01 | 2024-03-31     | 10       | 2023-01-01 | EUR
notice_up  | next       | 2024-05-01 | -          | -              | 12       | 2024-04-20 | EUR
notice_up  | base       | 2023-01-01 | -          | -              | 1        | 2023-01-01 | EUR
ended_then | core       | 2023-01-01 | 2024-03-20 | 2024-03-20     | 10       | 2023-01-01 | EUR
ended_then | next       | 2024-04-10 | -          | -              | 6        | 2024-04-05 | EUR
ended_then | base       | 2023-01-01 | -          | -              | 1        | 2023-01-01 | EUR
dollars    | core       | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10       | 2023-01-01 | EUR
dollars    | next       | 2024-05-01 | -          | -              | 12       | 2024-04-20 | USD
"""


def test_a_replacement_counts_by_the_difference_in_arr() -> None:
    assert_outcomes(
        subscriptions=REPLACEMENTS,
        expect="""
        account_id | as_of      | upsell | upsell_arr | cross_sell | downsell | downsell_arr | churn
        dearer     | 2024-04-01 | 1      | 200        | 0          | 0        | 0            | 0
        cheaper    | 2024-04-01 | 0      | 0          | 0          | 1        | 400          | 0
        as_much    | 2024-04-01 | 0      | 0          | 0          | 0        | 0            | 0
        by_two     | 2024-04-01 | 1      | 300        | 0          | 0        | 0            | 0
        of_two     | 2024-04-01 | 0      | 0          | 0          | 1        | 200          | 0
        ahead      | 2024-04-01 | 0      | 0          | 0          | 0        | 0            | 0
        beside     | 2024-04-01 | 1      | 500        | 0          | 0        | 0            | 0
        notice     | 2024-04-01 | 0      | 0          | 0          | 0        | 0            | 0
        notice_up  | 2024-04-01 | 1      | 200        | 0          | 0        | 0            | 0
        ended_then | 2024-04-01 | 0      | 0          | 0          | 0        | 0            | 0
        dollars    | 2024-04-01 | 0      | 0          | 0          | 0        | 0            | 0
        """,
    )


def test_more_of_a_new_product_already_signed_for_is_upsell() -> None:
    assert_outcomes(
        subscriptions="""
        account_id | product_id | subscription_id | starts_on  | ended_on | quantity | signed_on
        on_the_day | core       | 1               | 2023-01-01 | -        | 10       | 2023-01-01
        on_the_day | flow       | 2               | 2024-05-01 | -        | 4        | 2024-03-01
        on_the_day | flow       | 3               | 2024-05-01 | -        | 3        | 2024-04-20
        sooner     | core       | 1               | 2023-01-01 | -        | 10       | 2023-01-01
        sooner     | flow       | 2               | 2024-05-01 | -        | 4        | 2024-03-01
        sooner     | flow       | 3               | 2024-04-25 | -        | 3        | 2024-04-20
        """,
        expect="""
        account_id | as_of      | upsell | upsell_arr | cross_sell
        on_the_day | 2024-04-01 | 1      | 300        | 0
        sooner     | 2024-04-01 | 1      | 300        | 0
        """,
    )


def test_a_change_of_plan_and_quantity_goes_by_what_is_paid() -> None:
    assert_outcomes(
        subscriptions="""
        account_id   | plan  | starts_on  | ended_on   | quantity | unit_price | currency
        more_cheaper | pro   | 2023-01-01 | 2024-05-01 | 10       | 150        | EUR
        more_cheaper | basic | 2024-05-01 | -          | 14       | 100        | EUR
        as_much      | pro   | 2023-01-01 | 2024-05-01 | 10       | 150        | EUR
        as_much      | basic | 2024-05-01 | -          | 15       | 100        | EUR
        dollars      | basic | 2023-01-01 | 2024-05-01 | 10       | 100        | EUR
        dollars      | pro   | 2024-05-01 | -          | 10       | 150        | USD
        yen          | -     | 2023-01-01 | 2024-05-01 | 10       | 100        | EUR
        yen          | -     | 2024-05-01 | -          | 15       | 16000      | JPY
        fewer_yen    | -     | 2023-01-01 | 2024-05-01 | 10       | 100        | EUR
        fewer_yen    | -     | 2024-05-01 | -          | 8        | 16000      | JPY
        """,
        expect="""
        account_id   | as_of      | upsell | upsell_arr | downsell | downsell_arr
        more_cheaper | 2024-04-01 | 0      | 0          | 1        | 100
        as_much      | 2024-04-01 | 1      | 0          | 0        | 0
        dollars      | 2024-04-01 | 0      | 0          | 0        | 0
        yen          | 2024-04-01 | 1      | 80000      | 0        | 0
        fewer_yen    | 2024-04-01 | 0      | 0          | 1        | 32000
        """,
    )


def test_a_company_may_count_prices_but_never_currencies_nor_escalators_signed_ahead() -> None:
    assert_outcomes(
        price_changes=True,
        subscriptions="""
        account_id    | starts_on  | ended_on   | quantity | unit_price | currency | signed_on
        dearer        | 2023-01-01 | 2024-05-01 | 10       | 100        | EUR      | 2023-01-01
        dearer        | 2024-05-01 | -          | 10       | 120        | EUR      | 2024-04-20
        cheaper       | 2023-01-01 | 2024-05-01 | 10       | 100        | EUR      | 2023-01-01
        cheaper       | 2024-05-01 | -          | 10       | 80         | EUR      | 2024-04-20
        escalator     | 2023-01-01 | 2024-05-01 | 10       | 100        | EUR      | 2023-01-01
        escalator     | 2024-05-01 | -          | 10       | 107        | EUR      | 2023-01-01
        currency      | 2023-01-01 | 2024-05-01 | 10       | 100        | EUR      | 2023-01-01
        currency      | 2024-05-01 | -          | 10       | 108        | USD      | 2024-04-20
        more_for_less | 2023-01-01 | 2024-05-01 | 100      | 10         | EUR      | 2023-01-01
        more_for_less | 2024-05-01 | -          | 150      | 6          | EUR      | 2024-04-20
        same_money    | 2023-01-01 | 2024-05-01 | 10       | 10         | EUR      | 2023-01-01
        same_money    | 2024-05-01 | -          | 20       | 5          | EUR      | 2024-04-20
        """,
        expect="""
        account_id    | as_of      | upsell | upsell_arr | downsell | downsell_arr
        dearer        | 2024-04-01 | 1      | 200        | 0        | 0
        cheaper       | 2024-04-01 | 0      | 0          | 1        | 200
        escalator     | 2024-04-01 | 0      | 0          | 0        | 0
        currency      | 2024-04-01 | 0      | 0          | 0        | 0
        more_for_less | 2024-04-01 | 0      | 0          | 1        | 100
        same_money    | 2024-04-01 | 1      | 0          | 0        | 0
        """,
    )


def test_what_was_known_to_end_is_no_part_of_what_a_churn_costs() -> None:
    assert_outcomes(
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
        part_known | core       | 2023-01-01 | 2024-06-01 | 2024-03-31     | 10       | 2023-01-01
        part_known | flow       | 2023-01-01 | 2024-06-01 | 2024-05-01     | 3        | 2023-01-01
        withdrawn  | core       | 2023-01-01 | 2024-06-01 | 2024-03-31     | 10       | 2023-01-01
        withdrawn  | flow       | 2024-06-01 | 2024-06-01 | 2024-05-01     | 3        | 2024-03-01
        """,
        expect="""
        account_id | as_of      | churn | churn_arr | downsell
        part_known | 2024-04-01 | 1     | 300       | 0
        withdrawn  | 2024-04-01 | 1     | 0         | 0
        """,
    )


EXACTLY_AT_AS_OF = """
account_id | product_id | starts_on  | ended_on   | quantity | signed_on  | known_at
upsell     | core       | 2023-01-01 | 2024-04-01 | 10       | 2023-01-01 | 2023-01-01
upsell     | core       | 2024-04-01 | -          | 15       | 2024-04-01 | 2024-04-01
cross_sell | core       | 2023-01-01 | -          | 10       | 2023-01-01 | 2023-01-01
cross_sell | flow       | 2024-04-01 | -          | 3        | 2024-04-01 | 2024-04-01
downsell   | core       | 2023-01-01 | 2024-04-01 | 10       | 2023-01-01 | 2023-01-01
downsell   | core       | 2024-04-01 | -          | 6        | 2024-04-01 | 2024-04-01
dropped    | core       | 2023-01-01 | -          | 10       | 2023-01-01 | 2023-01-01
dropped    | flow       | 2023-01-01 | 2024-04-01 | 3        | 2023-01-01 | 2023-01-01
churn      | core       | 2023-01-01 | 2024-04-01 | 10       | 2023-01-01 | 2023-01-01
"""


def test_a_row_exactly_at_as_of_falls_in_the_label() -> None:
    assert_outcomes(
        subscriptions=EXACTLY_AT_AS_OF,
        expect="""
        account_id | as_of      | upsell | cross_sell | downsell | churn
        upsell     | 2024-04-01 | 1      | 0          | 0        | 0
        cross_sell | 2024-04-01 | 0      | 1          | 0        | 0
        downsell   | 2024-04-01 | 0      | 0          | 1        | 0
        dropped    | 2024-04-01 | 0      | 0          | 1        | 0
        churn      | 2024-04-01 | 0      | 0          | 0        | 1
        upsell     | 2024-04-02 | 0      | 0          | 0        | 0
        cross_sell | 2024-04-02 | 0      | 0          | 0        | 0
        downsell   | 2024-04-02 | 0      | 0          | 0        | 0
        dropped    | 2024-04-02 | 0      | 0          | 0        | 0
        churn      | 2024-04-02 | no row | no row     | no row   | no row
        """,
    )


def test_a_row_exactly_at_as_of_does_not_fall_in_the_feature() -> None:
    assert_features(
        subscriptions=EXACTLY_AT_AS_OF,
        expect="""
        account_id | as_of      | arr    | products_held | upsells_364d | downsells_364d
        upsell     | 2024-04-01 | 1000   | 1             | 0            | 0
        cross_sell | 2024-04-01 | 1000   | 1             | 0            | 0
        downsell   | 2024-04-01 | 1000   | 1             | 0            | 0
        dropped    | 2024-04-01 | 1300   | 2             | 0            | 0
        churn      | 2024-04-01 | 1000   | 1             | 0            | 0
        upsell     | 2024-04-02 | 1500   | 1             | 1            | 0
        cross_sell | 2024-04-02 | 1300   | 2             | 0            | 0
        downsell   | 2024-04-02 | 600    | 1             | 0            | 1
        dropped    | 2024-04-02 | 1000   | 1             | 0            | 1
        churn      | 2024-04-02 | no row | no row        | no row       | no row
        """,
    )
