"""Hints at prices that are not those of a unit and a year, and at ARR that looks wrong."""

from __future__ import annotations

from collections.abc import Iterator

from models.i18n.number_format import PLAIN
from pipelines.common.counting import counted, counted_of
from pipelines.ingest.summary import revenue
from pipelines.ingest.summary.checked_tables import CheckedTables
from pipelines.ingest.summary.hints.declaration import Finding, hint

TOLERANCE = 0.1
READINGS = {
    "sum(arr) / 12": "prices were a year's already: do not multiply them by 12",
    "sum(arr) * 12": "prices are a month's: multiply them by 12",
    "sum(arr) / 100": "prices are in cents: divide them by 100",
    "sum(arr) * 100": "prices were in full units already: do not divide them by 100",
    "sum(unit_price)": "unit_price is the line's total: divide it by the quantity",
    "sum(unit_price) / 12": "unit_price is the line's total of a year: divide it by 12 and by the "
    "quantity",
    "sum(unit_price) * 12": "unit_price is the line's total of a month: multiply it by 12 and "
    "divide it by the quantity",
    "sum(unit_price) / 100": "unit_price is the line's total in cents: divide it by 100 and by "
    "the quantity",
    "sum(arr) * 12 / 100": "prices are a month's in cents: multiply them by 12 and divide by 100",
}
"""What ARR would be with prices read otherwise, and what to do where that is finance's figure."""
FACTORS = {
    12: "a year's price beside a month's list price",
    1 / 12: "a month's price beside a year's list price",
    100: "a price in cents beside a list price in full units",
    1 / 100: "a price in full units beside a list price in cents",
}
NEAR = 0.3
MOST_ABOVE_LIST = 1.5
FEW_LINES = 5


@hint(
    needs=("subscriptions",),
    do="ask finance how they count, and compare one account that you both know",
)
def arr_unlike_finance(tables: CheckedTables) -> Iterator[Finding]:
    """ARR differs by more than 10 % from what finance reports, as [company] arr says. Every amount
    in scores, forecast and report would be wrong alike.
    """  # noqa: D205
    company = tables.settings.company
    if company.arr is None:
        return
    day = company.arr_on or tables.last_day
    (counted,) = revenue.revenue_on(tables, [day])
    ratio = counted.arr / company.arr
    if abs(ratio - 1) <= TOLERANCE:
        return
    times = f"{PLAIN.number(ratio, 1)} times" if ratio > 1 else f"{PLAIN.percent(ratio, 1)} of"
    yield Finding(
        "subscriptions.unit_price",
        f"ARR on {day} is {company.currency} {PLAIN.number(counted.arr)}, {times} the "
        f"{PLAIN.number(company.arr)} that [company] arr says.",
        do=_other_reading(tables, day, company.arr),
    )


def _other_reading(tables: CheckedTables, day: object, arr: float) -> str:
    """Return what to do if prices read otherwise give finance's figure, else nothing."""
    amounts = tables.first(
        f"SELECT {', '.join(f'{sql} AS r{n}' for n, sql in enumerate(READINGS))} "
        "FROM summary.lines WHERE starts_on <= $1 AND runs_until > $1 AND isfinite(unit_price)",
        day,
    )
    fitting = [
        text
        for amount, text in zip(amounts.values(), READINGS.values(), strict=True)
        if amount and abs(amount / arr - 1) <= TOLERANCE
    ]
    return f"it fits if {fitting[0]}" if fitting else ""


@hint(
    needs=("subscriptions",),
    do="map both prices a unit and a year, in the same currency",
)
def price_unlike_list_price(tables: CheckedTables) -> Iterator[Finding]:
    """The price paid is far from the list price in most lines of a product. One of them is a
    month's, a line's total or in cents, and ARR or discounts are wrong by that factor.
    """  # noqa: D205
    rows = tables.select(
        """
        SELECT product_id, count(*) AS lines, median(unit_price / list_price) AS ratio,
            median(unit_price) AS price, median(list_price) AS list_price
        FROM summary.lines WHERE list_price > 0 AND isfinite(list_price) AND arr > 0
        GROUP BY 1 ORDER BY 2 DESC, 1
        """
    )
    for row in rows:
        ratio = row["ratio"]
        near = next((text for factor, text in FACTORS.items() if _near(ratio, factor)), "")
        if row["lines"] >= FEW_LINES and (near or ratio > MOST_ABOVE_LIST):
            yield Finding(
                "subscriptions.list_price",
                f"{row['product_id']}: {PLAIN.number(row['price'], 2)} a unit a year against a "
                f"list price of {PLAIN.number(row['list_price'], 2)} (medians of "
                f"{row['lines']:,} lines){f', like {near}' if near else ''}.",
            )


