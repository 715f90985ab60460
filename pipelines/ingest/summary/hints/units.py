"""Hints at units that are no seats, and at values beyond their scale."""

from __future__ import annotations

from collections.abc import Iterator

from models.i18n.number_format import PLAIN
from pipelines.common.counting import counted
from pipelines.ingest.summary.checked_tables import CheckedTables
from pipelines.ingest.summary.hints.declaration import Finding, hint
from pipelines.ingest.summary.people import ACTIVE_DAYS, seat_lines

CHEAP = 1.0
MANY_UNITS = 10_000
ONES = 0.9
PEOPLE = 3


@hint(
    needs=("subscriptions",),
    do="map products.price_metric to what is counted for each product's price: seats, calls, GB, "
    "contracts",
)
def units_unlike_seats(tables: CheckedTables) -> Iterator[Finding]:
    """Units are counted as seats that look like something else. Licensed seats, seats without a
    user and the demand for seats would be those of calls, gigabytes or contracts.
    """  # noqa: D205
    rows = tables.select(
        f"""
        SELECT product_id, count(*) AS lines, median(quantity) AS units,
            median(unit_price) AS price,
            avg((quantity <> round(quantity))::INTEGER) AS broken,
            avg((quantity = 1)::INTEGER) AS ones,
            count(DISTINCT account_id) AS accounts
        FROM {seat_lines(tables)} WHERE isfinite(quantity) AND quantity > 0
        GROUP BY 1 ORDER BY 1
        """
    )
    for row in rows:
        if 0 < row["price"] < CHEAP or row["units"] >= MANY_UNITS or row["broken"] > 0.1:
            yield Finding(
                "products.price_metric",
                f"{row['product_id']}: {_amount(row['units'])} units a line at "
                f"{_amount(row['price'])} a unit a year (medians of "
                f"{counted(row['lines'], 'line')}).",
            )
    if rows and all(row["ones"] >= ONES for row in rows):
        yield from _contracts(tables, sum(row["lines"] for row in rows))


def _contracts(tables: CheckedTables, lines: int) -> Iterator[Finding]:
    """Find people far beyond quantities of 1, which are contracts."""
    if not tables.has("usage_daily"):
        return
    people = tables.first(
        f"""
        WITH active AS (
            SELECT account_id,
                greatest(count(DISTINCT user_id), coalesce(max(active_users), 0)) AS people
            FROM clean.usage_daily WHERE day > $1::DATE - {ACTIVE_DAYS} AND day <= $1 GROUP BY 1
        ), licensed AS (
            SELECT account_id, sum(quantity) AS units FROM {seat_lines(tables)}
            WHERE starts_on <= $1 AND runs_until > $1 GROUP BY 1
        )
        SELECT coalesce(sum(people), 0) AS people, coalesce(sum(units), 0) AS units,
            count(*) AS accounts
        FROM active JOIN licensed USING (account_id)
        """,
        tables.last_day,
    )
    if people["people"] > PEOPLE * people["units"] > 0:
        yield Finding(
            "products.price_metric",
            f"{counted(lines, 'line')} of quantity 1, and "
            f"{counted(people['people'], 'person', 'people')} active in {ACTIVE_DAYS} days "
            f"at {counted(people['accounts'], 'account')} with "
            f"{counted(round(people['units']), 'unit')}.",
        )


def _amount(value: float) -> str:
    return PLAIN.number(value, 0 if value >= 100 or value == round(value) else 2)


@hint(
    needs=("tickets",),
    do="bring the scale to 1 to 5 in the mapping: percent `1 + csat / 25`, one to ten "
    "`1 + (csat - 1) * 4 / 9`; null for what is no rating",
)
def satisfaction_beyond_five(tables: CheckedTables) -> Iterator[Finding]:
    """Satisfaction is a figure from 1 to 5. Larger ones are of another scale: every rating then
    counts as very satisfied, and unhappy accounts are not seen.
    """  # noqa: D205
    counts = tables.first(
        """
        SELECT count(csat) AS rated, count(*) FILTER (csat > 5 AND isfinite(csat)) AS beyond,
            max(csat) FILTER (isfinite(csat)) AS largest FROM clean.tickets
        """
    )
    if counts["beyond"]:
        yield Finding(
            "tickets.csat",
            f"{counts['beyond']:,} of {counts['rated']:,} ratings are above 5, the largest "
            f"{PLAIN.number(counts['largest'], 1)}.".replace(".0.", "."),
        )


STATUSES = {
    "accounts": ("industry", "region", "segment"),
    "users": ("user_group",),
    "contacts": ("role",),
    "milestones": ("milestone",),
    "tickets": ("severity",),
    "org_units": ("status",),
}
"""Columns that tell rows apart, by table."""
MANY_ROWS = 50


@hint(
    needs=("accounts",),
    do="check the mapping's expression; leave the column out where the source has nothing to say",
)
def same_in_every_row(tables: CheckedTables) -> Iterator[Finding]:
    """A column that should tell rows apart holds one value throughout, as a default of an export
    does. Nothing can be learned from it, and what depends on it is wrong.
    """  # noqa: D205
    for name, columns in STATUSES.items():
        if tables.rows.get(name, 0) < MANY_ROWS:
            continue
        for column in columns:
            row = tables.first(
                f"SELECT count(*) - count({column}) AS missing, min({column}) AS low, "
                f"max({column}) AS high FROM clean.{name}"
            )
            if not row["missing"] and row["low"] == row["high"]:
                yield Finding(
                    f"{name}.{column}",
                    f"{row['low']!r} in all {tables.rows[name]:,} rows.",
                )
