"""Things that happen to a company's data, each from a week on, as changes of its tables.

Each fault is SQL on the ingested tables. ``{since}`` is the day it begins; whatever was known
before stays as it was, but for a season, which came the year before as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

USAGE = "SELECT * FROM {usage_daily}"
LATE_SUMMER = "strftime(day, '%m-%d') BETWEEN '08-03' AND '09-13'"


@dataclass(frozen=True)
class Fault:
    """What happens: each table that changes with the query that gives its new rows.

    ``meant`` are the kinds of verdict that tell it apart rightly, ``weeks`` how many weeks are
    watched after it began; a fault that ``repeats`` changes the past as well.
    """

    name: str
    tables: Mapping[str, str]
    meant: tuple[str, ...]
    weeks: int = 12
    repeats: bool = False


NEW_ACCOUNTS = "account_id IN (SELECT account_id FROM {accounts} WHERE hash(account_id) % 4 = 0)"
NO_END = ", ".join(
    f"CASE WHEN ended_known_on >= '{{since}}' THEN NULL ELSE {column} END AS {column}"
    for column in ("ended_on", "ended_known_on")
)
START = "CAST(DATE '{since}' + CAST(hash(account_id) % 28 AS INTEGER) AS DATE)"

FAULTS = (
    Fault(
        "a unit changed: list and unit prices in cents",
        {
            "subscriptions": "SELECT * REPLACE (unit_price * f AS unit_price, list_price * f AS "
            "list_price) FROM (SELECT *, CASE WHEN known_at >= '{since}' THEN 100 ELSE 1 END AS f "
            "FROM {subscriptions})"
        },
        ("data_broken",),
    ),
    Fault(
        "a feed stopped: no usage arrives",
        {"usage_daily": USAGE + " WHERE known_at < '{since}'"},
        ("data_broken",),
    ),
    Fault(
        "usage twice: old and new tracking both count",
        {
            "usage_daily": USAGE + " UNION ALL BY NAME SELECT * REPLACE (feature || '_2' AS "
            "feature) FROM {usage_daily} WHERE day >= '{since}'"
        },
        ("data_broken",),
    ),
    Fault(
        "a new segment: a quarter more accounts of a kind never seen",
        {
            "accounts": "SELECT * FROM {accounts} UNION ALL BY NAME SELECT * REPLACE (account_id "
            "|| '-p' AS account_id, 'public' AS segment, employees * 8 AS employees, "
            f"{START} AS created_on, CAST({START} AS TIMESTAMP) AS known_at) FROM {{accounts}} "
            f"WHERE {NEW_ACCOUNTS} QUALIFY row_number() OVER (PARTITION BY account_id "
            "ORDER BY known_at DESC) = 1",
            "subscriptions": "SELECT * FROM {subscriptions} UNION ALL BY NAME SELECT * REPLACE "
            "(account_id || '-p' AS account_id, subscription_id || '-p' AS subscription_id, "
            f"{START} AS starts_on, {START} - 1 AS signed_on, {START} + 364 AS term_ends_on, "
            f"CAST({START} AS TIMESTAMP) AS known_at, quantity * 6 AS quantity) FROM "
            f"{{subscriptions}} WHERE {NEW_ACCOUNTS} AND ended_on IS NULL AND starts_on < "
            "'{since}'",
            "usage_daily": USAGE + " UNION ALL BY NAME SELECT * REPLACE (account_id || '-p' AS "
            f"account_id, user_id || '-p' AS user_id) FROM {{usage_daily}} WHERE {NEW_ACCOUNTS} "
            f"AND day >= {START}",
        },
        ("customers_changed",),
    ),
    Fault(
        "champions' table empty",
        {"contacts": "SELECT * FROM {contacts} WHERE false"},
        ("data_broken",),
    ),
    Fault(
        "a price rise of 8 %",
        {
            "subscriptions": "SELECT * REPLACE (unit_price * f AS unit_price, list_price * f AS "
            "list_price) FROM (SELECT *, CASE WHEN known_at >= '{since}' THEN 1.08 ELSE 1 END AS "
            "f FROM {subscriptions})"
        },
        ("customers_changed",),
    ),
    Fault(
        "a season: four tenths less use for six weeks, as last year",
        {"usage_daily": USAGE + f" WHERE NOT ({LATE_SUMMER} AND hash(user_id, day) % 10 < 4)"},
        ("fine",),
        repeats=True,
    ),
    Fault(
        "a slow drift: three per cent less use each week",
        {
            "usage_daily": USAGE + " WHERE known_at < '{since}' OR (hash(user_id, feature, day) % "
            "1000) / 1000.0 < 0.97 ** (date_diff('day', DATE '{since}', day) / 7.0)"
        },
        ("customers_changed",),
        weeks=26,
    ),
    Fault(
        "labels late: ends become known ten weeks later",
        {
            "subscriptions": "SELECT * REPLACE (CASE WHEN ended_known_on >= '{since}' THEN "
            "ended_known_on + 70 ELSE ended_known_on END AS ended_known_on) FROM {subscriptions}"
        },
        ("data_broken",),
    ),
    Fault(
        "a silent mapping error: two products exchanged in the usage",
        {
            "usage_daily": "SELECT * REPLACE (CASE WHEN known_at < '{since}' THEN product_id WHEN "
            "product_id = 'workbench' THEN 'desk' WHEN product_id = 'desk' THEN 'workbench' ELSE "
            "product_id END AS product_id) FROM {usage_daily}"
        },
        ("data_broken",),
    ),
    Fault(
        "half the accounts silent: their usage no longer arrives",
        {"usage_daily": USAGE + " WHERE known_at < '{since}' OR hash(account_id) % 2 = 0"},
        ("data_broken",),
    ),
    Fault(
        "subscriptions stop arriving: ends are still recorded",
        {"subscriptions": "SELECT * FROM {subscriptions} WHERE known_at < '{since}'"},
        ("data_broken",),
    ),
    Fault(
        "ends never recorded",
        {"subscriptions": f"SELECT * REPLACE ({NO_END}) FROM {{subscriptions}}"},
        ("data_broken",),
    ),
    Fault(
        "billing stopped: neither subscriptions nor their ends arrive",
        {
            "subscriptions": f"SELECT * REPLACE ({NO_END}) FROM {{subscriptions}} "
            "WHERE known_at < '{since}'"
        },
        ("data_broken",),
    ),
    Fault(
        "quantities in thousands",
        {
            "subscriptions": "SELECT * REPLACE (CASE WHEN known_at >= '{since}' THEN quantity / "
            "1000 ELSE quantity END AS quantity) FROM {subscriptions}"
        },
        ("data_broken",),
    ),
    Fault(
        "no support tickets arrive",
        {"tickets": "SELECT * FROM {tickets} WHERE known_at < '{since}'"},
        ("data_broken",),
    ),
)


def spoil(fault: Fault, tables: Path, into: Path, since: date) -> None:
    """Write the tables of ``tables`` with a fault from ``since`` on into the folder ``into``."""
    into.mkdir(parents=True, exist_ok=True)
    names = {path.stem: f"read_parquet('{path}')" for path in tables.glob("*.parquet")}
    for path in tables.iterdir():
        target = into / path.name
        target.unlink(missing_ok=True)
        if path.stem not in fault.tables:
            target.symlink_to(path)
    with duckdb.connect() as connection:
        for name, query in fault.tables.items():
            told = query.format(since=since.isoformat(), **names)
            connection.execute(f"COPY ({told}) TO '{into / name}.parquet' (FORMAT parquet)")