def _near(ratio: float, factor: float) -> bool:
    return abs(ratio / factor - 1) <= NEAR


@hint(
    needs=("subscriptions",),
    do="divide the amount by the months of its period and multiply by 12 in the mapping",
    recipe="Invoices and credit notes",
)
def price_by_billing_period(tables: CheckedTables) -> Iterator[Finding]:
    """Long billing periods cost as many times more as they are longer: the price is the amount of
    a period and not of a year, so ARR is wrong by that factor.
    """  # noqa: D205
    rows = tables.select(
        """
        WITH periods AS (
            SELECT product_id, coalesce(plan, '') AS plan, unit_price,
                round((coalesce(term_ends_on, ended_on) - starts_on) / 30.44) AS months
            FROM summary.lines
            WHERE arr > 0 AND isfinite(coalesce(term_ends_on, ended_on))
        ), lengths AS (
            SELECT product_id, plan, months, median(unit_price) AS price, count(*) AS lines
            FROM periods WHERE months IN (1, 3, 6, 12, 24, 36) GROUP BY ALL HAVING count(*) >= 5
        )
        SELECT product_id, short.months AS short, long.months AS long,
            sum(long.lines + short.lines) AS lines, median(long.price / short.price) AS ratio
        FROM lengths AS short JOIN lengths AS long USING (product_id, plan)
        WHERE short.months < long.months
        GROUP BY ALL ORDER BY product_id, short, long
        """
    )
    for row in rows:
        if abs(row["ratio"] / (row["long"] / row["short"]) - 1) <= NEAR:
            yield Finding(
                "subscriptions.unit_price",
                f"{row['product_id']}: a unit costs {PLAIN.number(row['ratio'], 1)} times as much "
                f"in periods of {row['long']:.0f} months as in periods of {row['short']:.0f} "
                f"({row['lines']:,.0f} lines).",
            )
            return


@hint(
    needs=("subscriptions",),
    do="divide the line's amount by its quantity: unit_price = amount / quantity",
)
def price_grows_with_quantity(tables: CheckedTables) -> Iterator[Finding]:
    """A unit costs more the more units are bought, in proportion: unit_price is the line's total,
    and multiplied by the quantity again ARR is many times too large.
    """  # noqa: D205
    rows = tables.select(
        """
        WITH lines AS (
            SELECT product_id, ln(quantity) AS q, ln(unit_price) AS p, arr, unit_price, quantity
            FROM summary.lines WHERE arr > 0 AND quantity > 0
        )
        SELECT product_id, count(*) AS lines, regr_slope(p, q) AS slope, corr(p, q) AS fit,
            sum(arr) / sum(unit_price) AS times
        FROM lines GROUP BY 1
        HAVING count(*) >= 20 AND count(DISTINCT quantity) >= 5 ORDER BY 2 DESC
        """
    )
    for row in rows:
        if row["slope"] and 0.7 <= row["slope"] <= 1.3 and row["fit"] >= 0.8:
            yield Finding(
                "subscriptions.unit_price",
                f"{row['product_id']}: a line of twice the units has twice the price a unit "
                f"({row['lines']:,} lines); ARR may be {PLAIN.number(row['times'], 1)} times too "
                "large.",
            )


