"""Rules on rows held against each other, within a table or between two."""

from __future__ import annotations

from features.contract import TABLES, Table
from pipelines.ingest.rules.core import Spots, rule


def repeated(table: Table) -> str:
    """Return how many keys come again, by their hashes: fast, and never too few."""
    return f"count(*) - count(DISTINCT hash({', '.join(table.key)}))"


@rule(
    do="sum the rows up or choose one in the mapping, or complete the key; dropping keeps the "
    "first by the other columns",
    alone=True,
    screen=repeated,
)
def unique(table: Table) -> Spots:
    """Several rows have the same key, and would be counted twice."""
    keys = ", ".join(table.key)
    rest = ", ".join(name for name in table.names if name not in table.key)
    yield keys, f"row_number() OVER (PARTITION BY {keys} ORDER BY {rest or keys}) > 1"


@rule(do="add it to that table, or compare how both sides write the identifier")
def reference(table: Table) -> Spots:
    """A row names an account or product that its table does not have."""
    for column in table.columns:
        if column.references:
            key = TABLES[column.references].key[0]
            referenced = f"SELECT {key} FROM clean.{column.references} WHERE {key} IS NOT NULL"
            yield column.name, f"{column.name} IS NOT NULL AND {column.name} NOT IN ({referenced})"


@rule(
    do="end each period where the next begins, or give parallel lines ids of their own",
    alone=True,
)
def overlap(table: Table) -> Spots:
    """Periods of one subscription line overlap, and the line would count twice."""
    if table.name == "subscriptions":
        before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
        line = f"PARTITION BY subscription_id ORDER BY starts_on {before}"
        yield "starts_on", f"starts_on < max(coalesce(ended_on, 'infinity'::DATE)) OVER ({line})"


@rule(
    do="map the missing subscriptions, or drop the rows on purpose",
    refuse_above=0.05,
    alone=True,
)
def within_subscription(table: Table) -> Spots:
    """Usage lies outside every subscription of its account: a wrong date, a wrong account, or a
    trial that is not in subscriptions.
    """  # noqa: D205
    if table.name == "usage_daily":
        running = "c.account_id = typed.account_id AND day >= c.starts_on AND day < c.ended_on"
        yield "day", f"NOT EXISTS (SELECT 1 FROM clean.coverage AS c WHERE {running})"


COVERAGE = """
WITH periods AS (
    SELECT account_id, starts_on, coalesce(ended_on, 'infinity'::DATE) AS ended_on
    FROM clean.subscriptions
), reached AS (
    SELECT *, max(ended_on) OVER (
        PARTITION BY account_id ORDER BY starts_on, ended_on
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS until FROM periods
), islands AS (
    SELECT *, sum((until IS NULL OR starts_on > until)::INTEGER) OVER (
        PARTITION BY account_id ORDER BY starts_on, ended_on ROWS UNBOUNDED PRECEDING
    ) AS island FROM reached
)
SELECT account_id, min(starts_on) AS starts_on, max(ended_on) AS ended_on
FROM islands GROUP BY account_id, island
"""
"""The spans in which an account has any subscription; they do not touch, so a day is in one."""
