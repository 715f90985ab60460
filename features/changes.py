"""The log of what changed in an account's subscriptions, derived from their periods.

Both sides read it: past upsells as features (from what was known) and labels (from what came).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

ROUNDING = 1e-9
"""Sums of fractional quantities differ by less than this without anything having changed."""


def product_changes(lines: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Return one row for each day on which a product's lines of an account start or end.

    Parameters
    ----------
    lines
        Subscription periods; ``keys`` and the contract's columns.
    keys
        What tells accounts apart: ``account_id``, with ``as_of`` for a point-in-time log.

    Returns
    -------
    ir.Table
        ``keys``, ``product_id``, ``changed_on``; ``quantity_change``, ``arr_change``,
        ``arr_before``; ``signed_on`` (latest signature of what starts) and ``end_known_on``;
        ``is_first`` (the product was never held before), ``is_start``, ``is_stop`` (from none, to
        none) with ``gap_days`` (none before a start, or after a stop; null when it is for good),
        ``is_up``, ``is_down`` (more or less of a product held before and after).
        A change of price alone is neither up nor down; a change of plan goes by its ARR.
        A period that ended before it ran never was.
    """
    by = [*keys, "product_id"]
    days = (
        _steps(lines, by)
        .group_by([*by, "changed_on"])
        .aggregate(
            quantity_change=ibis._.quantity.sum(),
            arr_change=ibis._.arr.sum(),
            line_change=ibis._.line.sum(),
            signed_on=ibis._.signed_on.max(),
            end_known_on=ibis._.end_known_on.max(),
            plan_in=ibis._.plan.max(where=ibis._.line == 1),
            plan_out=ibis._.plan.max(where=ibis._.line == -1),
        )
    )
    return _judged(_running_totals(days, by))


def account_stops(lines: ir.Table) -> ir.Table:
    """Return one row for each day on which an account's last line ends.

    Columns: ``account_id``, ``stopped_on``, ``resumed_on`` (null when it has not come back) and
    ``arr_lost``.
    """
    by = ["account_id"]
    days = (
        _steps(lines, by)
        .group_by([*by, "changed_on"])
        .aggregate(arr_change=ibis._.arr.sum(), line_change=ibis._.line.sum())
    )
    totals = _running_totals(days, by)
    window = ibis.window(group_by=by, order_by="changed_on")
    totals = totals.mutate(resumed_on=totals.changed_on.lead().over(window))
    stops = totals.filter((totals.lines_after == 0) & (totals.lines_before > 0))
    return stops.select(
        "account_id", "resumed_on", stopped_on=stops.changed_on, arr_lost=stops.arr_before
    )


def _steps(lines: ir.Table, by: Sequence[str]) -> ir.Table:
    """Return each period as a step up on the day it starts and a step down on the day it ends."""
    lines = lines.filter(lines.ended_on.isnull() | (lines.ended_on > lines.starts_on))
    plan = lines.plan.fill_null("")
    arr = lines.quantity * lines.unit_price
    starts = lines.select(
        *by,
        changed_on=lines.starts_on,
        quantity=lines.quantity,
        arr=arr,
        line=ibis.literal(1, type="int64"),
        signed_on=lines.signed_on,
        end_known_on=ibis.null("date"),
        plan=plan,
    )
    ended = lines.filter(lines.ended_on.notnull())
    ends = ended.select(
        *by,
        changed_on=ended.ended_on,
        quantity=-ended.quantity,
        arr=-ended.quantity * ended.unit_price,
        line=ibis.literal(-1, type="int64"),
        signed_on=ibis.null("date"),
        end_known_on=ended.ended_known_on,
        plan=ended.plan.fill_null(""),
    )
    return starts.union(ends)


def _running_totals(days: ir.Table, by: Sequence[str]) -> ir.Table:
    """Add what ran before and after each day; line counts are whole, so zero is exactly zero."""
    window = ibis.cumulative_window(group_by=by, order_by="changed_on")
    totals = days.mutate(
        lines_after=days.line_change.sum().over(window),
        arr_after=days.arr_change.sum().over(window),
    )
    return totals.mutate(
        lines_before=totals.lines_after - totals.line_change,
        arr_before=totals.arr_after - totals.arr_change,
    )


def _judged(days: ir.Table) -> ir.Table:
    """Say of each day what it was: a start, a stop, up, down, or a price alone."""
    held = (days.lines_before > 0) & (days.lines_after > 0)
    replanned = (days.plan_in != days.plan_out).fill_null(False)
    sign = ibis.ifelse(replanned & (days.arr_change != 0), days.arr_change, days.quantity_change)
    by = [name for name in ("as_of", "account_id", "product_id") if name in days.columns]
    first = days.changed_on.min().over(ibis.window(group_by=by))
    is_start = (days.lines_before == 0) & (days.lines_after > 0)
    is_stop = (days.lines_before > 0) & (days.lines_after == 0)
    in_order = ibis.window(group_by=by, order_by="changed_on")
    before = days.changed_on.delta(days.changed_on.lag().over(in_order), unit="day")
    after = days.changed_on.lead().over(in_order).delta(days.changed_on, unit="day")
    return days.mutate(
        is_first=days.changed_on == first,
        is_start=is_start,
        is_stop=is_stop,
        gap_days=ibis.cases((is_start, before), (is_stop, after)),
        is_up=held & (sign > ROUNDING),
        is_down=held & (sign < -ROUNDING),
    )
