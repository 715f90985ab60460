"""Each hint fires where it should and is silent beside it; the document says what the code says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from features.catalogue import GENERATED
from features.errors import UsageError
from models.common.clock import utc_now
from pipelines.cli.show import business
from pipelines.ingest.check import check
from pipelines.ingest.summary import hints
from tests.pipelines.small import company

DOCS = Path(__file__).parents[4] / "docs"
THROUGH = date(2025, 7, 1)
TOML = f"[company]\ndata_through = {THROUGH}\n"

Tables = dict[str, str]


def csv(header: str, *rows: str) -> str:
    """Return a CSV file."""
    return "\n".join([header, *rows]) + "\n"


def accounts(number: int, name: Callable[[int], str] = "Customer {}".format) -> Tables:
    """Return accounts a0, a1 ... that began in 2023."""
    rows = (f"a{n},{name(n)},2023-01-01,2023-01-01" for n in range(number))
    return {"accounts": csv("account_id,name,created_on,known_at", *rows)}


class Line(NamedTuple):
    """A period as a row of ``subscriptions``; what is not said is harmless."""

    account: str
    line: str = ""
    product: str = "core"
    plan: str = ""
    starts: str = "2023-01-01"
    term: str = ""
    ends: str = ""
    end_known: str = ""
    quantity: float = 10
    price: float = 100
    list_price: str = ""
    signed: str = ""
    known: str = ""

    def row(self) -> str:
        """Return the row."""
        signed = self.signed or self.starts
        cells = (
            self.line or f"{self.account}-{self.product}", self.account, self.product, self.plan,
            self.starts, self.term, self.ends, self.end_known or self.ends, self.quantity,
            self.price, self.list_price, "EUR", signed, self.known or signed,
        )  # fmt: skip
        return ",".join(map(str, cells))


def lines(*periods: Line) -> Tables:
    """Return the table ``subscriptions``."""
    header = (
        "subscription_id,account_id,product_id,plan,starts_on,term_ends_on,ended_on,ended_known_on,"
        "quantity,unit_price,list_price,currency,signed_on,known_at"
    )
    return {"subscriptions": csv(header, *(period.row() for period in periods))}


def usage(*rows: str) -> Tables:
    """Return usage, each row as account, day, known_at and user."""
    header = "product_id,feature,events,account_id,day,known_at,user_id"
    return {"usage_daily": csv(header, *(f"core,search,1,{row}" for row in rows))}


USED = usage("a0,2025-06-30,2025-06-30,u1")
NONE: Tables = {}


def hinted(folder: Path, tables: Tables, toml: str = TOML) -> dict[str, str]:
    """Return the figure of each hint of a company, by name and place."""
    report = check(company(folder, toml, **{**USED, **tables}))
    return {f"{hint.name} {hint.place}": hint.figure for hint in report.hints}


def tickets(closed: str, csat: str = "") -> Tables:
    """Return thirty tickets of two years, a tenth of which has ``closed`` as its end."""
    rows = (
        f"t{n},a0,{2023 + n // 15}-01-{n % 15 + 1:02},"
        f"{closed if n % 10 == 0 else ''},{csat if n % 10 == 0 else ''},2025-06-01"
        for n in range(30)
    )
    return {"tickets": csv("ticket_id,account_id,opened_on,closed_on,csat,known_at", *rows)}


def customers(number: int, make: Callable[[int], Line]) -> Tables:
    """Return accounts with a line each."""
    return accounts(number) | lines(*(make(n) for n in range(number)))


def renewals(account: str, ends: str, new: int, *, known: str = "") -> Iterator[Line]:
    """Yield a line of 100 units, and one under a new number from July 2024 on."""
    yield Line(account, "c1", starts="2024-01-01", term=ends, ends=ends, end_known=known,
               quantity=100)  # fmt: skip
    yield Line(account, "c2", starts="2024-07-01", signed="2024-06-20", quantity=new)


def monthly(account: str, price: Callable[[int], float], months: int = 24) -> Iterator[Line]:
    """Yield a period a month of one line, with quantity 1."""
    for n in range(months):
        first, last = (date(2023 + m // 12, m % 12 + 1, 1) for m in (n, n + 1))
        yield Line(account, starts=str(first), ends=str(last) if n < months - 1 else "",
                   quantity=1, price=price(n))  # fmt: skip


def billed(price: float, months: int, number: int, first: int) -> list[Line]:
    """Return lines that are billed every ``months`` months."""
    end = str(date(2025, 1, 1) + timedelta(days=round(30.44 * months)))
    return [
        Line(f"a{n}", starts="2025-01-01", term=end, price=price)
        for n in range(first, first + number)
    ]


def month_rows(ahead: bool) -> Iterator[Line]:
    """Yield months with their last day, known from the start or as it came."""
    for n, period in enumerate(monthly("a0", lambda _: 50)):
        if n < 23:
            yield period._replace(end_known=period.starts if ahead else period.ends)


LOADED = ("2023-06-02,2025-05-01", "2023-06-03,2025-05-02", "2025-06-02,2025-06-02")
"""Days of use, each with the day on which it was known."""
USERS = "user_id,account_id,activated_on,deactivated_on,deactivated_known_on,known_at"


def used(last: dict[str, str], every: int = 1) -> Tables:
    """Return usage of each account every so many days in the half year up to its last day."""
    return usage(
        *(
            f"{account},{day},{day},u-{account}"
            for account, end in last.items()
            for day in (date.fromisoformat(end) - timedelta(days=n) for n in range(0, 182, every))
        )
    )


def ticketed(last: str, every: int = 5, number: int = 40) -> Tables:
    """Return tickets that are opened and known every so many days up to a last one."""
    days = [date.fromisoformat(last) - timedelta(days=every * n) for n in range(number)]
    rows = (f"t{n},a0,{day},{day},{day}" for n, day in enumerate(days))
    return {"tickets": csv("ticket_id,account_id,opened_on,closed_on,known_at", *rows)}


class Case(NamedTuple):
    """A company in which a hint fires with a figure, and one beside it in which it is silent."""

    name: str
    place: str
    fires: Tables
    figure: str
    silent: Tables
    toml: str = TOML


CASES = [
    Case(
        "never_ends",
        "tickets.closed_on",
        accounts(1) | lines(Line("a0")) | tickets(""),
        "Empty in all 30 rows of 2.5 years: no ticket is ever closed.",
        accounts(1) | lines(Line("a0")) | tickets("2025-06-01"),
    ),
    Case(
        "never_ends",
        "subscriptions.ended_on",
        customers(30, lambda n: Line(f"a{n}")),
        "Empty in all 30 rows of 2.5 years: no subscription ever ends, so nobody ever leaves.",
        customers(30, lambda n: Line(f"a{n}", ends="" if n else "2024-01-01")),
    ),
    Case(
        "never_ends",
        "users.deactivated_on",
        accounts(1)
        | lines(Line("a0"))
        | {"users": csv(USERS, *(f"u{n},a0,2023-01-01,,,2023-01-01" for n in range(20)))},
        "Empty in all 20 rows of 2.5 years: nobody ever loses access.",
        accounts(1)
        | lines(Line("a0"))
        | {"users": csv(USERS, *(f"u{n},a0,2025-01-01,,,2025-01-01" for n in range(20)))},
    ),
    Case(
        "ends_known_from_the_start",
        "subscriptions.ended_known_on",
        accounts(1) | lines(*month_rows(ahead=True)),
        "23 of 23 ends were known on the day the period began or before, 31 days (median) ahead.",
        accounts(1) | lines(*month_rows(ahead=False)),
    ),
    Case(
        "overlapping_lines",
        "subscriptions.ended_on",
        accounts(1) | lines(*renewals("a0", "2025-01-01", 150, known="2024-06-20")),
        "1 line of 1 account started while another line of the same product ran on, for 184 days "
        "(median): EUR 10,000 ARR counted twice, EUR 0 of it on the last day.",
        accounts(1) | lines(*renewals("a0", "2024-07-01", 150, known="2024-06-20")),
    ),
    Case(  # fewer units, and still signed as the old end became known
        "overlapping_lines",
        "subscriptions.ended_on",
        accounts(1) | lines(*renewals("a0", "2025-12-01", 80, known="2024-06-25")),
        "1 line of 1 account started while another line of the same product ran on, for 365 days "
        "(median): EUR 10,000 ARR counted twice, EUR 10,000 of it on the last day.",
        # a part that was bought in addition and goes on longer
        accounts(1) | lines(*renewals("a0", "2025-12-01", 20, known="2025-12-01")),
    ),
    Case(  # the old line has no end at all
        "overlapping_lines",
        "subscriptions.ended_on",
        accounts(1) | lines(*renewals("a0", "", 150)),
        "Unless they are meant to run side by side: 1 line of 1 account started while another line "
        "of the same product ran on, for 365 days (median): EUR 10,000 ARR counted twice, EUR "
        "10,000 of it on the last day.",
        accounts(1) | lines(*renewals("a0", "", 30)),
    ),
    Case(  # two among many products and accounts, of which the others renew as they should
        "overlapping_lines",
        "subscriptions.ended_on",
        accounts(40)
        | lines(
            *(
                line._replace(line=f"{line.line}-{n}")
                for n in range(40)
                for line in renewals(f"a{n}", "2025-01-01" if n < 2 else "2024-07-01", 100)
            )
        ),
        "2 lines of 2 accounts started while another line of the same product ran on, for 184 days "
        "(median): EUR 20,000 ARR counted twice, EUR 0 of it on the last day.",
        accounts(40)
        | lines(
            *(
                line._replace(line=f"{line.line}-{n}", product=line.line)
                for n in range(40)
                for line in renewals(f"a{n}", "2025-01-01", 100)
            )
        ),
    ),
    Case(
        "arr_unlike_finance",
        "subscriptions.unit_price",
        customers(3, lambda n: Line(f"a{n}", price=1200)),
        "ARR on 2025-06-30 is EUR 36,000, 12.0 times the 3,000 that [company] arr says.",
        customers(3, lambda n: Line(f"a{n}", price=102)),
        TOML + "arr = 3000\n",
    ),
    Case(
        "arr_unlike_finance",
        "subscriptions.unit_price",
        customers(3, lambda n: Line(f"a{n}", price=1)),
        "ARR on 2024-12-31 is EUR 30, 1.0 % of the 3,000 that [company] arr says.",
        customers(3, lambda n: Line(f"a{n}", ends="" if n else "2025-01-01")),
        TOML + "arr = 3000\narr_on = 2024-12-31\n",
    ),
    Case(
        "price_unlike_list_price",
        "subscriptions.list_price",
        customers(6, lambda n: Line(f"a{n}", price=9, list_price="120")),
        "core: 9.00 a unit a year against a list price of 120.00 (medians of 6 lines), like a "
        "month's price beside a year's list price.",
        customers(6, lambda n: Line(f"a{n}", price=60, list_price="120")),
    ),
    Case(
        "price_unlike_list_price",
        "subscriptions.list_price",
        customers(6, lambda n: Line(f"a{n}", price=9900, list_price="110")),
        "core: 9,900.00 a unit a year against a list price of 110.00 (medians of 6 lines), like a "
        "price in cents beside a list price in full units.",
        customers(6, lambda n: Line(f"a{n}", price=130, list_price="110")),
    ),
    Case(
        "price_by_billing_period",
        "subscriptions.unit_price",
        accounts(20) | lines(*billed(10, 1, 10, 0), *billed(118, 12, 10, 10)),
        "core: a unit costs 11.8 times as much in periods of 12 months as in periods of 1 (20 "
        "lines).",
        accounts(20) | lines(*billed(120, 1, 10, 0), *billed(100, 12, 10, 10)),
    ),
    Case(
        "price_grows_with_quantity",
        "subscriptions.unit_price",
        customers(30, lambda n: Line(f"a{n}", quantity=5 + n, price=(5 + n) * (100 - n))),
        "core: a line of twice the units has twice the price a unit (30 lines); ARR may be 22.6 "
        "times too large.",
        customers(30, lambda n: Line(f"a{n}", quantity=5 + n, price=100 - n)),
    ),
    Case(
        "price_changes_alone",
        "subscriptions.quantity",
        accounts(1) | lines(*monthly("a0", lambda n: 100 + n)),
        "23 changes of the price alone, 0 of the quantity; 100 % of the lines have quantity 1.",
        accounts(1)
        | lines(*(month._replace(plan=month.starts) for month in monthly("a0", lambda n: 100 + n))),
    ),
    Case(
        "price_changes_alone",
        "subscriptions.quantity",
        accounts(1) | lines(*(line._replace(quantity=25) for line in monthly("a0", float))),
        "23 changes of the price alone, 0 of the quantity; 0 % of the lines have quantity 1.",
        accounts(1)
        | lines(*(month._replace(quantity=20 + month.price % 2) for month in monthly("a0", float))),
    ),
    Case(
        "lines_without_price",
        "subscriptions.unit_price",
        customers(20, lambda n: Line(f"a{n}", price=100 if n >= 5 else 0)),
        "5 of 20 lines (25 %) of 5 accounts have a price or quantity of 0 or less.",
        customers(20, lambda n: Line(f"a{n}", price=100 if n else 0)),
    ),
    Case(
        "one_account_pays_most",
        "subscriptions.account_id",
        customers(20, lambda n: Line(f"a{n}", quantity=10 if n else 1000)),
        "a0 pays 84 % of ARR, one of 20 paying accounts.",
        customers(20, lambda n: Line(f"a{n}", quantity=10 if n else 100)),
    ),
    Case(
        "units_unlike_seats",
        "products.price_metric",
        accounts(1)
        | lines(Line("a0"), Line("a0", product="apicalls", quantity=100_000, price=0.01)),
        "apicalls: 100,000 units a line at 0.01 a unit a year (medians of 1 line).",
        accounts(1)
        | lines(Line("a0"), Line("a0", product="apicalls", quantity=100_000, price=0.01))
        | {
            "products": csv(
                "product_id,name,price_metric,launched_on,known_at",
                "core,Core,seats,2020-01-01,2020-01-01",
                "apicalls,Calls,calls,2020-01-01,2020-01-01",
            )
        },
    ),
    Case(
        "units_unlike_seats",
        "products.price_metric",
        accounts(1)
        | lines(Line("a0", quantity=1, price=9000))
        | usage(*(f"a0,2025-06-30,2025-06-30,u{n}" for n in range(14))),
        "1 line of quantity 1, and 14 people active in 28 days at 1 account with 1 unit.",
        accounts(1)
        | lines(Line("a0", quantity=10, price=900))
        | usage(*(f"a0,2025-06-30,2025-06-30,u{n}" for n in range(14))),
    ),
    Case(
        "satisfaction_beyond_five",
        "tickets.csat",
        accounts(1) | lines(Line("a0")) | tickets("2025-06-01", csat="95"),
        "3 of 3 ratings are above 5, the largest 95.",
        accounts(1) | lines(Line("a0")) | tickets("2025-06-01", csat="5"),
    ),
    Case(
        "same_in_every_row",
        "accounts.segment",
        {
            "accounts": csv(
                "account_id,name,segment,created_on,known_at",
                *(f"a{n},Customer {n},SMB,2023-01-01,2023-01-01" for n in range(50)),
            )
        }
        | lines(Line("a0")),
        "'SMB' in all 50 rows.",
        {
            "accounts": csv(
                "account_id,name,segment,created_on,known_at",
                *(f"a{n},Customer {n},{'SMB' * n},2023-01-01,2023-01-01" for n in range(50)),
            )
        }
        | lines(Line("a0")),
    ),
    Case(
        "known_by_a_load",
        "subscriptions.known_at",
        customers(4, lambda n: Line(f"a{n}", known="2025-05-01" if n else "")),
        "3 of 4 rows (75 %) became known more than 91 days after they happened, most on "
        "2025-05-01. What happened before 2025-05-01 is not seen by features of days before it.",
        customers(4, lambda n: Line(f"a{n}", known="" if n else "2025-05-01")),
    ),
    Case(
        "known_by_a_load",
        "usage_daily.known_at",
        accounts(1) | lines(Line("a0")) | usage(*(f"a0,{days},u1" for days in LOADED)),
        "2 of 3 rows (67 %) became known more than 91 days after they happened, most on "
        "2025-05-01. What happened before 2025-05-02 is not seen by features of days before it.",
        accounts(1)
        | lines(Line("a0"))
        | usage("a0,2023-06-02,2023-06-09,u1", "a0,2023-06-03,2023-06-09,u1"),
    ),
    Case(
        "placeholder_days",
        "usage_daily.day",
        accounts(1)
        | lines(Line("a0"))
        | usage(*(f"a0,{day},{day},u1" for day in ("1970-01-01", *["2025-06-01"] * 1))),
        "1 row of 2 before 1980, such as 1970-01-01.",
        accounts(1) | lines(Line("a0")),
        TOML + '[rules]\n"usage_daily.within_subscription" = "accept"\n',
    ),
    Case(
        "placeholder_days",
        "subscriptions.starts_on",
        accounts(2) | lines(Line("a0"), Line("a1", starts="1900-01-01", signed="2023-01-01")),
        "1 row of 2 before 1980, such as 1900-01-01.",
        accounts(2) | lines(Line("a0"), Line("a1", starts="1999-01-01")),
    ),
    Case(
        "use_before_the_start",
        "usage_daily.day",
        accounts(1) | lines(Line("a0", starts="2025-01-01")) | usage("a0,2024-11-01,2024-11-01,u1"),
        "1 of 1 row (100 %) of 1 account: more than 31 days before the account's first "
        "subscription.",
        accounts(1) | lines(Line("a0", starts="2025-01-01")) | usage("a0,2024-12-10,2024-12-10,u1"),
        TOML + '[rules]\n"usage_daily.within_subscription" = "accept"\n',
    ),
    Case(
        "same_name",
        "accounts.name",
        accounts(12, lambda n: f"{('MADE  UP', 'Made Up')[n % 2]} {n // 4}") | lines(Line("a0")),
        "12 of 12 accounts share 3 names.",
        accounts(12) | lines(Line("a0")),
    ),
    Case(
        "accounts_without_subscription",
        "accounts.account_id",
        accounts(20) | lines(*(Line(f"a{n}") for n in range(10))),
        "10 of 20 accounts (50 %) never had a subscription.",
        accounts(20) | lines(*(Line(f"a{n}") for n in range(12))),
    ),
    Case(
        "paying_without_usage",
        "usage_daily.account_id",
        customers(15, lambda n: Line(f"a{n}")),
        "14 of 15 accounts that ever paid (93 %) have no row of usage.",
        customers(15, lambda n: Line(f"a{n}", price=100 if n < 2 else 0)),
    ),
    Case(
        "usage_stopped",
        "usage_daily.day",
        customers(10, lambda n: Line(f"a{n}"))
        | used({f"a{n}": "2025-06-30" if n == 9 else f"2025-04-{n + 10}" for n in range(10)}),
        "9 of 10 paying accounts with usage (90 %): no use since 2025-04-18, 73 days before the "
        "last complete day.",
        customers(10, lambda n: Line(f"a{n}"))
        | used({f"a{n}": "2025-06-30" if n > 7 else "2025-04-18" for n in range(10)}),
    ),
    Case(
        "usage_stopped",
        "usage_daily.day",
        customers(2, lambda n: Line(f"a{n}")) | used({"a0": "2025-06-02", "a1": "2025-06-02"}),
        "2 of 2 paying accounts with usage (100 %): no use since 2025-06-02, 28 days before the "
        "last complete day.",
        customers(2, lambda n: Line(f"a{n}")) | used({"a0": "2025-06-03", "a1": "2025-06-03"}),
    ),
    Case(  # use by the month
        "usage_stopped",
        "usage_daily.day",
        customers(1, lambda n: Line(f"a{n}")) | used({"a0": "2025-04-30"}, every=30),
        "1 of 1 paying account with usage (100 %): no use since 2025-04-30, 61 days before the "
        "last complete day.",
        customers(1, lambda n: Line(f"a{n}")) | used({"a0": "2025-05-31"}, every=30),
    ),
    Case(  # who has left uses nothing any more
        "usage_stopped",
        "usage_daily.day",
        customers(1, lambda n: Line(f"a{n}")) | used({"a0": "2025-02-28"}),
        "1 of 1 paying account with usage (100 %): no use since 2025-02-28, 122 days before the "
        "last complete day.",
        customers(1, lambda n: Line(f"a{n}", ends="2025-03-01")) | used({"a0": "2025-02-28"}),
    ),
    Case(
        "feed_stopped",
        "tickets.known_at",
        accounts(1) | lines(Line("a0")) | ticketed("2025-03-31"),
        "No row became known after 2025-03-31, 91 days before the last complete day; before, the "
        "longest pause was 5 days.",
        accounts(1) | lines(Line("a0")) | ticketed("2025-04-01"),
    ),
    Case(  # tickets of a small company are rare
        "feed_stopped",
        "tickets.known_at",
        accounts(1) | lines(Line("a0")) | ticketed("2025-01-01", every=60, number=20),
        "No row became known after 2025-01-01, 180 days before the last complete day; before, the "
        "longest pause was 60 days.",
        accounts(1) | lines(Line("a0")) | ticketed("2025-03-31", every=60, number=20),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.place}")
def test_a_hint_fires_with_its_figure(tmp_path: Path, case: Case) -> None:
    assert hinted(tmp_path, case.fires, case.toml)[f"{case.name} {case.place}"] == case.figure


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.place}")
def test_a_hint_is_silent_beside_it(tmp_path: Path, case: Case) -> None:
    assert f"{case.name} {case.place}" not in hinted(tmp_path, case.silent, case.toml)


def test_each_hint_has_a_case() -> None:
    elsewhere = {"todays_attribute"}  # tests/pipelines/ingest/test_attribute_history.py
    elsewhere |= {"data_ends_long_ago"}  # below, for its figure depends on today
    assert {case.name for case in CASES} == set(hints.HINTS) - elsewhere


@pytest.mark.parametrize(
    ("ended", "toml", "fires"),
    [
        (36, "", True),
        (35, "", False),
        (389, "", True),
        (389, "[company]\ndata_through = {through}\n", False),
        (1, "", False),
    ],
)
def test_tables_that_end_long_ago_are_named_unless_their_end_is_set(
    tmp_path: Path, ended: int, toml: str, fires: bool
) -> None:
    through = utc_now().date() - timedelta(days=ended)
    last = through - timedelta(days=1)
    tables = accounts(1) | lines(Line("a0")) | usage(f"a0,{last},{last},u1")
    found = hinted(tmp_path, tables, toml.format(through=through))
    told = found.get("data_ends_long_ago usage_daily.day")
    assert told == (
        f"The newest use is of {last}: the tables describe the company as of {through}, {ended} "
        "days ago."
        if fires
        else None
    )


@pytest.mark.parametrize(
    ("price", "quantity", "reading"),
    [
        (1200, 10, "it fits if prices were a year's already: do not multiply them by 12"),
        (100 / 12, 10, "it fits if prices are a month's: multiply them by 12"),
        (10_000, 10, "it fits if prices are in cents: divide them by 100"),
        (1000, 10, "it fits if unit_price is the line's total: divide it by the quantity"),
        (4321, 10, hints.HINTS["arr_unlike_finance"].do),
    ],
)
def test_how_prices_may_have_been_read_is_told(
    tmp_path: Path, price: float, quantity: float, reading: str
) -> None:
    tables = customers(3, lambda n: Line(f"a{n}", price=price, quantity=quantity))
    report = check(company(tmp_path, TOML + "arr = 3000\n", **{**USED, **tables}))
    (hint,) = [hint for hint in report.hints if hint.name == "arr_unlike_finance"]
    assert hint.do == reading


def test_which_days_can_be_used_after_a_load_is_told(tmp_path: Path) -> None:
    tables = customers(2, lambda n: Line(f"a{n}", known="2025-05-01"))
    report = check(company(tmp_path, TOML, **{**USED, **tables}))
    (hint,) = [hint for hint in report.hints if hint.name == "known_by_a_load"]
    assert hint.do == (
        "take known_at = signed_on for rows loaded by 2025-05-01, or build on the days since then "
        "alone: [build] history_days = 61"
    )
    tables = customers(2, lambda n: Line(f"a{n}", known="2025-06-30"))
    report = check(company(tmp_path, TOML, **{**USED, **tables}))
    (hint,) = [hint for hint in report.hints if hint.name == "known_by_a_load"]
    assert hint.do == (
        "take known_at = signed_on for rows loaded by 2025-06-30; no day before it can be used "
        "otherwise"
    )


def test_price_changes_that_count_are_not_told(tmp_path: Path) -> None:
    tables = accounts(1) | lines(*monthly("a0", lambda n: 100 + n))
    assert "price_changes_alone subscriptions.quantity" in hinted(tmp_path, tables)
    counted = TOML + "[build]\nprice_changes = true\n"
    assert "price_changes_alone subscriptions.quantity" not in hinted(tmp_path, tables, counted)


def test_a_hint_can_be_left_out(tmp_path: Path) -> None:
    tables = accounts(20, "Made Up {}".format) | lines(Line("a0"))
    assert list(hinted(tmp_path, tables)) == ["accounts_without_subscription accounts.account_id"]
    assert not hinted(
        tmp_path, tables, TOML + '[hints]\nleave_out = ["accounts_without_subscription"]\n'
    )
    with pytest.raises(UsageError, match=r"hints.leave_out: there is no 'never_end'.*never_ends"):
        hinted(tmp_path, tables, TOML + '[hints]\nleave_out = ["never_end"]\n')


def test_a_hint_stops_nothing_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = accounts(1) | lines(*renewals("a0", "2025-01-01", 150)) | USED
    report = check(company(tmp_path, TOML, **tables))
    assert report.ok
    (hint,) = report.as_dict()["hints"]
    assert hint["name"] == "overlapping_lines"
    assert hint["docs"] == "docs/hints.md#overlapping_lines"
    assert hint["examples"][0]["new_line"] == "c2"
    business.hints(report.hints)
    shown = " ".join(capsys.readouterr().out.split())
    assert f"overlapping_lines subscriptions.ended_on: {hint['figure']}" in shown
    assert "old_line=c1, old_ends_on=2025-01-01, new_line=c2" in shown
    assert hint["means"] in shown
    assert f"→ {hint['do']} docs/hints.md#overlapping_lines" in shown


def test_what_several_places_have_in_common_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = accounts(2) | lines(*(Line(f"a{n}", known="2025-05-01") for n in range(2)))
    late = usage("a0,2023-06-02,2025-05-01,u1")
    report = check(company(tmp_path, TOML, **{**tables, **late}))
    business.hints(report.hints)
    shown = capsys.readouterr().out
    assert shown.count("known_by_a_load\n") == 2  # its title, and where to read more
    assert "subscriptions.known_at: 2 of 2 rows" in shown
    assert "usage_daily.known_at: 1 of 1 row (" in shown
    assert shown.count("Most rows became") == 1


def test_a_company_without_usage_has_a_summary(tmp_path: Path) -> None:
    toml = TOML + "without_usage = true\n"
    tables = customers(3, lambda n: Line(f"a{n}"))
    report = check(company(tmp_path, toml, **tables, usage_daily=None))
    assert report.summary is not None
    assert report.summary.usage is None
    assert report.summary.seats.active is None
    assert report.hints == ()


def test_the_document_says_what_the_code_says() -> None:
    assert (DOCS / "hints.md").read_text("utf-8") == hints.document(GENERATED), (
        "docs/hints.md is stale: run `make docs` and commit it"
    )


def test_each_recipe_that_a_hint_names_is_there() -> None:
    recipes = (DOCS / "connect-your-data.md").read_text("utf-8")
    named = {declared.recipe for declared in hints.HINTS.values() if declared.recipe}
    assert [name for name in named if f"## {name}\n" not in recipes] == []
