"""Which subscription periods run on a day, and which of them pay: the one definition of both.

Periods are half-open: one runs on the day it starts and no longer on the day it ends. Whatever asks
what an account holds or pays on a day, in the past, today or by what is signed ahead, asks here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

GRACE_DAYS = 31
"""A pause or a replacement up to so long is no loss, unless the company says otherwise."""
NEVER = date(9999, 12, 31)
"""Stands for the end of a period without one where ends are compared."""


def runs_on(lines: ir.Table, day: ir.DateValue) -> ir.BooleanValue:
    """Say which periods run on ``day``: started by then, and not ended on it or before."""
    return (lines.starts_on <= day) & (lines.ended_on.isnull() | (lines.ended_on > day))


def pays(lines: ir.Table) -> ir.BooleanValue:
    """Say which periods are paid for; a free one is used, and is no part of what is paid or held.

    An account pays on a day when one of its periods that run on it does.
    """
    return lines.quantity * lines.unit_price > 0


def contract_periods(lines: ir.Table, by: Sequence[str], grace_days: int) -> ir.Table:
    """Return the periods as they follow each other, without gaps that are no loss.

    - A period that ended before it ran never was.
    - The next period of a line replaces the one before on the day it starts: its end is often
      known later than its successor.
    - A paid period that pauses for up to ``grace_days`` goes on until it is paid again; a free
      month is such a pause and no period of its own. So is a pause of a free one among free ones.
      A line pauses when it goes on later and nothing of its product took its place on the day it
      ended; a product when none of it runs until it goes on, under whatever number; an account
      when nothing runs until something does, another product included.

    Parameters
    ----------
    lines
        Subscription periods; ``by`` and the contract's columns.
    by
        What tells accounts apart: ``account_id``, with ``as_of`` for what was known on a day.
    grace_days
        How long a pause may last.

    Returns
    -------
    ir.Table
        The columns of ``lines``, with other ``ended_on`` and ``ended_known_on``.
    """
    columns = lines.columns
    real = lines.filter(lines.ended_on.isnull() | (lines.ended_on > lines.starts_on))
    closed = _pauses_closed(_succeeded(real, by).mutate(paid=pays), by, grace_days)
    return _without_free_months(closed, by).select(*columns)


def _succeeded(lines: ir.Table, by: Sequence[str]) -> ir.Table:
    """End each period on the day the next one of its line starts, known with its signature."""
    line = ibis.window(group_by=[*by, "subscription_id"], order_by="starts_on")
    lines = lines.mutate(
        next_starts_on=lines.starts_on.lead().over(line),
        next_signed_on=lines.signed_on.lead().over(line),
    )
    replaced = lines.next_starts_on <= ibis.coalesce(lines.ended_on, ibis.literal(NEVER))
    replaced = replaced.fill_null(False)
    known_on = ibis.least(
        ibis.coalesce(lines.ended_known_on, lines.next_signed_on), lines.next_signed_on
    )
    return lines.mutate(
        ended_on=ibis.ifelse(replaced, lines.next_starts_on, lines.ended_on),
        ended_known_on=ibis.ifelse(replaced, known_on, lines.ended_known_on),
    )


def _pauses_closed(lines: ir.Table, by: Sequence[str], grace_days: int) -> ir.Table:
    """Let each period that pauses up to ``grace_days`` run until it goes on.

    Paid and free periods are looked at apart, by the column ``paid``.
    """
    product = [*by, "product_id", "paid"]
    starts = lines.select(**{f"begun_{name}": name for name in [*product, "starts_on"]}).distinct()
    line = ibis.window(group_by=[*product, "subscription_id"], order_by="starts_on")
    lines = lines.mutate(line_resumes_on=lines.starts_on.lead().over(line))
    lines = _stretched(_stretched(lines, product, "product"), [*by, "paid"], "account")
    same_day = [lines[name] == starts[f"begun_{name}"] for name in product]
    joined = lines.left_join(starts, [*same_day, lines.ended_on == starts.begun_starts_on])
    taken_over = joined.begun_starts_on.notnull()
    line_resumes_on = ibis.ifelse(taken_over, ibis.null("date"), joined.line_resumes_on)
    resumptions = line_resumes_on, joined.product_resumes_on, joined.account_resumes_on
    closed = [_soon(day, joined.ended_on, grace_days) for day in resumptions]
    return joined.mutate(ended_on=ibis.coalesce(*closed, joined.ended_on))


def _stretched(lines: ir.Table, by: Sequence[str], what: str) -> ir.Table:
    """Add when ``what``, told apart by ``by``, resumes after the end of a period that stops it.

    Null where something of it runs on, or nothing follows.
    """
    order = [lines.starts_on, lines.subscription_id]
    until = ibis.coalesce(lines.ended_on, ibis.literal(NEVER))
    before = ibis.window(group_by=by, order_by=order, preceding=(None, 1), following=None)
    lines = lines.mutate(until=until, reached_on=until.max().over(before))
    begins = lines.reached_on.isnull() | (lines.starts_on > lines.reached_on)
    lines = lines.mutate(begins=ibis.ifelse(begins, 1, 0))
    so_far = ibis.cumulative_window(group_by=by, order_by=order)
    later = ibis.window(group_by=by, order_by=order, preceding=None, following=(1, None))
    next_on = ibis.ifelse(lines.begins == 1, lines.starts_on, ibis.null("date")).min().over(later)
    lines = lines.mutate(stretch=lines.begins.sum().over(so_far), next_on=next_on)
    stretch = ibis.window(group_by=[*by, "stretch"])
    stops = lines.until == lines.until.max().over(stretch)
    resumes_on = ibis.ifelse(stops, lines.next_on, ibis.null("date"))
    return lines.mutate(**{f"{what}_resumes_on": resumes_on})


def _soon(day: ir.DateValue, after: ir.DateValue, days: int) -> ir.DateValue:
    """Return ``day`` where it lies within ``days`` after ``after``, else null."""
    apart = day.delta(after, unit="day")
    return ibis.ifelse((apart > 0) & (apart <= days), day, ibis.null("date"))


def _without_free_months(lines: ir.Table, by: Sequence[str]) -> ir.Table:
    """Drop the free periods during which the paid one before them on the line goes on."""
    line = ibis.window(
        group_by=[*by, "subscription_id"],
        order_by="starts_on",
        preceding=(None, 1),
        following=None,
    )
    paid_until = ibis.ifelse(
        lines.paid, ibis.coalesce(lines.ended_on, ibis.literal(NEVER)), ibis.null("date")
    )
    marked = lines.mutate(covered_until=paid_until.max().over(line))
    covered = (marked.covered_until > marked.starts_on).fill_null(False)
    return marked.filter(marked.paid | ~covered)
