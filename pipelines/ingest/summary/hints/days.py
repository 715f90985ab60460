"""Hints at days that are placeholders, and at days on which a load made everything known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from features.contract import TABLES, Table
from models.i18n.number_format import PLAIN
from pipelines.common.counting import counted, counted_of
from pipelines.ingest.sources.placeholder_days import FIRST_YEAR
from pipelines.ingest.summary.checked_tables import CheckedTables
from pipelines.ingest.summary.hints.declaration import Finding, hint
from pipelines.ingest.summary.records import HAPPENED

LATE_DAYS = 91
LATE_SHARE = 0.3
FEWEST_DAYS = 28
"""What [build] history_days must be at least."""
SHARED = ("products",)
"""Tables whose rows all accounts share: a price list is most often known from one day on."""


@hint(
    needs=("subscriptions",),
    do="take known_at = the day on which it happened for what was loaded at once, or build on the "
    "days since then alone",
    recipe="Load dates",
    leaves_no_outcomes=True,
)
def known_by_a_load(tables: CheckedTables) -> Iterator[Finding]:
    """Most rows became known long after they happened, as when a warehouse begins or is loaded
    anew. Features of the days before see none of them, those of today see all: a model learns from
    rows that look like no account of today.
    """  # noqa: D205
    for name, table in TABLES.items():
        if name in SHARED or "known_at" not in table.names or not tables.has(name):
            continue
        counts = _late(tables, table)
        if not counts["rows"] or counts["late"] < LATE_SHARE * counts["rows"]:
            continue
        known_at = f"take known_at = {_happened(table)} for rows loaded by {counts['loaded_on']}"
        days = (tables.data_through - counts["loaded_on"]).days
        yield Finding(
            f"{name}.known_at",
            f"{counted_of(counts['late'], counts['rows'], 'row')} "
            f"({PLAIN.percent(counts['late'] / counts['rows'])}) became known more than "
            f"{LATE_DAYS} days after they happened, most on {counts['load_day']}. What happened "
            f"before {counts['loaded_on']} is not seen by features of days before it.",
            do=f"{known_at}, or build on the days since then alone: [build] history_days = {days}"
            if days >= FEWEST_DAYS
            else f"{known_at}; no day before it can be used otherwise",
        )


def _happened(table: Table) -> str:
    return HAPPENED.get(table.name, table.happened)


def _late(tables: CheckedTables, table: Table) -> dict[str, Any]:
    """Count rows that became known late; of an account's versions the first counts."""
    happened, relation = _happened(table), f"clean.{table.name}"
    if table.name == "accounts":
        relation = (
            "(SELECT account_id, min(created_on) AS created_on, min(known_at) AS known_at "
            "FROM clean.accounts GROUP BY 1)"
        )
    return tables.first(
        f"""
        WITH entries AS (
            SELECT {happened} AS happened, known_at::DATE AS known_on, count(*) AS entries
            FROM {relation} WHERE isfinite(known_at) AND isfinite({happened})
                AND year({happened}) >= {FIRST_YEAR} GROUP BY ALL
        ), late AS (SELECT * FROM entries WHERE known_on - happened > {LATE_DAYS})
        SELECT (SELECT coalesce(sum(entries), 0) FROM entries)::BIGINT AS rows,
            coalesce(sum(entries), 0)::BIGINT AS late,
            (SELECT known_on FROM late GROUP BY 1 ORDER BY sum(entries) DESC, 1 LIMIT 1)
                AS load_day,
            max(known_on) AS loaded_on
        FROM late
        """
    )


@hint(
    needs=("subscriptions",),
    do="make the day null where it may be, else leave the rows out with `where` or take the first "
    "day that is known",
)
def placeholder_days(tables: CheckedTables) -> Iterator[Finding]:
    """A day such as 1970-01-01, 1900-01-01 or 0001-01-01 stands for 'unknown' in many systems.
    Taken at its word it makes an account decades old.
    """  # noqa: D205
    for name, table in TABLES.items():
        if not tables.has(name):
            continue
        days = [column.name for column in table.columns if column.type in ("date", "timestamp")]
        counts = tables.first(
            "SELECT "
            + ", ".join(
                f"count(*) FILTER (isfinite({day}) AND year({day}) < {FIRST_YEAR}) "
                f"AS n_{day}, min({day}) AS low_{day}"
                for day in days
            )
            + f" FROM clean.{name}"
        )
        concerned = [day for day in days if counts[f"n_{day}"]]
        for day in concerned:
            if day == "known_at" and len(concerned) > 1:
                continue  # it follows the day on which the row happened
            yield Finding(
                f"{name}.{day}",
                f"{counted(counts[f'n_{day}'], 'row')} of {tables.rows[name]:,} before "
                f"{FIRST_YEAR}, such as {str(counts[f'low_{day}'])[:10]}.",
            )


TRIAL_DAYS = 31
EARLY_SHARE = 0.01


@hint(
    needs=("subscriptions", "usage_daily"),
    do="map the subscription, trial or free plan of that time, or correct the days; such use does "
    "not count as early adoption",
)
def use_before_the_start(tables: CheckedTables) -> Iterator[Finding]:
    """Accounts used the product long before their first subscription. Either the start is missing
    (the history of subscriptions was cut), or usage carries wrong days or accounts.
    """  # noqa: D205
    counts = tables.first(
        f"""
        WITH starts AS (SELECT account_id, min(starts_on) AS start FROM summary.lines GROUP BY 1),
        days AS (
            SELECT account_id, day, count(*) AS entries FROM clean.usage_daily
            WHERE isfinite(day) AND year(day) >= {FIRST_YEAR} GROUP BY ALL
        )
        SELECT coalesce(sum(entries), 0)::BIGINT AS rows, coalesce(sum(entries) FILTER (
            day < start - {TRIAL_DAYS}), 0)::BIGINT AS early,
            count(DISTINCT account_id) FILTER (day < start - {TRIAL_DAYS}) AS accounts
        FROM days JOIN starts USING (account_id)
        """
    )
    if counts["early"] and counts["early"] >= EARLY_SHARE * counts["rows"]:
        yield Finding(
            "usage_daily.day",
            f"{counted_of(counts['early'], counts['rows'], 'row')} "
            f"({PLAIN.percent(counts['early'] / counts['rows'])}) of "
            f"{counted(counts['accounts'], 'account')}: more than {TRIAL_DAYS} days before the "
            "account's first subscription.",
        )
