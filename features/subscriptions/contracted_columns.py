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


def contracted(facts: Facts, days: int) -> ir.Table:
    """Return what each account of the spine comes to in ``days`` by what is signed or announced.

    Returns
    -------
    ir.Table
        ``account_id``, ``as_of``; ``arr_column``, the ARR (currency a year) on the day ``days``
        after ``as_of`` by what was known before it, as ``standings`` has it: 0 where all that is
        paid for is known to have ended by then, which decides every outcome; ``day_column``, the
        day of the last start or end that makes it so, null where nothing changes.
    """
    lines = facts.paid_lines()
    end = lines.as_of + ibis.interval(days=days)
    lines = lines.mutate(now=runs_on(lines, lines.as_of), then=runs_on(lines, end))
    line = ibis.window(group_by=[*KEYS, "subscription_id"])
    goes_on = ibis.ifelse(lines.then, 1, 0).max().over(line) == 1
    ends = ~goes_on & (lines.ended_on > lines.as_of) & (lines.ended_on <= end)
    starts = lines.then & ~lines.now
    changed_on = ibis.cases(
        (starts, lines.starts_on), (ends, lines.ended_on), else_=ibis.null("date")
    )
    lines = lines.mutate(changed_on=changed_on)
    return lines.group_by(KEYS).aggregate(
        **{arr_column(days): paid_in(lines, days), day_column(days): lines.changed_on.max()}
    )
