"""Which play an account gets and why, as tables that a CS person could read.

A line is an account: its numbers, then what to do about it. ``-`` is not known. Unless a table
says otherwise, an account is worth EUR 1,000 of upsell and nothing is at risk.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from models.i18n.number_format import WORDS
from models.inference.contracted import Contracted
from models.plays.context import Case, Limits
from models.plays.definitions import DECIDED, PLAYS
from models.plays.guards import GUARDS
from models.plays.prioritisation import choose
from tests.support.company import rows

DOCUMENT = Path(__file__).parents[3] / "docs" / "plays.md"
AMOUNTS = {"upsell": 1000.0, "cross_sell": 0.0, "downsell": 0.0, "churn": 0.0}
OPEN = Contracted(9_000.0, 0.0, 0.0, None, is_decided=False)
EXPECTED = ("play", "why", "second", "at_stake")


def account(line: dict[str, str], **limits: Any) -> Case:
    """Return the account of a line; columns named like targets are its expected ARR."""
    numbers = {name: _number(cell) for name, cell in line.items() if name not in EXPECTED}
    amounts = {name: numbers.pop(name, usual) or 0.0 for name, usual in AMOUNTS.items()}
    return Case(numbers, {"upsell": 0.31, "cross_sell": 0.08}, amounts, "EUR", Limits(**limits))


def _number(cell: str) -> float | None:
    return None if cell == "-" else float(cell)


def check(table: str, **limits: float) -> None:
    """Compare each line's play, and what else it expects, with what is decided."""
    for line in rows(table):
        found = choose(account(line, **limits))
        told: dict[str, Any] = {"play": found.play, "why": found.why or "-"}
        told |= {"second": found.second or "-", "at_stake": f"{found.at_stake or 0:g}"}
        wanted = {name: line[name] for name in EXPECTED if name in line}
        assert {name: told[name] for name in wanted} == wanted, line


def test_what_sells_best_is_offered_and_the_next_best_named() -> None:
    check("""
    upsell | cross_sell | churn | play        | second     | at_stake
    1000   | 0          | 0     | expand      | -          | 1000
    1000   | 400        | 300   | expand      | cross_sell | 1100
    400    | 1000       | 300   | cross_sell  | expand     | 1100
    1000   | 100        | 300   | expand      | -          | 800
    249    | 0          | 0     | leave_alone | -          | 0
    250    | 0          | 0     | expand      | -          | 250
    0      | 0          | 0     | leave_alone | -          | 0
    """)


def test_no_sale_while_the_topic_has_nobody_to_carry_it() -> None:
    check("""
    champions_days_since_lost | has_champion_successor | champions_going | champions_on_leave | play                | why
    20                        | -                      | 0               | 0                  | secure_the_champion | Expand on hold: champion left 20 days ago, no successor
    91                        | 0                      | 0               | 0                  | secure_the_champion | Expand on hold: champion left 91 days ago, no successor
    92                        | 0                      | 0               | 0                  | expand              | -
    20                        | 1                      | 0               | 0                  | expand              | -
    -                         | -                      | 2               | 0                  | secure_the_champion | Expand on hold: 2 champions leaving
    -                         | -                      | 0               | 1                  | secure_the_champion | Expand on hold: 1 champion on long leave
    -                         | -                      | -               | -                  | expand              | -
    """)  # fmt: skip  # noqa: E501


def test_issues_come_before_sales() -> None:
    check("""
    tickets_open_escalated | tickets_csat_364d | has_blocker | churn | play                | why
    2                      | -                 | 0           | 0     | fix_before_you_sell | Expand on hold: 2 open escalated tickets
    0                      | 2.4               | 0           | 0     | fix_before_you_sell | Expand on hold: CSAT 2.4 of 5
    0                      | 3                 | 0           | 0     | expand              | -
    0                      | -                 | 1           | 0     | fix_before_you_sell | Expand on hold: known blocker in the account
    0                      | -                 | 0           | 1001  | fix_before_you_sell | Expand on hold: EUR 1,001 ARR at risk (churn) against EUR 1,000 expected expansion
    0                      | -                 | 0           | 700   | expand              | -
    -                      | -                 | -           | 0     | expand              | -
    """)  # fmt: skip  # noqa: E501


