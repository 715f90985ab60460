"""What each account pays on a day, and what it will pay by all that is signed or announced then.

Past quarters show how what was announced differed from what came, and the forecast builds on that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis

from features.point_in_time.facts import KEYS, Facts
from features.point_in_time.lines import GRACE_DAYS, runs_on

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAYS = {"arr": 0, "arr_in_91d": 91, "arr_in_182d": 182, "arr_in_273d": 273, "arr_in_364d": 364}
"""Columns of ARR, and how many days after ``as_of`` each looks."""


def standings(facts: Facts) -> ir.Table:
    """Return what each account of the spine pays, and what is announced for the year ahead.

    Returns
    -------
    ir.Table
        ``account_id``, ``as_of``, ``started_on``; ``arr`` on the day ``as_of`` (currency a year)
        and ``arr_in_91d``, ``arr_in_182d``, ``arr_in_273d``, ``arr_in_364d`` on the day so many
        days later, all by what was known before ``as_of``. ``arr`` is above 0 in every row; 0 in a
        later one means decided: all that is paid for is known to have ended by then, and nothing
        signed follows. ``renewal_days`` to the next end of a running term, ``term_days`` of the
        longest one; null where none is signed.
    """
    lines = facts.paid_lines()
    paid = {name: paid_in(lines, days) for name, days in DAYS.items()}
    runs, term = runs_on(lines, lines.as_of), lines.term_ends_on
    return lines.group_by([*KEYS, "started_on"]).aggregate(
        **paid,
        renewal_days=term.delta(lines.as_of, unit="day").min(where=runs),
        term_days=term.delta(lines.starts_on, unit="day").max(where=runs),
    )


def settled(
    tables: Mapping[str, ir.Table], days: Sequence[date], grace_days: int = GRACE_DAYS
) -> ir.Table:
    """Return what each account paid on each of ``days``, as known once the grace days were over.

    An account that pauses pays on as before, as labels have it: it left only if it has not come
    back within ``grace_days``. By what was known ``settling_days`` after the day, and not on it.

    Returns
    -------
    ir.Table
        ``account_id``, ``as_of`` (the day) and ``arr`` (currency a year) of who paid.
    """
    wait = settling_days(grace_days)
    known_by = [(day + timedelta(days=wait),) for day in days]
    accounts = tables["subscriptions"].select("account_id").distinct()
    spine = accounts.cross_join(ibis.memtable(known_by, schema={"as_of": "date"}))
    lines = Facts(tables, spine, (), grace_days).paid_lines()
    day = lines.as_of - ibis.interval(days=wait)
    paid = lines.filter(runs_on(lines, day)).mutate(as_of=day)
    return paid.group_by(KEYS).aggregate(arr=(paid.quantity * paid.unit_price).sum())


def settling_days(grace_days: int) -> int:
    """Return how many days after a day it is known who paused on it and who left."""
    return grace_days + 1


def contracted_arr(facts: Facts, days: int) -> ir.Table:
    """Return the ARR of each account of the spine ``days`` after ``as_of`` by what is contracted.

    ``KEYS`` and ``arr`` (currency a year): signed and announced ahead, gains and losses. 0 means
    decided: by what was known before ``as_of``, the account pays nothing on that day.
    """
    lines = facts.paid_lines()
    return lines.group_by(KEYS).aggregate(arr=paid_in(lines, days))


def paid_in(lines: ir.Table, days: int) -> ir.FloatingValue:
    """Return the ARR of the lines that run ``days`` after ``as_of``."""
    day = lines.as_of + ibis.interval(days=days)
    return (lines.quantity * lines.unit_price).sum(where=runs_on(lines, day)).fill_null(0.0)
