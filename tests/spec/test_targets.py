"""What counts as upsell, cross-sell, downsell and churn, as tables a CSM could check.

The day is always 2024-04-01; the horizon of 91 days ends before 2024-07-01.
"""

from __future__ import annotations

import pytest

from tests.support.company import assert_outcomes


def test_more_or_less_of_a_product() -> None:
    assert_outcomes(
        subscriptions="""
        account_id | starts_on  | ended_on   | quantity | unit_price
        steady     | 2023-01-01 | -          | 10       | 100
        more       | 2023-01-01 | 2024-05-01 | 10       | 100
        more       | 2024-05-01 | -          | 15       | 100
        less       | 2023-01-01 | 2024-05-01 | 10       | 100
        less       | 2024-05-01 | -          | 6        | 100
        both       | 2023-01-01 | 2024-05-01 | 10       | 100
        both       | 2024-05-01 | 2024-06-01 | 30       | 100
        both       | 2024-06-01 | -          | 20       | 100
        twice      | 2023-01-01 | 2024-05-01 | 10       | 100
        twice      | 2024-05-01 | 2024-06-01 | 20       | 100
        twice      | 2024-06-01 | -          | 25       | 100
        """,
        expect="""
        account_id | as_of      | upsell | upsell_arr | downsell | downsell_arr | churn
        steady     | 2024-04-01 | 0      | 0          | 0        | 0            | 0
        more       | 2024-04-01 | 1      | 500        | 0        | 0            | 0
        less       | 2024-04-01 | 0      | 0          | 1        | 400          | 0
        both       | 2024-04-01 | 1      | 2000       | 1        | 1000         | 0
        twice      | 2024-04-01 | 1      | 1500       | 0        | 0            | 0
        """,
    )


def test_the_horizon_holds_its_first_day_and_not_its_last() -> None:
    assert_outcomes(
        subscriptions="""
        account_id  | starts_on  | ended_on   | quantity
        day_before  | 2023-01-01 | 2024-03-31 | 10
        day_before  | 2024-03-31 | -          | 20
        first_day   | 2023-01-01 | 2024-04-01 | 10
        first_day   | 2024-04-01 | -          | 20
        last_day    | 2023-01-01 | 2024-06-30 | 10
        last_day    | 2024-06-30 | -          | 20
        day_after   | 2023-01-01 | 2024-07-01 | 10
        day_after   | 2024-07-01 | -          | 20
        gone_first  | 2023-01-01 | 2024-04-01 | 10
        gone_last   | 2023-01-01 | 2024-06-30 | 10
        gone_after  | 2023-01-01 | 2024-07-01 | 10
        """,
        expect="""
        account_id  | as_of      | upsell | churn
        day_before  | 2024-04-01 | 0      | 0
        first_day   | 2024-04-01 | 1      | 0
        last_day    | 2024-04-01 | 1      | 0
        day_after   | 2024-04-01 | 0      | 0
        gone_first  | 2024-04-01 | 0      | 1
        gone_last   | 2024-04-01 | 0      | 1
        gone_after  | 2024-04-01 | 0      | 0
        """,
    )


def test_what_was_signed_before_the_day_is_contracted_and_no_label() -> None:
    assert_outcomes(
        subscriptions="""
        account_id   | product_id | starts_on  | ended_on   | quantity | signed_on  | known_at
        ramp         | core       | 2023-01-01 | 2024-05-01 | 10       | 2022-12-01 | 2022-12-01
        ramp         | core       | 2024-05-01 | -          | 30       | 2022-12-01 | 2022-12-01
        known_late   | core       | 2023-01-01 | 2024-05-01 | 10       | 2022-12-01 | 2022-12-01
        known_late   | core       | 2024-05-01 | -          | 30       | 2024-03-31 | 2024-04-20
        signed_today | core       | 2023-01-01 | 2024-05-01 | 10       | 2022-12-01 | 2022-12-01
        signed_today | core       | 2024-05-01 | -          | 30       | 2024-04-01 | 2024-04-01
        future       | core       | 2023-01-01 | 2025-01-01 | 10       | 2022-12-01 | 2022-12-01
        future       | core       | 2025-01-01 | -          | 30       | 2024-05-01 | 2024-05-01
        more_to_come | core       | 2023-01-01 | -          | 10       | 2022-12-01 | 2022-12-01
        more_to_come | flow       | 2024-05-01 | -          | 30       | 2022-12-01 | 2022-12-01
        shrinks      | core       | 2023-01-01 | 2024-05-01 | 10       | 2022-12-01 | 2022-12-01
        shrinks      | core       | 2024-05-01 | -          | 5        | 2024-03-01 | 2024-03-01
        """,
        expect="""
        account_id   | as_of      | upsell | upsell_arr | cross_sell | downsell
        ramp         | 2024-04-01 | 0      | 0          | 0          | 0
        known_late   | 2024-04-01 | 0      | 0          | 0          | 0
        signed_today | 2024-04-01 | 1      | 2000       | 0          | 0
        future       | 2024-04-01 | 1      | 2000       | 0          | 0
        more_to_come | 2024-04-01 | 0      | 0          | 0          | 0
        shrinks      | 2024-04-01 | 0      | 0          | 0          | 0
        """,
    )


