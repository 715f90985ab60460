"""What each account pays on a day, and what it will pay by all that is signed or announced then.

Past quarters show how what was announced differed from what came, and the forecast builds on that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.as_of import KEYS, running

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.as_of import Facts

QUARTER_DAYS = 91
QUARTERS_AHEAD = 4


def standings(facts: Facts) -> ir.Table:
    """Return what each account of the spine pays, and what is announced for the year ahead.

    Returns
    -------
    ir.Table
        ``account_id``, ``as_of``, ``started_on``; ``arr`` on the day ``as_of`` (currency a year)
        and ``arr_in_91d``, ``arr_in_182d``, ``arr_in_273d``, ``arr_in_364d`` by what was known
        before it: 0 where all that runs is known to have ended by then. ``renewal_days`` to the
        next end of a running term, ``term_days`` of the longest one; null where none is signed.
    """
    lines = facts.announced("subscriptions")
    real = lines.ended_on.isnull() | (lines.ended_on > lines.starts_on)
    lines = lines.filter(real).mutate(arr=lines.quantity * lines.unit_price)
    lines = lines.mutate(runs=running(lines), **_then(lines))
    ahead = {name: lines.arr.sum(where=lines[f"_{name}"]).fill_null(0.0) for name in _days()}
    term = lines.term_ends_on
    summed = lines.group_by([*KEYS, "started_on"]).aggregate(
        arr=lines.arr.sum(where=lines.runs).fill_null(0.0),
        renewal_days=term.delta(lines.as_of, unit="day").min(where=lines.runs),
        term_days=term.delta(lines.starts_on, unit="day").max(where=lines.runs),
        **ahead,
    )
    columns = ["started_on", "arr", *_days(), "renewal_days", "term_days"]
    return summed.select(*KEYS, *columns)


def _days() -> dict[str, int]:
    """Return the columns of what is announced, each with its days ahead."""
    days = [QUARTER_DAYS * quarter for quarter in range(1, QUARTERS_AHEAD + 1)]
    return {f"arr_in_{one}d": one for one in days}


def _then(lines: ir.Table) -> dict[str, ir.Value]:
    """Say which periods will run, with each column's name: the last of a line replaces the others.

    The period before it has often no known end yet when the next is signed.
    """
    line = ibis.window(group_by=[*KEYS, "subscription_id"])
    flags: dict[str, ir.Value] = {}
    for name, days in _days().items():
        day = lines.as_of + ibis.interval(days=days)
        started = lines.starts_on < day
        last = ibis.ifelse(started, lines.starts_on, ibis.null("date")).max().over(line)
        ends = lines.ended_on.notnull() & (lines.ended_on <= day)
        flags[f"_{name}"] = started & (lines.starts_on == last) & ~ends
    return flags
