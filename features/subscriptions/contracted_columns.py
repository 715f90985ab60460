"""The columns that say what an account comes to by contract: certain, and no propensity.

The feature table carries them beside its features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.point_in_time.facts import KEYS
from features.subscriptions.column_names import arr_column, day_column
from features.subscriptions.contracted_arr import contracted_periods, runs_in

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts


def contracted(facts: Facts, days: int) -> ir.Table:
    """Return what each account of the spine comes to in ``days`` by what is signed or announced.

    Returns
    -------
    ir.Table
        ``account_id``, ``as_of``; ``arr_column``, the ARR (currency a year) on the day ``days``
        after ``as_of`` by what was known before it, as ``standings`` has it: 0 where all that runs
        is known to have ended by then, which decides every outcome; ``day_column``, the day of the
        last start or end that makes it so, null where nothing changes.
    """
    lines = contracted_periods(facts)
    lines = lines.mutate(now=runs_in(lines, 0), then=runs_in(lines, days))
    line = ibis.window(group_by=[*KEYS, "subscription_id"])
    goes_on = lines.then.cast("int8").max().over(line) == 1
    end = lines.as_of + ibis.interval(days=days)
    ends = ~goes_on & (lines.ended_on > lines.as_of) & (lines.ended_on <= end)
    starts = lines.then & ~lines.now
    changed_on = ibis.cases(
        (starts, lines.starts_on), (ends, lines.ended_on), else_=ibis.null("date")
    )
    lines = lines.mutate(changed_on=changed_on, worth=lines.quantity * lines.unit_price)
    return lines.group_by(KEYS).aggregate(
        **{
            arr_column(days): lines.worth.sum(where=lines.then).fill_null(0.0),
            day_column(days): lines.changed_on.max(),
        }
    )