def test_price_and_currency_alone_change_nothing() -> None:
    assert_outcomes(
        subscriptions="""
        account_id | starts_on  | ended_on   | quantity | unit_price | currency
        dearer     | 2023-01-01 | 2024-05-01 | 10       | 100        | EUR
        dearer     | 2024-05-01 | -          | 10       | 120        | EUR
        cheaper    | 2023-01-01 | 2024-05-01 | 10       | 100        | EUR
        cheaper    | 2024-05-01 | -          | 10       | 80         | EUR
        currency   | 2023-01-01 | 2024-05-01 | 10       | 100        | EUR
        currency   | 2024-05-01 | -          | 10       | 108        | USD
        period     | 2023-01-01 | 2024-05-01 | 10       | 100        | EUR
        period     | 2024-05-01 | 2024-06-01 | 10       | 100        | EUR
        period     | 2024-06-01 | -          | 10       | 100        | EUR
        """,
        expect="""
        account_id | as_of      | upsell | cross_sell | downsell | churn
        dearer     | 2024-04-01 | 0      | 0          | 0        | 0
        cheaper    | 2024-04-01 | 0      | 0          | 0        | 0
        currency   | 2024-04-01 | 0      | 0          | 0        | 0
        period     | 2024-04-01 | 0      | 0          | 0        | 0
        """,
    )


def test_amounts_are_never_negative() -> None:
    assert_outcomes(
        subscriptions="""
        account_id    | starts_on  | ended_on   | quantity | unit_price
        more_for_less | 2023-01-01 | 2024-05-01 | 100      | 10
        more_for_less | 2024-05-01 | -          | 150      | 6
        less_for_more | 2023-01-01 | 2024-05-01 | 100      | 10
        less_for_more | 2024-05-01 | -          | 50       | 30
        """,
        expect="""
        account_id    | as_of      | upsell | upsell_arr | downsell | downsell_arr
        more_for_less | 2024-04-01 | 1      | 0          | 0        | 0
        less_for_more | 2024-04-01 | 0      | 0          | 1        | 0
        """,
    )


def test_a_change_of_plan_within_a_product_goes_by_its_arr() -> None:
    assert_outcomes(
        subscriptions="""
        account_id | plan  | starts_on  | ended_on   | quantity | unit_price
        upgrade    | basic | 2023-01-01 | 2024-05-01 | 10       | 100
        upgrade    | pro   | 2024-05-01 | -          | 10       | 150
        downgrade  | pro   | 2023-01-01 | 2024-05-01 | 10       | 150
        downgrade  | basic | 2024-05-01 | -          | 10       | 100
        fewer_pro  | basic | 2023-01-01 | 2024-05-01 | 10       | 100
        fewer_pro  | pro   | 2024-05-01 | -          | 8        | 150
        renamed    | basic | 2023-01-01 | 2024-05-01 | 10       | 100
        renamed    | start | 2024-05-01 | -          | 10       | 100
        first_plan | -     | 2023-01-01 | 2024-05-01 | 10       | 100
        first_plan | pro   | 2024-05-01 | -          | 10       | 150
        """,
        expect="""
        account_id | as_of      | upsell | upsell_arr | cross_sell | downsell | downsell_arr | churn
        upgrade    | 2024-04-01 | 1      | 500        | 0          | 0        | 0            | 0
        downgrade  | 2024-04-01 | 0      | 0          | 0          | 1        | 500          | 0
        fewer_pro  | 2024-04-01 | 1      | 200        | 0          | 0        | 0            | 0
        renamed    | 2024-04-01 | 0      | 0          | 0          | 0        | 0            | 0
        first_plan | 2024-04-01 | 1      | 500        | 0          | 0        | 0            | 0
        """,
    )


