"""Hints on how things end: never, always at once, or under another number."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.common.counting import counted
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


AHEAD_SHARE = 0.8
FEW_ENDS = 10


@hint(
    needs=("subscriptions",),
    do="map ended_known_on to the day on which the end became known; the end of a billing period "
    "is known when no other follows: ended_known_on = ended_on",
    leaves_no_outcomes=True,
)
def ends_known_from_the_start(tables: CheckedTables) -> Iterator[Finding]:
    """Nearly every end was known on the day its period began, as when each month's row carries its
    last day. All is then contracted and nothing left to predict: labels are empty.
    """  # noqa: D205
    counts = tables.first(
        """
        SELECT count(*) AS ends,
            count(*) FILTER (ended_known_on <= greatest(starts_on, known_at::DATE)) AS ahead,
            median(ended_on - starts_on) AS days
        FROM summary.lines WHERE ended_on IS NOT NULL AND isfinite(ended_on)
        """
    )
    if counts["ends"] >= FEW_ENDS and counts["ahead"] >= AHEAD_SHARE * counts["ends"]:
        yield Finding(
            "subscriptions.ended_known_on",
            f"{counts['ahead']:,} of {counts['ends']:,} ends were known on the day the period "
            f"began or before, {counted(round(counts['days']), 'day')} (median) ahead.",
        )
