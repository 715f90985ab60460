"""The same columns by DuckDB SQL written by hand, as fast as we could make it.

Names are turned into numbers once, days and snapshots are numbered, each intermediate
table is kept, and nothing is as general as it would have to be in use: one product, user ids
always given, snapshots four weeks apart.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.usage.data import COLUMNS, as_of_dates

STEPS = """
CREATE TEMP TABLE accounts AS SELECT account_id, (row_number() OVER ())::INTEGER AS a
FROM (SELECT DISTINCT account_id FROM used);
CREATE TEMP TABLE rows AS
SELECT a, hash(user_id) AS u, feature::functions AS f, (day - DATE '{first}')::SMALLINT AS d,
    events,
    greatest(0, (greatest(day, known_at::DATE) - DATE '{start}' + 28) // 28)::TINYINT AS s
FROM used JOIN accounts USING (account_id) WHERE day >= DATE '{first}' AND day < DATE '{last}';
DELETE FROM rows WHERE s >= {n};
CREATE TEMP TABLE weeks AS
SELECT a, (d // 7)::SMALLINT AS w, s, sum(events) AS events, max(d) AS d FROM rows GROUP BY ALL;
CREATE TEMP TABLE functions_ AS
SELECT a, f, (d // 7)::SMALLINT AS w, s, sum(events) AS events, max(d) AS d
FROM rows WHERE d >= 273 GROUP BY ALL;
CREATE TEMP TABLE person_days AS
SELECT a, u, d, min(s) AS s FROM rows WHERE d >= 273 GROUP BY ALL;
DROP TABLE rows;
CREATE TEMP TABLE person_weeks AS
SELECT a, u, (d // 7)::SMALLINT AS w, s, max(d) AS d, count(*) AS days
FROM person_days GROUP BY ALL;
CREATE TEMP TABLE seen_days AS
SELECT a, d, s, people, sum(people) OVER so_far AS shown, row_number() OVER so_far = 1 AS first
FROM (SELECT a, d, s, count(*) AS people FROM person_days GROUP BY ALL)
WINDOW so_far AS (PARTITION BY a, d ORDER BY s);
DROP TABLE person_days;
CREATE TEMP TABLE day_weeks AS
SELECT a, (d // 7)::SMALLINT AS w, s, count(*) FILTER (first) AS days, sum(people) AS people,
    max(shown) AS peak
FROM seen_days GROUP BY ALL;
CREATE TEMP TABLE snapshots AS
SELECT range::TINYINT AS n, (52 + 4 * range)::SMALLINT AS w, 364 + 28 * range AS d FROM range({n});
CREATE TEMP TABLE by_person AS
SELECT a, n, count(*) FILTER (ago <= 7) AS usage_active_users_7d,
    count(*) FILTER (ago <= 28) AS usage_active_users_28d, count(*) AS usage_active_users_91d,
    count(*) FILTER (days >= 13) / count(*) AS usage_regular_share_91d,
    max(days) / sum(days) AS usage_top_person_share_91d
FROM (SELECT a, n, u, any_value(c.d) - max(p.d) AS ago, sum(days) AS days
      FROM person_weeks p JOIN snapshots c ON p.w < c.w AND p.w >= c.w - 13 AND s <= n
      GROUP BY a, n, u)
GROUP BY a, n;
CREATE TEMP TABLE by_function AS
SELECT a, n, count(*) FILTER (ago <= 28) AS usage_functions_used_28d,
    count(*) AS usage_functions_used_91d, 1 AS usage_products_used_91d,
    max(events) / sum(events) AS usage_top_function_share_91d
FROM (SELECT a, n, f, any_value(c.d) - max(x.d) AS ago, sum(events) AS events
      FROM functions_ x JOIN snapshots c ON x.w < c.w AND x.w >= c.w - 13 AND s <= n
      GROUP BY a, n, f)
GROUP BY a, n;
CREATE TEMP TABLE by_events AS
SELECT a, n, sum(events) FILTER (x.w >= c.w - 4) AS usage_events_28d,
    sum(events) FILTER (x.w >= c.w - 13) AS usage_events_91d, sum(events) AS usage_events_364d,
    sum(events) FILTER (x.w >= c.w - 8) AS both_56d,
    sum(events) FILTER (x.w >= c.w - 26) AS both_182d,
    (2 * coalesce(usage_events_28d, 0) - both_56d) / both_56d AS usage_trend_56d,
    (2 * coalesce(usage_events_91d, 0) - both_182d) / both_182d AS usage_trend_182d,
    min(c.d - x.d) AS usage_days_silent
FROM weeks x JOIN snapshots c ON x.w < c.w AND x.w >= c.w - 52 AND s <= n GROUP BY a, n;
CREATE TEMP TABLE by_week AS
SELECT a, n, sqrt(greatest(0, sum(events * events) / 13 - pow(sum(events) / 13, 2)))
    / (sum(events) / 13) AS usage_volatility_91d
FROM (SELECT a, n, x.w, sum(events) AS events
      FROM weeks x JOIN snapshots c ON x.w < c.w AND x.w >= c.w - 13 AND s <= n GROUP BY ALL)
GROUP BY a, n;
CREATE TEMP TABLE by_day AS
SELECT a, n, coalesce(sum(days) FILTER (x.w >= c.w - 4), 0) AS usage_days_active_28d,
    sum(days) AS usage_days_active_91d,
    sum(people) FILTER (x.w >= c.w - 4) / sum(days) FILTER (x.w >= c.w - 4)
        AS usage_people_a_day_28d,
    sum(people) / sum(days) AS usage_people_a_day_91d,
    max(peak) FILTER (x.w >= c.w - 4) AS usage_peak_people_28d, max(peak) AS usage_peak_people_91d
FROM day_weeks x JOIN snapshots c ON x.w < c.w AND x.w >= c.w - 13 AND s <= n GROUP BY a, n;
"""

NONE = {name: 364 if name == "usage_days_silent" else 0 for name in COLUMNS}
"""What an account without use gets."""
UNKNOWN = [name for name in COLUMNS if "share" in name or "trend" in name or "volatility" in name]


def compute(path: Path, snapshots: int) -> pa.Table:
    """Return ``COLUMNS`` of every account with use at all dates."""
    dates = as_of_dates(snapshots)
    connection = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
    connection.execute(f"CREATE VIEW used AS FROM '{path}'")
    kinds = connection.execute("SELECT list(DISTINCT feature) FROM used").fetchone()
    names = ", ".join(f"'{name}'" for name in sorted(kinds[0] if kinds else []))
    connection.execute(f"CREATE TYPE functions AS ENUM ({names})")
    first = dates[0] - timedelta(days=364)
    steps = STEPS.format(first=first, start=dates[0], last=dates[-1], n=snapshots)
    for step in steps.split(";"):
        if step.strip():
            connection.execute(step)
    return connection.sql(_wide(dates[0])).to_arrow_table()


def _wide(start: object) -> str:
    ratios = {
        **{
            f"usage_events_per_user_{days}d": f"usage_events_{days}d / usage_active_users_{days}d"
            for days in (28, 91)
        },
        **{
            f"usage_stickiness_{days}d": f"usage_people_a_day_{days}d / usage_active_users_{days}d"
            for days in (28, 91)
        },
        "usage_weekly_share_28d": "usage_active_users_7d / usage_active_users_28d",
    }
    columns = [
        f"{ratios[name]} AS {name}"
        if name in ratios
        else name
        if name in UNKNOWN
        else f"coalesce({name}, {NONE[name]}) AS {name}"
        for name in COLUMNS
    ]
    day = f"(DATE '{start}' + 28 * n::INTEGER)::DATE AS as_of"
    return (
        f"SELECT account_id, {day}, {', '.join(columns)} "
        "FROM accounts CROSS JOIN (SELECT n FROM snapshots) LEFT JOIN by_person USING (a, n) "
        "LEFT JOIN by_function USING (a, n) LEFT JOIN by_events USING (a, n) "
        "LEFT JOIN by_week USING (a, n) LEFT JOIN by_day USING (a, n)"
    )
