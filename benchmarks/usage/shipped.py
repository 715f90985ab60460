"""The usage group as `expansion build` computes it."""

from __future__ import annotations

from pathlib import Path

import ibis
import pyarrow as pa

from benchmarks.usage.data import COLUMNS, as_of_dates
from features.declaration.group import FeatureGroup
from features.groups.usage import usage
from pipelines.build.account_ranges import features_by_range

LINES = """
    CREATE TABLE subscriptions AS
    SELECT account_id AS subscription_id, account_id, 'core' AS product_id, 'basic' AS plan,
        DATE '2023-01-01' AS starts_on, NULL::DATE AS term_ends_on, NULL::DATE AS ended_on,
        NULL::DATE AS ended_known_on, 10.0::DOUBLE AS quantity, 1.0::DOUBLE AS unit_price,
        1.0::DOUBLE AS list_price, 'EUR' AS currency, DATE '2023-01-01' AS signed_on,
        TIMESTAMP '2023-01-01' AS known_at
    FROM (SELECT DISTINCT account_id FROM usage_daily)
"""


def compute(path: Path, snapshots: int) -> pa.Table:
    """Return ``COLUMNS`` of every account with use, running at all dates."""
    connection = ibis.duckdb.connect(threads=2)
    connection.raw_sql("SET TimeZone = 'UTC'")
    rows = connection.read_parquet(path, table_name="usage_daily")
    connection.raw_sql(LINES)
    tables = {"usage_daily": rows, "subscriptions": connection.table("subscriptions")}
    group = FeatureGroup("usage", usage.meaning)
    group.features = [f for f in usage.features if {c.name for c in f.columns} & set(COLUMNS)]
    return features_by_range(connection, tables, [group], as_of_dates(snapshots))