def test_more_is_not_sold_to_an_account_that_has_not_absorbed_what_it_has() -> None:
    check("""
    seats_licensed | seats_activated_share | seats_utilization_28d | adoption_age_days | usage_days_silent | play           | why
    120            | 0.34                  | 0.9                   | 400               | 1                 | drive_adoption | Expand on hold: only 34 % of 120 licensed seats activated
    120            | 0.5                   | 0.1                   | 400               | 1                 | expand         | -
    120            | 0.34                  | 0.1                   | 90                | 1                 | expand         | -
    120            | -                     | 0.2                   | 400               | 1                 | drive_adoption | Expand on hold: only 20 % of 120 licensed seats active
    120            | -                     | 0.25                  | 400               | 1                 | expand         | -
    -              | 0.34                  | -                     | -                 | -                 | drive_adoption | Expand on hold: only 34 % of the licensed seats activated
    120            | 0.9                   | 0.9                   | 400               | 28                | drive_adoption | Expand on hold: no use for 28 days
    -              | -                     | -                     | -                 | -                 | expand         | -
    """)  # fmt: skip  # noqa: E501


def test_what_is_signed_or_complete_needs_no_selling() -> None:
    check("""
    cross_sell | seats_contracted_ahead | arr_contracted_ahead | seats_whitespace_share | products_whitespace | play        | at_stake | why
    0          | 60                     | 6000                 | 0.4                    | 2                   | leave_alone | 0        | Expand not possible: 60 more seats already contracted to start within a year
    0          | 0                      | 6000                 | 0.4                    | 2                   | leave_alone | 0        | Expand not possible: EUR 6,000 already contracted to start within a year
    0          | -60                    | -6000                | 0.4                    | 2                   | expand      | 1000     | -
    400        | 60                     | 6000                 | 0.4                    | 2                   | cross_sell  | 400      | Expand not possible: 60 more seats already contracted to start within a year
    0          | 0                      | 0                    | 0                      | 2                   | leave_alone | 0        | Expand not possible: every addressable user has a seat
    400        | 0                      | 0                    | 0.4                    | 0                   | expand      | 1000     | Cross-sell not possible: holds every product
    """)  # fmt: skip  # noqa: E501


def test_mending_is_worth_what_is_at_risk_and_the_sale_that_waits() -> None:
    check("""
    upsell | churn | champions_going | tickets_open_escalated | seats_activated_share | play                | second              | at_stake
    1000   | 400   | 1               | 1                      | 0.1                   | secure_the_champion | fix_before_you_sell | 1400
    1000   | 400   | 0               | 1                      | 0.1                   | fix_before_you_sell | drive_adoption      | 1400
    1000   | 400   | 0               | 0                      | 0.1                   | drive_adoption      | expand              | 1400
    100    | 400   | 0               | 0                      | 0.9                   | fix_before_you_sell | -                   | 400
    100    | 100   | 1               | 0                      | 0.9                   | leave_alone         | secure_the_champion | 0
    """)  # fmt: skip  # noqa: E501


def test_a_company_judges_by_limits_of_its_own() -> None:
    check(
        """
        upsell | seats_activated_share | play
        1000   | 0.6                   | drive_adoption
        999    | 0.9                   | leave_alone
        """,
        activated=0.7,
        worth_a_talk=1000,
    )


TEXTS = [
    (
        {"seats_utilization_28d": 0.96, "seats_licensed": 120, "renewal_days": 45, "employees": 900}
        | {"seats_whitespace_share": 0.5, "discount": 0.15, "champions_count": 2, "tickets_open": 0}
        | {"usage_days_silent": 1, "seats_activated_share": 0.98},
        "96 % of 120 licensed seats active; renewal in 45 days; 450 addressable users without a "
        "seat. Offer the seats needed for the next 6 to 12 months in one order. The customer has a "
        "15 % discount and expects at least that.",
    ),
    (
        {"seats_overage": 1, "seats_licensed": 20, "usage_days_silent": 1},
        "1 user active beyond 20 licensed seats; 31 % upsell probability, EUR 1,000 ARR expected. "
        "Offer the seats needed for the next 6 to 12 months in one order. No data on champions, "
        "tickets, seat activation.",
    ),
    (
        {"champions_count": 0, "champions_days_since_lost": 1},
        "Champion left 1 day ago, no successor; no active champion. Confirm the new owner; build a "
        "second champion in another department.",
    ),
    (
        {"upsell": 0.0, "cross_sell": 900.0, "products_held": 1, "products_whitespace": 2}
        | {"champions_count": 2, "tickets_open": 0, "usage_days_silent": 1}
        | {"seats_activated_share": 0.98},
        "1 product held, 2 not held yet; 8 % cross-sell probability, EUR 900 ARR expected. Offer "
        "the product that solves the customer's next problem.",
    ),
    ({"upsell": 12.0}, "EUR 12 expected expansion, EUR 0 ARR at risk. No outreach needed now."),
]


