"""Whether ends are still recorded: terms that run out, and periods that another one follows.

A period of a subscription whose term is over, or whose line goes on in a new period, has an end in
the tables of most companies. Where it usually has and no longer does, ends are missing, and every
churn with them. A company that renews without a record is held against its own past, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from pipelines.common.sql_quoting import literal, parquet
from pipelines.monitoring.detectors.exact_tests import RARE_IN_REQUIRED, more_often
from pipelines.monitoring.detectors.feed_statistics import WEEKS
from pipelines.monitoring.verdict import Finding, Value

SPANS = (1, 2, 4, 8, 12)
WAIT = 7
"""Days after which an end is taken for missing: some are recorded a few days late."""
FEWEST = 3
"""Accounts whose ends must be missing: one that lapses in silence is no fault of a feed."""
MATTERS = 0.2
"""By how much the share of missing ends must rise."""
QUERY = """
WITH period AS (
    SELECT account_id, ended_on, ended_known_on, least(term_ends_on, lead(starts_on) OVER (
        PARTITION BY subscription_id ORDER BY starts_on
    )) + {wait} AS overdue_on
    FROM {rows} WHERE known_at < DATE {day}
), dated AS (
    SELECT account_id, coalesce(overdue_on <= ended_known_on OR ended_known_on IS NULL, false)
        AS missing, CASE WHEN missing THEN overdue_on ELSE ended_known_on END AS day
    FROM period
), account AS (
    SELECT account_id, (date_diff('day', CAST(day AS DATE), DATE {day}) - 1) // 7 AS week,
        bool_and(missing) AS missing
    FROM dated WHERE day < DATE {day} GROUP BY ALL
)
SELECT week, count(*), count(*) FILTER (missing) FROM account WHERE week < {weeks} GROUP BY week
"""


def findings(folder: Path, as_of: date) -> Iterator[Finding]:
    """Yield that ends are no longer recorded; an account counts once a week."""
    path = folder / "subscriptions.parquet"
    if not path.exists():
        return
    due, missing = _by_week(path, as_of)
    for span in SPANS:
        share = more_often(missing, due, span, RARE_IN_REQUIRED)
        if share and share.now >= FEWEST and share.now / share.of - share.usual >= MATTERS:
            values: dict[str, Value] = {
                "now": share.now, "of": share.of, "usual": round(share.usual, 3), "weeks": span,
            }  # fmt: skip
            about = "subscriptions.ended_on"
            yield Finding("data_broken", "alarm", "ends_missing", about, values, as_of)
            return


def _by_week(path: Path, as_of: date) -> tuple[np.ndarray, np.ndarray]:
    """Return by week the accounts with a period that was to end, and those whose ends all lack.

    A recorded end counts in the week in which it became known, a missing one in that in which it
    was overdue.
    """
    query = QUERY.format(day=literal(as_of.isoformat()), rows=parquet(path), wait=WAIT, weeks=WEEKS)
    due, missing = np.zeros(WEEKS), np.zeros(WEEKS)
    with closing(duckdb.connect()) as connection:
        for week, count, without_end in connection.execute(query).fetchall():
            due[week], missing[week] = count, without_end
    return due, missing