def test_a_product_not_held_is_cross_sell() -> None:
    assert_outcomes(
        subscriptions="""
        account_id | product_id | subscription_id | starts_on  | ended_on   | quantity
        new        | core       | 1               | 2023-01-01 | -          | 10
        new        | flow       | 2               | 2024-05-01 | -          | 3
        two_new    | core       | 1               | 2023-01-01 | -          | 10
        two_new    | flow       | 2               | 2024-05-01 | -          | 3
        two_new    | plus       | 3               | 2024-06-01 | -          | 4
        second     | core       | 1               | 2023-01-01 | -          | 10
        second     | core       | 2               | 2024-05-01 | -          | 5
        returning  | core       | 1               | 2022-01-01 | -          | 10
        returning  | flow       | 2               | 2022-01-01 | 2023-01-01 | 3
        returning  | flow       | 3               | 2024-05-01 | -          | 3
        withdrawn  | core       | 1               | 2022-01-01 | -          | 10
        withdrawn  | flow       | 2               | 2023-01-01 | 2023-01-01 | 3
        withdrawn  | flow       | 3               | 2024-05-01 | -          | 3
        """,
        expect="""
        account_id | as_of      | cross_sell | cross_sell_arr | upsell | upsell_arr
        new        | 2024-04-01 | 1          | 300            | 0      | 0
        two_new    | 2024-04-01 | 1          | 700            | 0      | 0
        second     | 2024-04-01 | 0          | 0              | 1      | 500
        returning  | 2024-04-01 | 1          | 300            | 0      | 0
        withdrawn  | 2024-04-01 | 1          | 300            | 0      | 0
        """,
    )


def test_a_product_dropped_is_downsell_while_the_account_stays() -> None:
    assert_outcomes(
        subscriptions="""
        account_id   | product_id | starts_on  | ended_on   | ended_known_on | quantity
        drops_one    | core       | 2023-01-01 | -          | -              | 10
        drops_one    | flow       | 2023-01-01 | 2024-05-01 | 2024-05-01     | 3
        announced    | core       | 2023-01-01 | -          | -              | 10
        announced    | flow       | 2023-01-01 | 2024-05-01 | 2024-03-31     | 3
        known_on_day | core       | 2023-01-01 | -          | -              | 10
        known_on_day | flow       | 2023-01-01 | 2024-05-01 | 2024-04-01     | 3
        leaves       | core       | 2023-01-01 | 2024-06-01 | 2024-06-01     | 10
        leaves       | flow       | 2023-01-01 | 2024-05-01 | 2024-05-01     | 3
        """,
        expect="""
        account_id   | as_of      | downsell | downsell_arr | churn | churn_arr
        drops_one    | 2024-04-01 | 1        | 300          | 0     | 0
        announced    | 2024-04-01 | 0        | 0            | 0     | 0
        known_on_day | 2024-04-01 | 1        | 300          | 0     | 0
        leaves       | 2024-04-01 | 0        | 0            | 1     | 1300
        """,
    )


