"""Seats against the people who have and use them, and how much usage a subscription covers."""

from __future__ import annotations

from dataclasses import dataclass

from features.groups.seats import SEAT_METRICS
from pipelines.ingest.summary.checked_tables import CheckedTables

ACTIVE_DAYS = 28

SEAT_LINES = "(SELECT * FROM summary.lines)"
SEAT_PRICED = (
    "(SELECT * FROM summary.lines WHERE product_id IN (SELECT product_id FROM clean.products "
    f"WHERE lower(trim(price_metric)) IN {SEAT_METRICS}))"
)


@dataclass(frozen=True)
class Seats:
    """Units licensed on the last complete day, and people.

    ``licensed`` counts products priced by seats, all products without a price list. ``active`` are
    the people who used something in the last 28 days; where usage keeps counts, the sum over
    accounts of the largest one, a lower bound (``is_lower_bound``), and null where usage is
    not recorded. ``with_access`` is null without the table ``users``.
    """

    licensed: float
    active: int | None
    is_lower_bound: bool
    with_access: int | None


@dataclass(frozen=True)
class Usage:
    """Rows of usage, the share of them on a day with a subscription, and accounts that are active.

    ``active_accounts`` of the ``paying_accounts`` used something in the last 28 days.
    """

    rows: int
    subscribed_share: float | None
    active_accounts: int
    paying_accounts: int


def seat_lines(tables: CheckedTables) -> str:
    """Return the relation of the lines that count as seats."""
    return SEAT_PRICED if tables.has("products") else SEAT_LINES


def seats(tables: CheckedTables) -> Seats:
    """Return units licensed, and people active and with access, on the last complete day."""
    licensed = tables.first(
        f"""
        SELECT coalesce(sum(quantity) FILTER (isfinite(quantity)), 0) AS units
        FROM {seat_lines(tables)} WHERE starts_on <= $1 AND runs_until > $1
        """,
        tables.last_day,
    )["units"]
    active, is_lower_bound = _active(tables) if tables.has("usage_daily") else (None, False)
    return Seats(licensed, active, is_lower_bound, _with_access(tables))


def _active(tables: CheckedTables) -> tuple[int, bool]:
    people = tables.first(
        f"""
        SELECT count(DISTINCT (account_id, user_id)) FILTER (user_id IS NOT NULL) AS persons,
            (SELECT coalesce(sum(most), 0) FROM (
                SELECT max(active_users) AS most FROM clean.usage_daily
                WHERE day > $1::DATE - {ACTIVE_DAYS} AND day <= $1 AND user_id IS NULL
                GROUP BY account_id
            )) AS counted
        FROM clean.usage_daily WHERE day > $1::DATE - {ACTIVE_DAYS} AND day <= $1
        """,
        tables.last_day,
    )
    return int(people["persons"] + people["counted"]), bool(people["counted"])


def _with_access(tables: CheckedTables) -> int | None:
    if not tables.has("users"):
        return None
    counted = tables.first(
        "SELECT count(*) AS people FROM clean.users WHERE activated_on <= $1 "
        "AND (deactivated_on IS NULL OR deactivated_on > $1)",
        tables.last_day,
    )
    return int(counted["people"])


def usage(tables: CheckedTables) -> Usage | None:
    """Return how much of the usage a subscription covers, and how many who pay use anything."""
    if not tables.has("usage_daily"):
        return None
    covered = tables.first(
        """
        WITH days AS (
            SELECT account_id, day, count(*) AS entries FROM clean.usage_daily GROUP BY ALL
        )
        SELECT sum(entries) AS entries, coalesce(sum(entries) FILTER (EXISTS (
            SELECT 1 FROM summary.lines AS l WHERE l.account_id = days.account_id
            AND l.starts_on <= days.day AND l.runs_until > days.day
        )), 0) AS subscribed FROM days
        """
    )
    active = tables.first(
        f"""
        WITH paying AS (
            SELECT account_id FROM summary.lines WHERE starts_on <= $1 AND runs_until > $1
            GROUP BY 1 HAVING sum(arr) > 0
        )
        SELECT count(*) AS paying, count(*) FILTER (account_id IN (
            SELECT account_id FROM clean.usage_daily
            WHERE day > $1::DATE - {ACTIVE_DAYS} AND day <= $1
        )) AS active FROM paying
        """,
        tables.last_day,
    )
    entries = int(covered["entries"] or 0)
    return Usage(
        rows=entries,
        subscribed_share=covered["subscribed"] / entries if entries else None,
        active_accounts=active["active"],
        paying_accounts=active["paying"],
    )
