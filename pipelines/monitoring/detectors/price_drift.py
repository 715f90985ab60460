"""Whether prices moved: the same product and plan, sold at another price than before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from pipelines.common.sql_quoting import literal, parquet
from pipelines.monitoring.detectors.deviation import SCALED, size_change
from pipelines.monitoring.detectors.feed_statistics import WEEKS, Numbers
from pipelines.monitoring.verdict import Finding

RISE = 1.03
"""Factor from which a change of prices matters; beyond ``SCALED`` it is a mistake in a unit."""
QUERY = """
WITH line AS (
    SELECT (date_diff('day', CAST(known_at AS DATE), DATE {day}) - 1) // 7 AS week,
        ln(list_price) AS price, product_id, coalesce(plan, '') AS edition
    FROM {rows} WHERE known_at < DATE {day} AND list_price > 0
), alike AS (
    SELECT week, price - avg(price) OVER (PARTITION BY product_id, edition) AS price
    FROM line WHERE week < {weeks}
)
SELECT week, count(*), avg(price), stddev(price) FROM alike GROUP BY week
"""


def findings(folder: Path, as_of: date) -> Iterator[Finding]:
    """Yield that list prices of what was sold in the newest weeks moved."""
    path = folder / "subscriptions.parquet"
    change = size_change(_by_week(path, as_of), RISE) if path.exists() else None
    if change and 1 / SCALED < change.ratio < SCALED:
        values = {"change": round(change.ratio - 1, 4), "weeks": change.weeks}
        about = "subscriptions.list_price"
        yield Finding("customers_changed", "look", "prices_moved", about, values, as_of)


def _by_week(path: Path, as_of: date) -> Numbers:
    day = literal(as_of.isoformat())
    query = QUERY.format(day=day, rows=parquet(path), weeks=WEEKS)
    with closing(duckdb.connect()) as connection:
        rows = connection.execute(query).fetchall()
    n, mean, spread = np.zeros(WEEKS), np.full(WEEKS, np.nan), np.full(WEEKS, np.nan)
    for week, count, average, deviation in rows:
        n[week], mean[week], spread[week] = count, average, deviation or 0.0
    return Numbers(n, mean, spread)
