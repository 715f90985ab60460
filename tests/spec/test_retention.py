"""What an account pays and has announced on 2024-06-01, and what became of it in a year.

The days looked ahead to are 2024-08-31, 2024-11-30, 2025-03-01 and 2025-05-31.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from features.point_in_time.facts import Facts, spine
from features.subscriptions.contracted_arr import DAYS, standings
from models.forecast.retention import PARTS, band, retained
from tests.support.company import company, compare, rows

DAY = date(2024, 6, 1)
MOVES = ("up", "down", "more", "less", "gone")
"""Contracted up and down, expansion, downsell and churn."""
SHORT = dict(zip(("today", "q1", "q2", "q3", "q4"), DAYS, strict=True))


def assert_standings(expect: str, subscriptions: str) -> None:
    """Compare the columns that ``expect`` names; ``q1`` stands for ``arr_in_91d``."""
    tables = company(subscriptions=subscriptions)
    found = standings(Facts(tables, spine(tables, [DAY]), [DAY])).to_pyarrow().to_pylist()
    told = [{**row, **{short: row[name] for short, name in SHORT.items()}} for row in found]
    wanted = [{"as_of": str(DAY), **row} for row in rows(expect)]
    names = [name for name in wanted[0] if name not in ("account_id", "as_of")]
    compare(wanted, names, told)


def test_what_is_signed_comes_on_its_day() -> None:
    assert_standings(
        subscriptions="""
        account_id | subscription_id | starts_on  | quantity | signed_on
        stays      | 1               | 2023-01-01 | 10       | 2023-01-01
        ramp       | 2               | 2023-01-01 | 10       | 2023-01-01
        ramp       | 2               | 2024-09-01 | 20       | 2024-02-01
        ramp       | 2               | 2025-03-01 | 30       | 2024-02-01
        adds       | 3               | 2023-01-01 | 10       | 2023-01-01
        adds       | 4               | 2024-08-30 | 5        | 2024-05-01
        """,
        expect="""
        account_id | today | q1   | q2   | q3   | q4
        stays      | 1000  | 1000 | 1000 | 1000 | 1000
        ramp       | 1000  | 1000 | 2000 | 3000 | 3000
        adds       | 1000  | 1500 | 1500 | 1500 | 1500
        """,
    )


def test_what_is_known_to_end_is_gone_on_its_day() -> None:
    assert_standings(
        subscriptions="""
        account_id | starts_on  | ended_on   | ended_known_on | quantity | signed_on
        ends       | 2023-01-01 | 2024-12-01 | 2024-05-01     | 10       | 2023-01-01
        on_the_day | 2023-01-01 | 2024-08-31 | 2024-05-01     | 10       | 2023-01-01
        pauses     | 2023-01-01 | 2024-07-01 | 2024-05-01     | 10       | 2023-01-01
        pauses     | 2024-12-01 | -          | -              | 12       | 2024-05-01
        """,
        expect="""
        account_id | today | q1   | q2   | q3   | q4
        ends       | 1000  | 1000 | 1000 | 0    | 0
        on_the_day | 1000  | 0    | 0    | 0    | 0
        pauses     | 1000  | 0    | 0    | 1200 | 1200
        """,
    )


def test_what_was_not_known_before_the_day_is_not_there() -> None:
    assert_standings(
        subscriptions="""
        account_id | starts_on  | ended_on   | ended_known_on | quantity | known_at
        today      | 2023-01-01 | -          | -              | 10       | 2023-01-01
        today      | 2024-09-01 | -          | -              | 20       | 2024-06-01
        secret     | 2023-01-01 | 2024-07-01 | 2024-06-01     | 10       | 2023-01-01
        withdrawn  | 2023-01-01 | -          | -              | 10       | 2023-01-01
        withdrawn  | 2024-09-01 | 2024-09-01 | 2024-05-01     | 20       | 2024-01-01
        """,
        expect="""
        account_id | today | q1   | q2   | q4
        today      | 1000  | 1000 | 1000 | 1000
        secret     | 1000  | 1000 | 1000 | 1000
        withdrawn  | 1000  | 1000 | 1000 | 1000
        """,
    )


def test_the_next_period_of_a_line_replaces_the_one_before_and_another_line_adds() -> None:
    assert_standings(
        subscriptions="""
        account_id | subscription_id | starts_on  | ended_on   | ended_known_on | quantity
        late_news  | 1               | 2023-01-01 | 2024-05-20 | 2024-06-10     | 10
        late_news  | 1               | 2024-05-20 | -          | -              | 4
        two_lines  | 2               | 2023-01-01 | -          | -              | 10
        two_lines  | 3               | 2024-05-20 | -          | -              | 4
        """,
        expect="""
        account_id | today | q1   | q4
        late_news  | 400   | 400  | 400
        two_lines  | 1400  | 1400 | 1400
        """,
    )


@pytest.mark.parametrize(
    "lines",
    [
        "1 | 2023-06-01 | 2024-06-01 | 2024-04-15 | 10 | 2023-05-15",
        "1 | 2023-06-01 | -          | -          | 10 | 2023-05-15",
    ],
)
def test_the_standing_on_the_renewal_day_is_that_of_the_new_period(lines: str) -> None:
    assert_standings(
        subscriptions=f"""
        subscription_id | starts_on  | ended_on | ended_known_on | quantity | signed_on
        {lines}
        1 | 2024-06-01 | - | - | 12 | 2024-04-15
        """,
        expect="""
        account_id | today | q1   | q2   | q3   | q4
        a          | 1200  | 1200 | 1200 | 1200 | 1200
        """,
    )


def test_the_next_renewal_and_the_longest_term_of_what_runs() -> None:
    assert_standings(
        subscriptions="""
        account_id | subscription_id | starts_on  | term_ends_on | ended_on   | ended_known_on
        soon       | 1               | 2023-07-01 | 2024-07-01   | -          | -
        soon       | 2               | 2024-01-01 | 2027-01-01   | -          | -
        passed     | 3               | 2023-05-01 | 2024-05-01   | -          | -
        over       | 4               | 2023-05-01 | 2024-06-15   | 2024-05-01 | 2024-05-01
        over       | 5               | 2023-05-01 | -            | -          | -
        """,
        expect="""
        account_id | renewal_days | term_days
        soon       | 30           | 1096
        passed     | -31          | 366
        over       | -            | -
        """,
    )


def test_every_account_counts_once_with_what_remains() -> None:
    """Percentages of the ARR today, each account on its own."""
    told = rows("""
        account    | today | signed | then | nrr | grr | up | down | more | less | gone
        stays      | 100   | 100    | 100  | 100 | 100 | 0  | 0    | 0    | 0    | 0
        ramp       | 100   | 150    | 150  | 150 | 100 | 50 | 0    | 0    | 0    | 0
        ramp_more  | 100   | 150    | 170  | 170 | 100 | 50 | 0    | 20   | 0    | 0
        ramp_less  | 100   | 150    | 120  | 120 | 100 | 50 | 0    | 0    | -30  | 0
        ramp_lost  | 100   | 150    | 0    | 0   | 0   | 50 | 0    | 0    | 0    | -150
        told_less  | 100   | 60     | 60   | 60  | 60  | 0  | -40  | 0    | 0    | 0
        told_ends  | 100   | 0      | 0    | 0   | 0   | 0  | -100 | 0    | 0    | 0
        told_saved | 100   | 0      | 80   | 80  | 80  | 0  | -100 | 80   | 0    | 0
        grows      | 100   | 100    | 160  | 160 | 100 | 0  | 0    | 60   | 0    | 0
        shrinks    | 100   | 100    | 70   | 70  | 70  | 0  | 0    | 0    | -30  | 0
        leaves     | 100   | 100    | 0    | 0   | 0   | 0  | 0    | 0    | 0    | -100
        """)
    for row in told:
        one = {name: float(cell) for name, cell in row.items() if name != "account"}
        today, signed, then = (np.array([one.pop(name)]) for name in ("today", "signed", "then"))
        found = retained(today, signed, then[None, :])
        parts = {short: found.parts[name][0] for short, name in zip(MOVES, PARTS, strict=True)}
        shares = {"nrr": found.nrr[0], "grr": found.grr[0], **parts}
        assert {name: 100 * share for name, share in shares.items()} == pytest.approx(one), row


def test_accounts_are_weighed_by_what_they_pay_and_gains_do_not_hide_losses() -> None:
    found = retained(np.array([100.0, 300.0]), np.array([100.0, 300.0]), np.array([[200.0, 150.0]]))
    assert found.nrr[0] == pytest.approx(350 / 400)
    assert found.grr[0] == pytest.approx(250 / 400)


@pytest.mark.parametrize(
    ("nrr", "name"),
    [(1.3, "almost unheard of"), (1.2999, "excellent"), (1.1, "okay"), (1.0999, "below okay")],
)
def test_the_bands_begin_at_their_lower_end(nrr: float, name: str) -> None:
    assert band(nrr) == name