def test_one_product_replacing_another_is_neither() -> None:
    assert_outcomes(
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | quantity
        same_day   | core       | 2023-01-01 | 2024-05-01 | 10
        same_day   | next       | 2024-05-01 | -          | 12
        in_grace   | core       | 2023-01-01 | 2024-05-01 | 10
        in_grace   | next       | 2024-06-01 | -          | 12
        overlap    | core       | 2023-01-01 | 2024-06-01 | 10
        overlap    | next       | 2024-05-01 | -          | 12
        too_late   | core       | 2023-01-01 | 2024-04-20 | 10
        too_late   | next       | 2024-05-22 | -          | 12
        too_late   | base       | 2023-01-01 | -          | 10
        """,
        expect="""
        account_id | as_of      | cross_sell | cross_sell_arr | downsell | downsell_arr | churn
        same_day   | 2024-04-01 | 0          | 0              | 0        | 0            | 0
        in_grace   | 2024-04-01 | 0          | 0              | 0        | 0            | 0
        overlap    | 2024-04-01 | 0          | 0              | 0        | 0            | 0
        too_late   | 2024-04-01 | 1          | 1200           | 1        | 1000         | 0
        """,
    )


def test_a_replacement_counts_only_where_whole_and_part_point_the_same_way() -> None:
    # Dearer as a whole, but by what was signed after the horizon; cheaper the other way round.
    assert_outcomes(
        subscriptions="""
        account_id | subscription_id | product_id | starts_on  | signed_on  | ended_on   | quantity
        dearer     | old             | core       | 2023-01-01 | 2023-01-01 | 2024-07-10 | 10
        dearer     | new-1           | next       | 2024-07-10 | 2024-05-21 | -          | 5
        dearer     | new-2           | next       | 2024-07-10 | 2024-07-05 | -          | 20
        even       | old-2           | core       | 2023-01-01 | 2023-01-01 | 2024-07-10 | 10
        even       | new-3           | next       | 2024-07-10 | 2024-05-21 | -          | 5
        even       | new-4           | next       | 2024-07-10 | 2024-07-05 | -          | 5
        """,
        expect="""
        account_id | as_of      | upsell | upsell_arr | downsell | downsell_arr | cross_sell | churn
        dearer     | 2024-04-01 | 0      | 0          | 0        | 0            | 0          | 0
        even       | 2024-04-01 | 0      | 0          | 0        | 0            | 0          | 0
        """,
    )


def test_a_pause_of_one_product_is_no_loss_and_replaces_nothing() -> None:
    assert_outcomes(
        subscriptions="""
        account_id   | product_id | starts_on  | ended_on   | quantity
        in_grace     | core       | 2023-01-01 | -          | 10
        in_grace     | flow       | 2023-01-01 | 2024-05-01 | 3
        in_grace     | flow       | 2024-06-01 | -          | 3
        too_long     | core       | 2023-01-01 | -          | 10
        too_long     | flow       | 2023-01-01 | 2024-05-01 | 3
        too_long     | flow       | 2024-06-02 | -          | 3
        stops_twice  | core       | 2023-01-01 | -          | 10
        stops_twice  | flow       | 2023-01-01 | 2024-04-10 | 3
        stops_twice  | flow       | 2024-04-15 | 2024-06-10 | 3
        new_in_pause | core       | 2023-01-01 | 2024-05-01 | 10
        new_in_pause | core       | 2024-05-06 | -          | 10
        new_in_pause | flow       | 2024-05-03 | -          | 3
        """,
        expect="""
        account_id   | as_of      | cross_sell | cross_sell_arr | downsell | downsell_arr | churn
        in_grace     | 2024-04-01 | 0          | 0              | 0        | 0            | 0
        too_long     | 2024-04-01 | 1          | 300            | 1        | 300          | 0
        stops_twice  | 2024-04-01 | 0          | 0              | 1        | 300          | 0
        new_in_pause | 2024-04-01 | 1          | 300            | 0        | 0            | 0
        """,
    )


def test_the_account_leaves_when_its_last_line_ends_for_longer_than_the_grace_days() -> None:
    assert_outcomes(
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | quantity
        leaves     | core       | 2023-01-01 | 2024-05-01 | 10
        leaves     | flow       | 2023-01-01 | 2024-05-01 | 3
        pauses     | core       | 2023-01-01 | 2024-05-01 | 10
        pauses     | core       | 2024-06-01 | -          | 10
        too_long   | core       | 2023-01-01 | 2024-05-01 | 10
        too_long   | core       | 2024-06-02 | -          | 10
        back_other | core       | 2023-01-01 | 2024-05-01 | 10
        back_other | flow       | 2024-05-20 | -          | 3
        back_less  | core       | 2023-01-01 | 2024-05-01 | 10
        back_less  | flow       | 2023-01-01 | 2024-05-01 | 3
        back_less  | core       | 2024-05-11 | -          | 10
        """,
        expect="""
        account_id | as_of      | churn | churn_arr | downsell | downsell_arr | cross_sell
        leaves     | 2024-04-01 | 1     | 1300      | 0        | 0            | 0
        pauses     | 2024-04-01 | 0     | 0         | 0        | 0            | 0
        too_long   | 2024-04-01 | 1     | 1000      | 0        | 0            | 1
        back_other | 2024-04-01 | 0     | 0         | 1        | 700          | 0
        back_less  | 2024-04-01 | 0     | 0         | 1        | 300          | 0
        """,
    )


