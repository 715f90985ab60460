"""The columns that say what an account comes to by contract: certain, and no propensity.

The feature table carries them beside its features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.point_in_time.facts import KEYS
from features.point_in_time.lines import runs_on
from features.subscriptions.column_names import arr_column, day_column
from features.subscriptions.contracted_arr import paid_in

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts


def contracted(facts: Facts, *spans: int) -> ir.Table:
    """Return what each account of the spine comes to by what is signed or announced.

    Parameters
    ----------
    facts
        What was known before each ``as_of``.
    spans
        Days after ``as_of``; each gives two columns.

    Returns
    -------
    ir.Table
        ``account_id``, ``as_of``; ``arr_column``, the ARR (currency a year) on the day so many days
        after ``as_of`` by what was known before it, as ``standings`` has it: 0 where all that is
        paid for is known to have ended by then, which decides every outcome up to that day;
        ``day_column``, the day of the last start or end that makes it so, null where nothing
        changes.
    """
    lines = facts.paid_lines()
    lines = lines.mutate(**{day_column(days): _changed_on(lines, days) for days in spans})
    columns = {
        name: value
        for days in spans
        for name, value in (
            (arr_column(days), paid_in(lines, days)),
            (day_column(days), lines[day_column(days)].max()),
        )
    }
    return lines.group_by(KEYS).aggregate(**columns)


def _changed_on(lines: ir.Table, days: int) -> ir.DateValue:
    """Return the day within ``days`` on which a line starts or ends, null where it does neither."""
    end = lines.as_of + ibis.interval(days=days)
    runs_then = runs_on(lines, end)
    line = ibis.window(group_by=[*KEYS, "subscription_id"])
    goes_on = ibis.ifelse(runs_then, 1, 0).max().over(line) == 1
    ends = ~goes_on & (lines.ended_on > lines.as_of) & (lines.ended_on <= end)
    starts = runs_then & ~runs_on(lines, lines.as_of)
    return ibis.cases((starts, lines.starts_on), (ends, lines.ended_on), else_=ibis.null("date"))
