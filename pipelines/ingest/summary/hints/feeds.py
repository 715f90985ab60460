"""Hints at feeds that stopped, and at tables that end long before today."""

from __future__ import annotations

from collections.abc import Iterator

from features.contract import TABLES
from models.common.clock import utc_now
from models.i18n.number_format import PLAIN
from pipelines.common.counting import counted, counted_of
from pipelines.common.sql_quoting import quoted
from pipelines.ingest.summary.checked_tables import CheckedTables
from pipelines.ingest.summary.hints.declaration import Finding, hint

QUIET_DAYS = 28
"""Days without use that a holiday does not explain."""
STOPPED_SHARE = 0.9
USUAL_SHARE = 0.9
"""Of an account's pauses between days of use; longer ones are exceptions."""
PAUSES = 2
"""So many usual pauses in a row are no pause: use by the month stops after two months."""

PAYING = """
CREATE OR REPLACE TEMP TABLE last_uses AS
SELECT account_id, max(day) AS last_use FROM clean.usage_daily
WHERE isfinite(day) AND day <= $1 AND account_id IN (
    SELECT account_id FROM summary.lines WHERE starts_on <= $1 AND runs_until > $1
    GROUP BY 1 HAVING sum(arr) > 0)
GROUP BY 1
"""


@hint(
    needs=("subscriptions", "usage_daily"),
    do="ask who loads usage whether the feed stopped, and load the missing days; until then set "
    "[company] data_through to the day after the last complete one",
)
def usage_stopped(tables: CheckedTables) -> Iterator[Finding]:
    """Nearly all paying accounts stopped using the product at once, while their subscriptions go
    on: most often usage is no longer loaded. Every account then looks silent and about to leave.
    """  # noqa: D205
    tables.connection.execute(PAYING, [tables.last_day])
    quiet = tables.first(
        "SELECT count(*) AS accounts, count(*) FILTER ($1::DATE - last_use >= $2) AS quiet "
        "FROM last_uses",
        tables.last_day,
        QUIET_DAYS,
    )
    if not quiet["quiet"] or quiet["quiet"] < STOPPED_SHARE * quiet["accounts"]:
        return  # the pauses of accounts cost more to find
    stopped = tables.first(
        """
        WITH days AS (
            SELECT DISTINCT account_id, day FROM clean.usage_daily JOIN last_uses USING (account_id)
            WHERE day <= last_use AND day > last_use - 364
        ), pauses AS (
            SELECT account_id, day - lag(day) OVER (PARTITION BY account_id ORDER BY day) AS pause
            FROM days
        ), usual AS (
            SELECT account_id, coalesce(quantile_cont(pause, $3), 0) AS pause FROM pauses GROUP BY 1
        )
        SELECT count(*) AS accounts, max(last_use) AS day
        FROM last_uses JOIN usual USING (account_id)
        WHERE $1::DATE - last_use >= greatest($2, $4 * pause)
        """,
        tables.last_day,
        QUIET_DAYS,
        USUAL_SHARE,
        PAUSES,
    )
    if stopped["accounts"] and stopped["accounts"] >= STOPPED_SHARE * quiet["accounts"]:
        days = (tables.last_day - stopped["day"]).days
        yield Finding(
            "usage_daily.day",
            f"{counted_of(stopped['accounts'], quiet['accounts'], 'paying account')} with usage "
            f"({PLAIN.percent(stopped['accounts'] / quiet['accounts'])}): no use since "
            f"{stopped['day']}, {counted(days, 'day')} before the last complete day.",
        )


FEED_DAYS = 20
"""What became known on fewer days was loaded by hand, or seldom: no feed."""
STOPPED_DAYS = 91
SHARED = ("products", "org_units")
"""Tables that change seldom."""


@hint(
    needs=("subscriptions",),
    do="ask who loads the table whether the feed stopped, and load the missing rows; leave it as "
    "it is where truly nothing happened",
)
def feed_stopped(tables: CheckedTables) -> Iterator[Finding]:
    """Rows of a table became known all the time and then no longer: most often it is no longer
    loaded. Renewals, notices, tickets or people since then are missing.
    """  # noqa: D205
    for name, table in TABLES.items():
        if name in SHARED or "known_at" not in table.names or not tables.has(name):
            continue
        feed = tables.first(
            f"""
            WITH days AS (
                SELECT DISTINCT known_at::DATE AS day FROM clean.{quoted(name)}
                WHERE isfinite(known_at)
            ), pauses AS (SELECT day, day - lag(day) OVER (ORDER BY day) AS pause FROM days)
            SELECT count(*) AS days, max(day) AS last_day, max(pause) AS pause FROM pauses
            """
        )
        if feed["days"] < FEED_DAYS:
            continue
        days = (tables.last_day - feed["last_day"]).days
        if days >= max(STOPPED_DAYS, PAUSES * feed["pause"] + 1):
            yield Finding(
                f"{name}.known_at",
                f"No row became known after {feed['last_day']}, {counted(days, 'day')} before the "
                f"last complete day; before, the longest pause was "
                f"{counted(feed['pause'], 'day')}.",
            )


LONG_AGO_DAYS = 35


@hint(
    needs=("usage_daily",),
    do="load usage up to yesterday; where the tables do end then, say so with [company] "
    "data_through",
)
def data_ends_long_ago(tables: CheckedTables) -> Iterator[Finding]:
    """Without [company] data_through the data ends with the newest use, and that lies weeks back.
    Scores, lists and forecast would be those of that day, with nothing that was known since.
    """  # noqa: D205
    days = (utc_now().date() - tables.data_through).days
    if tables.settings.company.data_through is None and days > LONG_AGO_DAYS:
        yield Finding(
            "usage_daily.day",
            f"The newest use is of {tables.last_day}: the tables describe the company as of "
            f"{tables.data_through}, {counted(days, 'day')} ago.",
        )
