"""ARR and paying accounts by month and year, and what they gained and lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.ingest.sources.placeholder_days import FIRST_YEAR
from pipelines.ingest.summary.checked_tables import CheckedTables

MONTHS = 13
YEARS = 12

ARR_ON = """
WITH days AS (SELECT unnest(?::DATE[]) AS day),
accounts AS (
    SELECT day, account_id, sum(arr) AS arr
    FROM days JOIN summary.lines ON starts_on <= day AND runs_until > day
    GROUP BY ALL HAVING sum(arr) > 0
)
"""
"""What each paying account pays on some days: a line runs on its start day, not on its end day."""


@dataclass(frozen=True)
class DayRevenue:
    """ARR of all lines that run on a day, and the accounts that pay."""

    day: date
    arr: float
    accounts: int


@dataclass(frozen=True)
class Movement:
    """What some accounts changed in ARR (never negative), and how many they are."""

    arr: float
    accounts: int


@dataclass(frozen=True)
class YearRevenue:
    """A calendar year, account by account from the last day before it to its last day.

    ARR before + new + expansion - contraction - churned = ARR at the end. ``end`` is the last
    complete day where the year is not over. ``nrr`` is of the accounts that paid before it.
    """

    year: int
    end: date
    arr: float
    accounts: int
    new: Movement
    expansion: Movement
    contraction: Movement
    churned: Movement
    nrr: float | None


@dataclass(frozen=True)
class ProductPrices:
    """A product's running lines: prices a unit and year, and quantities, as quartiles.

    ``metric`` is what is counted for its price, as the price list says; empty without one.
    """

    product: str
    metric: str
    lines: int
    accounts: int
    arr: float
    price: tuple[float, float, float]
    quantity: tuple[float, float, float]


def revenue_on(tables: CheckedTables, days: list[date]) -> list[DayRevenue]:
    """Return ARR and paying accounts on each of ``days``, in their order."""
    found = tables.select(
        f"{ARR_ON} SELECT day, sum(arr) AS arr, count(*) AS accounts FROM accounts GROUP BY day",
        days,
    )
    by_day = {row["day"]: DayRevenue(**row) for row in found}
    return [by_day.get(day, DayRevenue(day, 0.0, 0)) for day in days]


def first_start(tables: CheckedTables) -> date | None:
    """Return the day on which the first paid line starts, placeholders such as 1900 left out."""
    first: date | None = tables.first(
        "SELECT min(starts_on) AS day FROM summary.lines "
        f"WHERE arr > 0 AND year(starts_on) >= {FIRST_YEAR}"
    )["day"]
    return first


def months(tables: CheckedTables) -> list[DayRevenue]:
    """Return the last thirteen ends of months in the data, and what was paid on each."""
    first = first_start(tables)
    if first is None:
        return []
    days: list[date] = []
    end = tables.data_through.replace(day=1) - timedelta(days=1)
    while len(days) < MONTHS and end >= first:
        days.append(end)
        end = end.replace(day=1) - timedelta(days=1)
    return revenue_on(tables, days[::-1])


def years(tables: CheckedTables) -> list[YearRevenue]:
    """Return each calendar year of the data, the newest last, at most twelve."""
    first, last_day = first_start(tables), tables.last_day
    if first is None or first > last_day:
        return []
    numbers = range(max(first.year, last_day.year - YEARS + 1), last_day.year + 1)
    return [_year(tables, year, min(date(year, 12, 31), last_day)) for year in numbers]


def _year(tables: CheckedTables, year: int, end: date) -> YearRevenue:
    row = tables.first(
        f"""
        {ARR_ON}, bridge AS (
            SELECT coalesce(b.arr, 0) AS before, coalesce(a.arr, 0) AS after
            FROM (SELECT * FROM accounts WHERE day = ?) AS b
            FULL JOIN (SELECT * FROM accounts WHERE day = ?) AS a USING (account_id)
        ), moved AS (
            SELECT *, after - before AS change, CASE
                WHEN before = 0 THEN 'new'
                WHEN after = 0 THEN 'churned'
                WHEN after - before > 0.005 THEN 'expansion'
                WHEN after - before < -0.005 THEN 'contraction'
            END AS kind FROM bridge
        )
        SELECT coalesce(sum(before), 0) AS before, coalesce(sum(after), 0) AS after,
            count(*) FILTER (after > 0) AS accounts,
            coalesce(sum(after) FILTER (before > 0), 0) AS retained,
            {", ".join(_moved(kind) for kind in ("new", "expansion", "contraction", "churned"))}
        FROM moved
        """,
        [date(year - 1, 12, 31), end],
        date(year - 1, 12, 31),
        end,
    )
    return YearRevenue(
        year=year,
        end=end,
        arr=row["after"],
        accounts=row["accounts"],
        **{
            kind: Movement(row[f"{kind}_arr"], row[f"{kind}_accounts"])
            for kind in ("new", "expansion", "contraction", "churned")
        },
        nrr=row["retained"] / row["before"] if row["before"] else None,
    )


def _moved(kind: str) -> str:
    return (
        f"coalesce(sum(abs(change)) FILTER (kind = '{kind}'), 0) AS {kind}_arr, "
        f"count(*) FILTER (kind = '{kind}') AS {kind}_accounts"
    )


def prices(tables: CheckedTables) -> list[ProductPrices]:
    """Return each product's prices and quantities, the product with most ARR first.

    Of what runs on the last complete day; of all lines where nothing runs.
    """
    last_day = tables.last_day
    is_running = "starts_on <= $day AND runs_until > $day"
    metric, joined = "''", ""
    if tables.has("products"):
        metric = "coalesce(any_value(price_metric), '')"
        joined = "LEFT JOIN clean.products USING (product_id)"
    rows = tables.connection.execute(
        f"""
        WITH running AS (SELECT * FROM summary.lines WHERE {is_running}),
        counted AS (
            FROM running UNION ALL
            SELECT * FROM summary.lines WHERE (SELECT count(*) FROM running) = 0
        )
        SELECT coalesce(product_id, ''), {metric}, count(*), count(DISTINCT account_id),
            sum(arr) FILTER ({is_running}),
            quantile_cont(unit_price, [0.25, 0.5, 0.75]) FILTER (isfinite(unit_price)),
            quantile_cont(quantity, [0.25, 0.5, 0.75]) FILTER (isfinite(quantity))
        FROM counted AS lines {joined} GROUP BY product_id
        ORDER BY 5 DESC NULLS LAST, 1
        """,
        {"day": last_day},
    ).fetchall()
    return [
        ProductPrices(product, unit, lines, accounts, arr or 0.0, _three(price), _three(quantity))
        for product, unit, lines, accounts, arr, price, quantity in rows
    ]


def _three(quartiles: list[float] | None) -> tuple[float, float, float]:
    low, middle, high = quartiles or (0.0, 0.0, 0.0)
    return low, middle, high