CHANGES = """
WITH steps AS (
    SELECT account_id, product_id, starts_on AS day, quantity, arr, 1 AS line,
        coalesce(plan, '') AS plan_in, NULL AS plan_out FROM summary.lines
    UNION ALL
    SELECT account_id, product_id, ended_on, -quantity, -arr, -1, NULL, coalesce(plan, '')
    FROM summary.lines WHERE ended_on IS NOT NULL
), days AS (
    SELECT account_id, product_id, day, sum(quantity) AS quantity, sum(arr) AS arr,
        sum(line) AS line, max(plan_in) <> max(plan_out) AS is_replanned
    FROM steps GROUP BY ALL
), totals AS (
    SELECT *, sum(line) OVER (PARTITION BY account_id, product_id ORDER BY day) AS lines_after
    FROM days
)
SELECT count(*) FILTER (
        abs(arr) > 0.005 AND abs(quantity) <= 1e-9 AND NOT coalesce(is_replanned, false)
    ) AS price_alone,
    count(*) FILTER (abs(quantity) > 1e-9) AS quantity, count(*) FILTER (is_replanned) AS plan,
    (SELECT avg((quantity = 1)::INTEGER) FROM summary.lines) AS ones
FROM totals WHERE lines_after > 0 AND lines_after - line > 0
"""
MANY = 20
ONES = 0.95


@hint(
    needs=("subscriptions",),
    do="set [build] price_changes = true, or map the real quantity",
    recipe="MRR only",
    leaves_no_outcomes=True,
)
def price_changes_alone(tables: CheckedTables) -> Iterator[Finding]:
    """ARR changes by price alone, at a quantity that never does: no change counts as an upsell or
    a downsell.
    """  # noqa: D205
    if tables.settings.build.price_changes:
        return
    counts = tables.first(CHANGES)
    is_constant = counts["ones"] >= ONES or not counts["quantity"]
    if is_constant and counts["price_alone"] >= max(
        MANY, 10 * (counts["quantity"] + counts["plan"])
    ):
        yield Finding(
            "subscriptions.quantity",
            f"{counts['price_alone']:,} changes of the price alone, {counts['quantity']:,} of the "
            f"quantity; {PLAIN.percent(counts['ones'])} of the lines have quantity 1.",
        )


FREE_SHARE = 0.1


@hint(
    needs=("subscriptions",),
    do="leave trials and free plans out with `where`; where the price stands elsewhere, map it",
    recipe="Trials",
)
def lines_without_price(tables: CheckedTables) -> Iterator[Finding]:
    """Lines at no price pay nothing: their accounts are no customers to retain, and the day on
    which they begin to pay is no upsell of a customer.
    """  # noqa: D205
    counts = tables.first(
        """
        SELECT count(*) AS lines, count(*) FILTER (arr <= 0) AS free,
            count(DISTINCT account_id) FILTER (arr <= 0) AS accounts FROM summary.lines
        """
    )
    if counts["free"] >= max(FEW_LINES, FREE_SHARE * counts["lines"]):
        share = PLAIN.percent(counts["free"] / counts["lines"])
        yield Finding(
            "subscriptions.unit_price",
            f"{counted_of(counts['free'], counts['lines'], 'line')} ({share}) of "
            f"{counted(counts['accounts'], 'account')} have a price or quantity of 0 or less.",
        )


LARGEST_SHARE = 0.4
PAYING = 20


@hint(
    needs=("subscriptions", "accounts"),
    do="check the account's quantity and price at the source, and whether it stands for many "
    "customers, such as a reseller",
)
def one_account_pays_most(tables: CheckedTables) -> Iterator[Finding]:
    """One account has a large part of ARR: a slip in its quantity or price, or an account that
    collects many customers. Sums, forecasts and amounts follow this one account.
    """  # noqa: D205
    rows = tables.select(
        """
        SELECT account_id, sum(arr) AS arr, sum(sum(arr)) OVER () AS total,
            count(*) OVER () AS paying
        FROM summary.lines WHERE starts_on <= $1 AND runs_until > $1
        GROUP BY 1 HAVING sum(arr) > 0 ORDER BY 2 DESC, 1 LIMIT 1
        """,
        tables.last_day,
    )
    for row in rows:
        share = row["arr"] / row["total"]
        if row["paying"] >= PAYING and share >= LARGEST_SHARE:
            yield Finding(
                "subscriptions.account_id",
                f"{row['account_id']} pays {PLAIN.percent(share)} of ARR, one of "
                f"{counted(row['paying'], 'paying account')}.",
            )
