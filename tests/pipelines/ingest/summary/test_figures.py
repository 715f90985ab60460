"""The business summary says what a person from finance would work out from the same tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli.show import business
from pipelines.ingest.check import check
from pipelines.ingest.summary.figures import Summary
from pipelines.ingest.summary.revenue import DayRevenue, Movement
from tests.pipelines.small import company

ACCOUNTS = """
account_id,name,created_on,known_at
a1,Example One,2023-01-01,2023-01-01
a2,Example Two,2023-01-01,2023-01-01
a3,Example Three,2023-01-01,2023-01-01
a4,Example Four,2023-01-01,2023-01-01
"""
# a1 grows from 1,000 to 3,000 in 2024 and shrinks to 2,000 in 2025; a2 leaves on 1 July 2024;
# a3 comes in February 2024; a4 pays nothing.
SUBSCRIPTIONS = """
subscription_id,account_id,product_id,starts_on,ended_on,ended_known_on,quantity,unit_price,currency,signed_on,known_at
s1,a1,core,2023-01-01,2024-03-01,2024-02-01,10,100,EUR,2023-01-01,2023-01-01
s1,a1,core,2024-03-01,2025-02-01,2025-01-15,30,100,EUR,2024-02-01,2024-02-01
s1,a1,core,2025-02-01,,,20,100,EUR,2025-01-15,2025-01-15
s2,a2,core,2023-01-01,2024-07-01,2024-06-01,5,120,EUR,2023-01-01,2023-01-01
s3,a3,core,2024-02-01,,,4,140,EUR,2024-02-01,2024-02-01
s4,a4,extra,2023-01-01,,,7,0,EUR,2023-01-01,2023-01-01
"""
USAGE_DAILY = """
account_id,product_id,feature,day,events,user_id,known_at
a1,core,search,2025-03-01,3,u1,2025-03-01
a1,core,search,2025-03-10,3,u2,2025-03-10
a1,core,open,2025-03-11,3,u2,2025-03-11
a1,core,open,2025-03-31,3,u1,2025-04-04
"""
TOML = "[company]\ndata_through = 2025-04-01\n"


def summary(folder: Path, toml: str = TOML, **tables: str | None) -> Summary:
    """Return the summary of the company above, with other tables on demand."""
    all_tables: dict[str, Any] = {
        "accounts": ACCOUNTS,
        "subscriptions": SUBSCRIPTIONS,
        "usage_daily": USAGE_DAILY,
        **tables,
    }
    figures = check(company(folder, toml, **all_tables)).summary
    assert figures is not None
    return figures


def test_arr_and_paying_accounts_by_the_end_of_each_month(tmp_path: Path) -> None:
    figures = summary(tmp_path)
    assert figures.today == DayRevenue(date(2025, 3, 31), 2560.0, 2)
    assert [(str(month.day), month.arr, month.accounts) for month in figures.months] == [
        ("2024-03-31", 4160.0, 3),
        ("2024-04-30", 4160.0, 3),
        ("2024-05-31", 4160.0, 3),
        ("2024-06-30", 4160.0, 3),
        ("2024-07-31", 3560.0, 2),
        ("2024-08-31", 3560.0, 2),
        ("2024-09-30", 3560.0, 2),
        ("2024-10-31", 3560.0, 2),
        ("2024-11-30", 3560.0, 2),
        ("2024-12-31", 3560.0, 2),
        ("2025-01-31", 3560.0, 2),
        ("2025-02-28", 2560.0, 2),
        ("2025-03-31", 2560.0, 2),
    ]


def test_a_line_runs_on_its_start_day_and_not_on_its_end_day(tmp_path: Path) -> None:
    before = summary(tmp_path, "[company]\ndata_through = 2024-07-01\n").today
    on_the_day = summary(tmp_path, "[company]\ndata_through = 2024-07-02\n").today
    assert (before.arr, before.accounts) == (4160.0, 3)
    assert (on_the_day.arr, on_the_day.accounts) == (3560.0, 2)
    renewed = summary(tmp_path, "[company]\ndata_through = 2024-03-02\n").today
    assert renewed.arr == 30 * 100 + 5 * 120 + 4 * 140


def test_gains_losses_and_ends_of_each_year_add_up(tmp_path: Path) -> None:
    first, second, third = summary(tmp_path).years
    none = Movement(0.0, 0)
    assert (first.year, first.arr, first.accounts, first.nrr) == (2023, 1600.0, 2, None)
    assert (first.new, first.expansion) == (Movement(1600.0, 2), none)
    assert (second.new, second.expansion) == (Movement(560.0, 1), Movement(2000.0, 1))
    assert (second.contraction, second.churned) == (none, Movement(600.0, 1))
    assert second.nrr == pytest.approx(3000 / 1600)
    assert (str(third.end), third.contraction) == ("2025-03-31", Movement(1000.0, 1))
    for before, year in ((first, second), (second, third)):
        gained = year.new.arr + year.expansion.arr
        assert before.arr + gained - year.contraction.arr - year.churned.arr == year.arr


def test_prices_and_quantities_of_a_product_are_those_that_run(tmp_path: Path) -> None:
    core, extra = summary(tmp_path).prices
    assert (core.product, core.lines, core.accounts, core.arr) == ("core", 2, 2, 2560.0)
    assert core.price == (110.0, 120.0, 130.0)
    assert core.quantity == (8.0, 12.0, 16.0)
    assert (extra.product, extra.arr, extra.price) == ("extra", 0.0, (0.0, 0.0, 0.0))


def test_when_rows_happened_and_when_they_were_known(tmp_path: Path) -> None:
    figures = {record.table: record for record in summary(tmp_path).records}
    usage = figures["usage_daily"]
    assert (usage.rows, str(usage.first_day), str(usage.last_day)) == (
        4,
        "2025-03-01",
        "2025-03-31",
    )
    assert usage.late_days == (0, 4)
    assert figures["subscriptions"].late_days == (0, 0)
    accounts = figures["accounts"]
    assert (str(accounts.load_day), accounts.load_share) == ("2023-01-01", 1.0)
    assert usage.load_share == 0.25


def test_columns_that_say_nothing_are_named(tmp_path: Path) -> None:
    figures = {record.table: record for record in summary(tmp_path).records}
    assert figures["subscriptions"].empty == ("plan", "term_ends_on", "list_price")
    assert figures["usage_daily"].empty == ("active_users",)
    assert figures["usage_daily"].constant["events"] == "3.0"
    assert "subscription_id" not in figures["subscriptions"].constant


def test_seats_stand_against_the_people_who_use_them(tmp_path: Path) -> None:
    seats = summary(tmp_path).seats
    assert (seats.licensed, seats.active, seats.with_access) == (31.0, 2, None)
    users = """
