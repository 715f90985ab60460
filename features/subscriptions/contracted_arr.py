"""What each account pays on a day, and what it will pay by all that is signed or announced then.

Past quarters show how what was announced differed from what came, and the forecast builds on that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.point_in_time.facts import KEYS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts

DAYS = {"arr": 0, "arr_in_91d": 91, "arr_in_182d": 182, "arr_in_273d": 273, "arr_in_364d": 364}
"""Columns of ARR, and how many days after ``as_of`` each looks."""


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
    lines = contracted_periods(facts)
    lines = lines.mutate(worth=lines.quantity * lines.unit_price)
    lines = lines.mutate(**{f"runs_{name}": runs_in(lines, days) for name, days in DAYS.items()})
    paid = {name: lines.worth.sum(where=lines[f"runs_{name}"]).fill_null(0.0) for name in DAYS}
    term = lines.term_ends_on
    return lines.group_by([*KEYS, "started_on"]).aggregate(
        **paid,
        renewal_days=term.delta(lines.as_of, unit="day").min(where=lines.runs_arr),
        term_days=term.delta(lines.starts_on, unit="day").max(where=lines.runs_arr),
    )


def contracted_periods(facts: Facts) -> ir.Table:
    """Return the periods known before each ``as_of``, later ones too; withdrawn ones are none."""
    lines = facts.announced("subscriptions")
    return lines.filter(lines.ended_on.isnull() | (lines.ended_on > lines.starts_on))


def runs_in(lines: ir.Table, days: int) -> ir.BooleanValue:
    """Say which periods run in ``days``; the last of a line to have begun replaces the others.

    The period before it has often no known end yet when the next is signed.
    """
    line = ibis.window(group_by=[*KEYS, "subscription_id"])
    day = lines.as_of + ibis.interval(days=days)
    begun = lines.starts_on < day
    last = ibis.ifelse(begun, lines.starts_on, ibis.null("date")).max().over(line)
    ended = lines.ended_on.notnull() & (lines.ended_on <= day)
    return begun & (lines.starts_on == last) & ~ended