def test_seats_are_spoken_of_only_where_some_are_licensed() -> None:
    # 13 people use what is sold as one contract: no seat is licensed, and none is in overage.
    members: dict[str, Any] = {
        "usage_active_users_28d": 13, "employees": 900, "seats_licensed": None,
        "renewal_days": 45, "champions_count": 2, "tickets_open": 0, "usage_days_silent": 1,
    }  # fmt: skip
    found = choose(Case(members, {"upsell": 0.31}, AMOUNTS))
    assert found.text == (
        "Renewal in 45 days; 31 % upsell probability, EUR 1,000 ARR expected. Offer what is needed "
        "for the next 6 to 12 months in one order."
    )
    cases = {**members, "units_licensed": 1240.0, "price_metric": "cases"}
    metered = choose(Case(cases, {"upsell": 0.31}, AMOUNTS))
    assert metered.text.startswith("1,240 licensed cases; renewal in 45 days; ")
    german = choose(Case(members, {"upsell": 0.31}, AMOUNTS, words=WORDS["de"]))
    assert "Lizenz" not in german.text
    dropped = choose(Case({**members, "seats_licensed": 0.0}, {"upsell": 0.31}, AMOUNTS))
    assert dropped.text == found.text


def signed(loss: float, *, is_decided: bool) -> Contracted:
    return Contracted(0.0, 0.0, loss, date(2026, 6, 10), is_decided)


def told(amounts: dict[str, float], contracted: Contracted | None = None, **numbers: float) -> Case:
    return Case(numbers, {"upsell": 0.31}, amounts, contracted=contracted)


def noticed_beyond(
    loss: float, *, is_ending: bool, within: Contracted = OPEN, language: str = "en"
) -> Case:
    """Return an account with 1,000 of upsell that gave notice for ``loss`` after the horizon."""
    year = Contracted(0.0, 0.0, loss, date(2027, 2, 23), is_ending)
    return Case(
        {}, {"upsell": 0.31}, AMOUNTS | {"churn": 300.0}, words=WORDS[language],
        contracted=within, contracted_in_a_year=year,
    )  # fmt: skip


def test_full_notice_beyond_the_horizon_sells_nothing_and_is_no_risk_within_it() -> None:
    case = noticed_beyond(74_912, is_ending=True)
    assert (case.risk, case.is_decided, case.lost_by_notice) == (300, False, 0)
    found = choose(case)
    assert (found.play, found.at_stake, found.why, found.second) == (DECIDED, 74_912, "", None)
    assert found.text == (
        "Ends on 23 February 2027; EUR 74,912 ARR lost by notice. Win the customer back by then, "
        "or wind the contract down in good order."
    )
    german = choose(noticed_beyond(74_912, is_ending=True, language="de"))
    assert german.text == (
        "Endet am 23. Februar 2027; 74.912 EUR ARR gekündigt. Den Kunden bis dahin zurückgewinnen "
        "oder den Vertrag sauber abwickeln."
    )
    small = choose(noticed_beyond(249, is_ending=True))
    assert (small.play, small.at_stake) == ("leave_alone", 0)
    assert small.text.startswith("Ends on 23 February 2027; EUR 249 ARR lost by notice. No")


def test_the_end_within_the_horizon_is_named_where_the_year_ahead_says_the_same() -> None:
    within = Contracted(0.0, 0.0, 74_912, date(2026, 6, 10), is_decided=True)
    found = choose(noticed_beyond(74_912, is_ending=True, within=within))
    assert found.text.startswith("Ends on 10 June 2026; EUR 74,912 ARR lost by notice. Win")


def test_notice_for_a_part_beyond_the_horizon_holds_the_sale_back_and_counts_once() -> None:
    found = choose(noticed_beyond(700, is_ending=False))
    assert (found.play, found.at_stake) == ("fix_before_you_sell", 1700)
    assert found.why == "Expand on hold: EUR 700 ARR lost by notice, by 23 February 2027"
    german = choose(noticed_beyond(700, is_ending=False, language="de"))
    assert german.why.endswith("700 EUR ARR gekündigt, bis 23. Februar 2027")
    assert choose(noticed_beyond(249, is_ending=False)).play == "expand"
    # More goes in the year than within the horizon: one figure, by the last day.
    part = Contracted(0.0, 0.0, 400, date(2026, 6, 10), is_decided=False)
    both = choose(noticed_beyond(900, is_ending=False, within=part))
    assert both.why.endswith("EUR 900 ARR lost by notice, by 23 February 2027")
    # What goes within the horizon counts, whatever is signed to come after it.
    refilled = choose(noticed_beyond(0, is_ending=False, within=part))
    assert refilled.why.endswith("EUR 400 ARR lost by notice, by 10 June 2026")