user_id,account_id,activated_on,deactivated_on,deactivated_known_on,known_at
u1,a1,2023-02-01,,,2023-02-01
u2,a1,2023-02-01,,,2023-02-01
u3,a1,2023-02-01,2024-01-01,2024-01-01,2023-02-01
"""
    products = """
product_id,name,price_metric,launched_on,known_at
core,Core,seats,2020-01-01,2020-01-01
extra,Extra,calls,2020-01-01,2020-01-01
"""
    seats = summary(tmp_path, users=users, products=products).seats
    assert (seats.licensed, seats.with_access) == (24.0, 2)


def test_counts_of_people_are_a_lower_bound(tmp_path: Path) -> None:
    counts = USAGE_DAILY.replace("user_id", "active_users")
    for user, count in (("u1", "5"), ("u2", "8")):
        counts = counts.replace(user, count)
    seats = summary(tmp_path, usage_daily=counts).seats
    assert (seats.active, seats.is_lower_bound) == (8, True)


def test_usage_is_held_against_subscriptions(tmp_path: Path) -> None:
    early = USAGE_DAILY + "a2,core,open,2025-01-01,1,u9,2025-01-01\n"
    usage = summary(
        tmp_path, '[rules]\n"usage_daily.within_subscription" = "accept"\n', usage_daily=early
    ).usage
    assert (usage.rows, usage.subscribed_share) == (5, 0.8)
    usage = summary(tmp_path).usage
    assert (usage.active_accounts, usage.paying_accounts) == (1, 2)


def test_the_summary_is_in_the_json(tmp_path: Path) -> None:
    settings = company(
        tmp_path, TOML, accounts=ACCOUNTS, subscriptions=SUBSCRIPTIONS, usage_daily=USAGE_DAILY
    )
    figures = check(settings).as_dict()["summary"]
    assert figures["currency"] == "EUR"
    assert figures["years"][1]["expansion"] == {"arr": 2000.0, "accounts": 1}
    assert figures["prices"][0]["price"] == (110.0, 120.0, 130.0)


def test_the_company_fits_on_one_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    business.summary(summary(tmp_path))
    lines = [line.replace("\u00a0", " ") for line in capsys.readouterr().out.splitlines()]
    assert len(lines) <= 40
    assert "EUR 2,560 ARR of 2 paying accounts on 31 Mar 2025, 1,280 each" in lines
    assert max(map(len, lines)) <= 100
    (year,) = [line.split("  ") for line in lines if line.startswith("31 Dec 2024")]
    cells = [cell.strip() for cell in year if cell.strip()]
    assert cells == [
        "31 Dec 2024",
        "3,560",
        "2",
        "+560 (1)",
        "+2,000 (1)",
        "–",
        "−600 (1)",
        "188 %",
    ]
    assert "Seats: 31 licensed, 2 people active in 28 days" in lines


def test_a_company_without_any_paid_line_has_a_summary(tmp_path: Path) -> None:
    free = SUBSCRIPTIONS.replace(",100,EUR", ",0,EUR").replace(",120,EUR", ",0,EUR")
    figures = summary(tmp_path, subscriptions=free.replace(",140,EUR", ",0,EUR"))
    assert (figures.today.arr, figures.today.accounts) == (0.0, 0)
    assert figures.months == figures.years == []


def test_one_is_no_plural_and_what_was_known_ahead_is_early(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = {
        "accounts": "account_id,name,created_on,known_at\na,A,2024-03-01,2024-01-01\n",
        "subscriptions": "subscription_id,account_id,product_id,starts_on,quantity,unit_price,"
        "currency,signed_on,known_at\ns,a,core,2024-03-01,10,100,EUR,2024-03-01,2024-03-01\n",
        "users": "user_id,account_id,activated_on,deactivated_on,deactivated_known_on,known_at\n"
        "u,a,2024-03-01,,,2024-02-28\nv,a,2024-03-01,2025-01-01,2025-01-01,2024-03-06\n",
        "usage_daily": "account_id,product_id,feature,day,events,user_id,known_at\n"
        "a,core,search,2025-03-31,1,u,2025-03-31\n",
    }
    business.summary(summary(tmp_path, **one))
    lines = [line.replace("\u00a0", " ") for line in capsys.readouterr().out.splitlines()]
    assert "EUR 1,000 ARR of 1 paying account on 31 Mar 2025, 1,000 each" in lines
    assert "Seats: 10 licensed, 1 user with access, 1 person active in 28 days" in lines
    assert lines[-1].endswith("; 1 of 1 paying account active in 28 days")
    late = {line.split()[0]: line for line in lines if line.startswith(("accounts  ", "users"))}
    assert " 60 early " in late["accounts"]
    assert " 2 early to 5 " in late["users"]
