"""Hints on how things end: never, always at once, or under another number."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.ingest.summary.checked_tables import CheckedTables
from pipelines.ingest.summary.hints.declaration import Finding, hint

ENDS = {
    "subscriptions": ("ended_on", "starts_on", "no subscription ever ends, so nobody ever leaves"),
    "users": ("deactivated_on", "activated_on", "nobody ever loses access"),
    "contacts": ("left_on", "from_on", "no champion or other contact ever leaves"),
    "tickets": ("closed_on", "opened_on", "no ticket is ever closed"),
}
"""Tables whose rows end, the column that says so, that of the beginning, and what it looks like."""
LONG_DAYS = 364
FEW = 20


@hint(
    needs=("accounts",),
    do="map the column to the day of the end and its known day to the day that became known; "
    "leave it empty only if truly none ended",
    leaves_no_outcomes=True,
)
def never_ends(tables: CheckedTables) -> Iterator[Finding]:
    """Nothing in a table ever ends, which is rare in a year: most often the column of the end is
    not mapped. Features and outcomes that need the end stay at 'none'.
    """  # noqa: D205
    for name, (column, beginning, looks) in ENDS.items():
        if not tables.has(name):
            continue
        row = tables.first(
            f"""
            SELECT count(*) AS "rows", count({column}) AS ended,
                coalesce(?::DATE - min({beginning}) FILTER (isfinite({beginning})), 0) AS days
            FROM clean.{name}
            """,
            tables.data_through,
        )
        if not row["ended"] and row["rows"] >= FEW and row["days"] >= LONG_DAYS:
            yield Finding(
                f"{name}.{column}",
                f"Empty in all {row['rows']:,} rows of {row['days'] / 365.25:.1f} years: {looks}.",
            )
