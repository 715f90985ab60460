"""Hints on lines of one product that run side by side, so that ARR may count twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from models.i18n.number_format import PLAIN
from pipelines.common.counting import counted
from pipelines.ingest.summary.checked_tables import CheckedTables
from pipelines.ingest.summary.hints.declaration import Finding, hint

PAIRS = """
WITH lines AS (
    SELECT *, max(runs_until) OVER (PARTITION BY account_id, product_id, subscription_id)
        AS line_until
    FROM summary.lines WHERE arr > 0 AND subscription_id IS NOT NULL
), beginnings AS (
    SELECT account_id, product_id, subscription_id, min(starts_on) AS starts_on,
        arg_min(signed_on, starts_on) AS signed_on, arg_min(quantity, starts_on) AS quantity,
        max(line_until) AS line_until
    FROM lines GROUP BY ALL
), pairs AS (
    SELECT old.account_id, old.product_id, old.subscription_id AS old_line,
        new.subscription_id AS new_line, new.starts_on AS new_starts_on,
        old.ended_on AS old_ends_on, old.arr AS old_arr,
        old.runs_until > $through AND new.line_until > $through AS is_twice_today,
        (least(old.runs_until, new.line_until, $through) - new.starts_on)::BIGINT AS days_twice,
        new.quantity >= old.quantity AS is_as_large,
        new.line_until > old.line_until AS goes_on,
        abs(old.ended_known_on - new.signed_on) <= $close AS is_announced,
        old.ended_on = old.term_ends_on AS is_at_term
    FROM lines AS old JOIN beginnings AS new USING (account_id, product_id)
    WHERE old.subscription_id <> new.subscription_id
        AND old.starts_on < new.starts_on AND old.runs_until > new.starts_on
        AND new.starts_on < $through AND old.runs_until = old.line_until
)
SELECT *, coalesce(goes_on AND (is_announced OR (is_as_large AND is_at_term)), false)
    AS is_replaced
FROM pairs WHERE is_replaced OR (is_as_large AND (old_ends_on IS NULL OR goes_on))
ORDER BY new_starts_on DESC, account_id, old_line, new_line
"""
"""An old line whose last period runs on the day on which another line of its product starts.

The new one replaced it where it goes on after the old one's end, and that end became known when
the new one was signed, or is the old one's term while the new one takes as many units or more. As
many units beside an old line that has no end, or ends without such a sign, may be either.
"""
CLOSE_DAYS = 31
REPLACED_SHARE = 0.01
OPEN_SHARE = 0.05
MOSTLY = 0.2
"""Among more lines side by side than this, signs of a replacement are as good as chance."""


@hint(
    needs=("subscriptions",),
    do="end the old line on the day on which the new one starts; where lines truly run side by "
    'side, such as one for each site, set leave_out = ["overlapping_lines"] under [hints]',
    recipe="Early renewal under a new number",
)
def overlapping_lines(tables: CheckedTables) -> Iterator[Finding]:
    """A renewal under a new number started while the old line still counts: until that one ends,
    the same units count twice. ARR jumps up as an upsell, and later falls as a downsell.
    """  # noqa: D205
    count = tables.first("SELECT count(DISTINCT subscription_id) AS lines FROM summary.lines")
    pairs = tables.select(PAIRS, through=tables.data_through, close=CLOSE_DAYS)
    replaced = [pair for pair in pairs if pair["is_replaced"]]
    lines, replacing = _new_lines(pairs), _new_lines(replaced)
    if replaced and replacing >= max(REPLACED_SHARE * count["lines"], lines * MOSTLY):
        yield Finding("subscriptions.ended_on", _figure(tables, replaced, ""), _shown(replaced))
    elif pairs and lines >= OPEN_SHARE * count["lines"]:
        figure = _figure(tables, pairs, "Unless they are meant to run side by side: ")
        yield Finding("subscriptions.ended_on", figure, _shown(pairs))


def _new_lines(pairs: Sequence[dict[str, Any]]) -> int:
    return len({(pair["account_id"], pair["new_line"]) for pair in pairs})


def _figure(tables: CheckedTables, pairs: Sequence[dict[str, Any]], condition: str) -> str:
    currency, accounts = tables.settings.company.currency, {pair["account_id"] for pair in pairs}
    arr = {(pair["old_line"], pair["old_ends_on"]): pair["old_arr"] for pair in pairs}
    today = {
        (pair["old_line"], pair["old_ends_on"]): pair["old_arr"]
        for pair in pairs
        if pair["is_twice_today"]
    }
    days = round(median(pair["days_twice"] for pair in pairs))
    return (
        f"{condition}{counted(_new_lines(pairs), 'line')} of "
        f"{counted(len(accounts), 'account')} started while another line of the same product ran "
        f"on, for {counted(days, 'day')} (median): {currency} "
        f"{PLAIN.number(sum(arr.values()))} ARR counted twice, {currency} "
        f"{PLAIN.number(sum(today.values()))} of it on the last day."
    )


def _shown(pairs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    shown = ("account_id", "product_id", "old_line", "old_ends_on", "new_line", "new_starts_on")
    return [{name: pair[name] for name in shown} for pair in pairs[:3]]