def test_a_row_whose_outcome_was_settled_before_the_day_has_no_label() -> None:
    assert_outcomes(
        subscriptions="""
        account_id    | product_id | starts_on  | ended_on   | ended_known_on | quantity
        notice_given  | core       | 2023-01-01 | 2024-05-01 | 2024-03-31     | 10
        notice_today  | core       | 2023-01-01 | 2024-05-01 | 2024-04-01     | 10
        later_notice  | core       | 2023-01-01 | 2024-07-01 | 2024-03-31     | 10
        much_later    | core       | 2023-01-01 | 2024-08-01 | 2024-03-31     | 10
        already_left  | core       | 2023-01-01 | 2024-03-15 | 2024-04-10     | 10
        left_that_day | core       | 2023-01-01 | 2024-04-01 | 2024-04-10     | 10
        part_of_it    | core       | 2023-01-01 | 2024-05-01 | 2024-03-01     | 10
        part_of_it    | flow       | 2023-01-01 | 2024-06-01 | 2024-06-01     | 3
        left_before   | core       | 2022-01-01 | 2023-01-01 | 2023-01-01     | 10
        """,
        expect="""
        account_id    | as_of      | upsell | cross_sell | downsell | churn | churn_arr
        notice_given  | 2024-04-01 | -      | -          | -        | -     | -
        notice_today  | 2024-04-01 | 0      | 0          | 0        | 1     | 1000
        later_notice  | 2024-04-01 | -      | -          | -        | -     | -
        much_later    | 2024-04-01 | 0      | 0          | 0        | 0     | 0
        already_left  | 2024-04-01 | -      | -          | -        | -     | -
        left_that_day | 2024-04-01 | 0      | 0          | 0        | 1     | 1000
        part_of_it    | 2024-04-01 | 0      | 0          | 0        | 1     | 300
        left_before   | 2024-04-01 | no row | no row     | no row   | no row | no row
        """,
    )


def test_a_pause_longer_than_the_grace_days_is_no_churn_where_the_return_was_signed_before() -> (
    None
):
    # Each but early pauses from 2024-04-15 to 2024-06-01, signed or announced in March. Only what
    # was decided since then is an outcome: not coming back by the grace days, or leaving again.
    assert_outcomes(
        subscriptions="""
        account_id | product_id | starts_on  | ended_on   | ended_known_on | signed_on  | known_at   | quantity
        returns    | core       | 2023-01-01 | 2024-04-15 | 2024-03-01     | 2023-01-01 | 2023-01-01 | 10
        returns    | core       | 2024-06-01 | -          | -              | 2024-03-10 | 2024-03-10 | 10
        other      | core       | 2023-01-01 | 2024-04-15 | 2024-03-01     | 2023-01-01 | 2023-01-01 | 10
        other      | flow       | 2024-06-01 | -          | -              | 2024-03-10 | 2024-03-10 | 4
        postponed  | core       | 2023-01-01 | 2024-04-15 | 2024-03-01     | 2023-01-01 | 2023-01-01 | 10
        postponed  | core       | 2024-06-01 | 2024-06-01 | 2024-05-20     | 2024-03-10 | 2024-03-10 | 10
        postponed  | core       | 2024-07-02 | -          | -              | 2024-05-20 | 2024-05-20 | 10
        cancelled  | core       | 2023-01-01 | 2024-04-15 | 2024-03-01     | 2023-01-01 | 2023-01-01 | 10
        cancelled  | core       | 2024-06-01 | 2024-06-01 | 2024-05-20     | 2024-03-10 | 2024-03-10 | 10
        too_late   | core       | 2023-01-01 | 2024-04-15 | 2024-03-01     | 2023-01-01 | 2023-01-01 | 10
        too_late   | core       | 2024-06-01 | 2024-06-01 | 2024-05-20     | 2024-03-10 | 2024-03-10 | 10
        too_late   | core       | 2024-07-03 | -          | -              | 2024-05-20 | 2024-05-20 | 10
        again      | core       | 2023-01-01 | 2024-04-15 | 2024-03-01     | 2023-01-01 | 2023-01-01 | 10
        again      | core       | 2024-06-01 | 2024-06-20 | 2024-06-10     | 2024-03-10 | 2024-03-10 | 10
        unknown    | core       | 2023-01-01 | 2024-04-15 | 2024-04-01     | 2023-01-01 | 2023-01-01 | 10
        unknown    | core       | 2024-06-01 | -          | -              | 2024-03-10 | 2024-03-10 | 10
        one_stays  | core       | 2023-01-01 | 2024-04-15 | 2024-03-01     | 2023-01-01 | 2023-01-01 | 10
        one_stays  | flow       | 2023-01-01 | 2024-04-10 | 2024-04-10     | 2023-01-01 | 2023-01-01 | 3
        one_stays  | core       | 2024-06-01 | -          | -              | 2024-03-10 | 2024-03-10 | 10
        """,  # noqa: E501
        expect="""
        account_id | as_of      | upsell | cross_sell | downsell | churn
        returns    | 2024-04-01 | 0      | 0          | 0        | 0
        other      | 2024-04-01 | 0      | 0          | 0        | 0
        postponed  | 2024-04-01 | 0      | 1          | 0        | 0
        cancelled  | 2024-04-01 | 0      | 0          | 0        | 1
        too_late   | 2024-04-01 | 0      | 1          | 0        | 1
        again      | 2024-04-01 | 0      | 0          | 0        | 1
        unknown    | 2024-04-01 | 0      | 0          | 0        | 1
        one_stays  | 2024-04-01 | 0      | 0          | 0        | 1
        """,
    )