def test_an_account_whose_end_is_known_is_won_back_or_wound_down_and_sold_nothing() -> None:
    case = told(
        AMOUNTS, signed(15_125, is_decided=True), champions_going=1, tickets_open_escalated=1
    )
    found = choose(case)
    assert (found.play, found.at_stake, found.why, found.second) == (DECIDED, 15_125, "", None)
    assert found.text == (
        "Ends on 10 June 2026; EUR 15,125 ARR lost by notice; 1 champion leaving. Win the customer "
        "back by then, or wind the contract down in good order."
    )
    unknown = choose(told({"upsell": 900.0}, signed(15_125, is_decided=True)))
    assert unknown.text.startswith("Ends on 10 June 2026; EUR 15,125 ARR lost by notice. Win")
    small = choose(told(AMOUNTS, signed(120, is_decided=True)))
    assert (small.play, small.at_stake) == ("leave_alone", 0)
    assert small.text == (
        "Ends on 10 June 2026; EUR 120 ARR lost by notice. No outreach needed now."
    )


def test_notice_for_a_part_holds_the_sale_back_and_counts_as_at_risk_once() -> None:
    case = told(AMOUNTS | {"churn": 300.0}, signed(700, is_decided=False))
    assert case.risk == 1000
    found = choose(case)
    assert (found.play, found.at_stake) == ("fix_before_you_sell", 2000)
    assert found.why == "Expand on hold: EUR 700 ARR lost by notice, by 10 June 2026"
    assert choose(told(AMOUNTS, signed(249, is_decided=False))).play == "expand"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "en",
            "EUR 3,000 ARR at risk (downsell EUR 1,800, churn EUR 1,200) against EUR 1,000",
        ),
        (
            "de",
            "3.000 EUR ARR gefährdet (Downsell 1.800 EUR, Churn 1.200 EUR) bei 1.000 EUR",
        ),
    ],
)
def test_what_puts_arr_at_risk_is_named_with_its_amount(language: str, text: str) -> None:
    amounts = {"upsell": 1000.0, "cross_sell": 0.0, "churn": 1200.0, "downsell": 1800.0}
    assert text in choose(replace(told(amounts), words=WORDS[language])).text


def test_what_no_model_looked_at_is_neither_risk_nor_gain() -> None:
    no_loss = {"upsell": 1000.0, "cross_sell": 0.0}
    assert told(no_loss).risk is None
    assert choose(told(no_loss)).at_stake == 1000
    quiet = choose(told({"upsell": 12.0, "cross_sell": 0.0}))
    assert quiet.text == (
        "EUR 12 expected expansion, ARR at risk not known. No outreach needed now."
    )
    # An issue is worth outreach where nobody can say what it puts at risk.
    issue = choose(told({"upsell": 12.0}, tickets_open_escalated=1.0))
    assert (issue.play, issue.at_stake) == ("fix_before_you_sell", None)
    # Risk is held against no gain that is not known, and names what the gain lacks.
    no_gain = choose(told({"churn": 20_357.0}))
    assert no_gain.text == (
        "EUR 20,357 ARR at risk (churn), expected expansion not known. Resolve this first; make no "
        "offer until then."
    )
    some = choose(told({"upsell": 1000.0, "churn": 20_357.0}))
    assert "against EUR 1,000 expected expansion, cross-sell not known" in some.text
    neither = choose(told({}))
    assert neither.text == (
        "Expected expansion not known, ARR at risk not known. No outreach needed now."
    )


@pytest.mark.parametrize(("numbers", "text"), TEXTS)
def test_texts_tell_the_account_s_own_numbers(numbers: dict[str, float], text: str) -> None:
    found = choose(account({name: str(value) for name, value in numbers.items()}))
    assert found.text == text


def test_the_document_explains_every_play_and_guard() -> None:
    text = DOCUMENT.read_text("utf-8")
    flat = " ".join(text.split())
    for one in PLAYS.values():
        assert f"## {one.title()}\n" in text
        assert one.meaning in flat
    for reason in GUARDS.values():
        assert reason.meaning in flat, reason.name
        assert reason.instead in PLAYS
    for limit in Limits.__dataclass_fields__:
        assert f"`{limit}`" in text
