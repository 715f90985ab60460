"""Usage rows of a made-up company, as `ingest` writes them: by quarter, then by account."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb

THROUGH = date(2026, 1, 5)
DAYS = 728

COLUMNS = [
    *(f"usage_active_users_{days}d" for days in (7, 28, 91)),
    "usage_regular_share_91d",
    "usage_top_person_share_91d",
    *(f"usage_functions_used_{days}d" for days in (28, 91)),
    "usage_products_used_91d",
    "usage_top_function_share_91d",
    *(f"usage_events_{days}d" for days in (28, 91, 364)),
    *(f"usage_trend_{days}d" for days in (56, 182)),
    "usage_days_silent",
    "usage_volatility_91d",
    *(f"usage_days_active_{days}d" for days in (28, 91)),
    *(f"usage_people_a_day_{days}d" for days in (28, 91)),
    *(f"usage_peak_people_{days}d" for days in (28, 91)),
    *(f"usage_events_per_user_{days}d" for days in (28, 91)),
    *(f"usage_stickiness_{days}d" for days in (28, 91)),
    "usage_weekly_share_28d",
]
"""The usage group but for experts and consumers, which need a table of users."""


def as_of_dates(snapshots: int) -> list[date]:
    """Return the last day of the data and those every four weeks before it, oldest first."""
    return [THROUGH - timedelta(days=28 * back) for back in reversed(range(snapshots))]


def write(path: Path, rows: int, accounts: int) -> None:
    """Write ``rows`` usage rows of ``accounts`` over two years; a few accounts have many.

    An account has 3 to 42 users and 12 functions of one product; a fiftieth of the rows reaches
    the warehouse up to sixty days late, the rest within two days.
    """
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"""
        COPY (
            WITH dice AS (
                SELECT hash(i) AS a, hash(i * 7 + 1) AS b, hash(i * 13 + 5) AS c
                FROM range({rows}) AS numbers(i)
            ), drawn AS (
                SELECT (pow(a % 1000000 / 1e6, 1.6) * {accounts})::INTEGER % {accounts} AS account,
                    DATE '{THROUGH}' - (1 + (b % 1000000 / 1e6 * {DAYS - 1})::INTEGER) AS day, *
                FROM dice
            )
            SELECT printf('a%07d', account) AS account_id, 'core' AS product_id,
                'f' || (c // 1000 % 12) AS feature, day, (1 + b // 77 % 8)::DOUBLE AS events,
                printf('a%07d-%d', account, (pow(c % 1000000 / 1e6, 1.5)
                    * (3 + hash(account) % 40))::INTEGER) AS user_id,
                NULL::BIGINT AS active_users,
                day::TIMESTAMP + to_hours((CASE WHEN a // 1000 % 50 = 0
                    THEN 24 * (b // 1000 % 60) ELSE 0 END + 1 + a % 40)::INTEGER) AS known_at
            FROM drawn
            ORDER BY date_trunc('quarter', day), account_id, product_id, feature, day, user_id
        ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
    """)