def test_what_is_signed_to_come_back_within_the_grace_days_runs_at_the_horizons_end() -> None:
    assert_outcomes(
        subscriptions="""
        account_id | starts_on  | ended_on   | ended_known_on | signed_on  | known_at   | quantity
        last_day   | 2023-01-01 | 2024-06-15 | 2024-03-31     | 2023-01-01 | 2023-01-01 | 10
        last_day   | 2024-06-30 | -          | -              | 2024-03-01 | 2024-03-01 | 10
        day_after  | 2023-01-01 | 2024-06-15 | 2024-03-31     | 2023-01-01 | 2023-01-01 | 10
        day_after  | 2024-07-01 | -          | -              | 2024-03-01 | 2024-03-01 | 10
        in_grace   | 2023-01-01 | 2024-06-15 | 2024-03-31     | 2023-01-01 | 2023-01-01 | 10
        in_grace   | 2024-07-16 | -          | -              | 2024-03-01 | 2024-03-01 | 10
        too_late   | 2023-01-01 | 2024-06-15 | 2024-03-31     | 2023-01-01 | 2023-01-01 | 10
        too_late   | 2024-07-17 | -          | -              | 2024-03-01 | 2024-03-01 | 10
        """,
        expect="""
        account_id | as_of      | upsell | downsell | churn
        last_day   | 2024-04-01 | 0      | 0        | 0
        day_after  | 2024-04-01 | 0      | 0        | 0
        in_grace   | 2024-04-01 | 0      | 0        | 0
        too_late   | 2024-04-01 | -      | -        | -
        """,
    )


@pytest.mark.parametrize(
    ("through", "upsell", "others"),
    [("2024-06-30", "-", "-"), ("2024-07-01", "1", "-"), ("2024-08-01", "1", "0")],
)
def test_a_label_waits_until_its_horizon_and_grace_are_complete(
    through: str, upsell: str, others: str
) -> None:
    amount = {"-": "-", "1": "500", "0": "0"}
    assert_outcomes(
        through=through,
        subscriptions="""
        starts_on  | ended_on   | quantity
        2023-01-01 | 2024-05-01 | 10
        2024-05-01 | -          | 15
        """,
        expect=f"""
        as_of      | upsell   | upsell_arr       | cross_sell | downsell | churn
        2024-04-01 | {upsell} | {amount[upsell]} | {others}   | {others} | {others}
        """,
    )


def test_a_leap_day_is_a_day() -> None:
    assert_outcomes(
        days=1,
        grace=0,
        subscriptions="""
        starts_on  | ended_on   | quantity
        2023-01-01 | 2024-02-29 | 10
        2024-02-29 | -          | 15
        """,
        expect="""
        as_of      | upsell | churn
        2024-02-28 | 0      | 0
        2024-02-29 | 1      | 0
        2024-03-01 | 0      | 0
        """,
    )
