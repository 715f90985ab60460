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
CENTS = 0.005
"""Sums of money that differ by less than half a cent are the same money."""


def product_changes(
    lines: ir.Table, keys: Sequence[str], *, price_changes: bool = False
) -> ir.Table:
    """Return one row for each day on which a product's lines of an account start or end.

    Parameters
    ----------
    lines
        Subscription periods, as ``contract_periods`` returns them; ``keys`` and the contract's
        columns.
    keys
        What tells accounts apart: ``account_id``, with ``as_of`` for a point-in-time log.
    price_changes
        Whether every change goes by its ARR, a rise or cut of the price alone included.

    Returns
    -------
    ir.Table
        ``keys``, ``product_id``, ``changed_on``; ``quantity_change``, ``arr_change``;
        ``price_in`` (of what starts, a unit), ``currency`` and ``one_currency``;
        ``signed_on`` (of what starts, the first), ``first_signed_on`` (of the product, from the
        day it was bought until it is dropped) and ``end_known_on`` (of what ends, the last);
        ``is_first`` (the product was never held before), ``is_start``, ``is_stop`` (from none, to
        none), ``is_up``, ``is_down`` (more or less of a product held before and after), and
        ``by_arr``: whether it went by ARR, as a change of plan does, or by quantity.
        A change of price alone is neither up nor down, and one of currency never is.
        A period that ended before it ran never was.
    """
    by = [*keys, "product_id"]
    starts = ibis._.line == 1
    days = (
        _steps(lines, by)
        .group_by([*by, "changed_on"])
        .aggregate(
            quantity_change=ibis._.quantity.sum(),
            arr_change=ibis._.arr.sum(),
            line_change=ibis._.line.sum(),
            signed_on=ibis._.signed_on.min(),
            end_known_on=ibis._.end_known_on.max(),
            plan_in=ibis._.plan.max(where=starts),
            plan_out=ibis._.plan.max(where=~starts),
            price_in=ibis._.arr.sum(where=starts) / ibis._.quantity.sum(where=starts).nullif(0),
            currency=ibis._.currency.max(),
            one_currency=ibis._.currency.min() == ibis._.currency.max(),
        )
    )
    return _judged(_running_totals(days, by), by, price_changes)


def signed_steps(lines: ir.Table) -> ir.Table:
    """Return each start and end of a period with the signature that brought it about.

    A start was signed as its period says. An end has the signature of what follows it on that
    day: the next period of its line or, where the line goes on under another number, the latest
    signed of the product's new lines. An end that nothing follows has none.

    Columns: ``account_id``, ``product_id``, ``changed_on``, ``quantity``, ``arr``, ``signed_on``,
    ``end_known_on``.
    """
    by = ["account_id", "product_id"]
    line = ibis.window(group_by=[*by, "changed_on", "subscription_id"])
    day = ibis.window(group_by=[*by, "changed_on"])
    steps = _steps(lines, by)
    steps = steps.mutate(
        line_signed_on=steps.signed_on.max().over(line), continues=steps.line.min().over(line) < 0
    )
    new = ibis.ifelse(steps.continues, ibis.null("date"), steps.signed_on)
    steps = steps.mutate(new_signed_on=new.max().over(day))
    signed_on = ibis.coalesce(steps.line_signed_on, steps.new_signed_on)
    return steps.select(*by, "changed_on", "quantity", "arr", "end_known_on", signed_on=signed_on)


def account_stops(lines: ir.Table) -> ir.Table:
    """Return one row for each day on which an account's last line ends.

    Columns: ``account_id``, ``changed_on`` and ``resumed_on`` (null when it has not come back).
    """
    return _stops(lines, ["account_id"])


def _stops(lines: ir.Table, by: Sequence[str]) -> ir.Table:
    """Return each day on which the last line of ``by`` ends, and when one starts again."""
    days = _steps(lines, by).group_by([*by, "changed_on"]).aggregate(line_change=ibis._.line.sum())
    totals = _running_totals(days, by)
    window = ibis.window(group_by=by, order_by="changed_on")
    totals = totals.mutate(resumed_on=totals.changed_on.lead().over(window))
    stops = totals.filter((totals.lines_after == 0) & (totals.lines_before > 0))
    return stops.select(*by, "changed_on", "resumed_on")


def _real(lines: ir.Table) -> ir.Table:
    """Drop the periods that ended before they ran."""
    return lines.filter(lines.ended_on.isnull() | (lines.ended_on > lines.starts_on))


def _steps(lines: ir.Table, by: Sequence[str]) -> ir.Table:
    """Return each period as a step up on the day it starts and a step down on the day it ends."""
    lines = _real(lines)
    lines = lines.mutate(plan=lines.plan.fill_null(""), arr=lines.quantity * lines.unit_price)
    columns = list(dict.fromkeys([*by, "product_id", "subscription_id", "plan", "currency"]))
    starts = lines.select(
        *columns,
        changed_on=lines.starts_on,
        quantity=lines.quantity,
        arr=lines.arr,
        line=ibis.literal(1, type="int64"),
        signed_on=lines.signed_on,
        end_known_on=ibis.null("date"),
    )
    ended = lines.filter(lines.ended_on.notnull())
    ends = ended.select(
        *columns,
        changed_on=ended.ended_on,
        quantity=-ended.quantity,
        arr=-ended.arr,
        line=ibis.literal(-1, type="int64"),
        signed_on=ibis.null("date"),
        end_known_on=ended.ended_known_on,
    )
    return starts.union(ends)


def _running_totals(days: ir.Table, by: Sequence[str]) -> ir.Table:
    """Add how many lines ran before and after each day."""
    window = ibis.cumulative_window(group_by=by, order_by="changed_on")
    totals = days.mutate(lines_after=days.line_change.sum().over(window))
    return totals.mutate(lines_before=totals.lines_after - totals.line_change)


def _judged(days: ir.Table, by: Sequence[str], price_changes: bool) -> ir.Table:
    """Say of each day what it was: a start, a stop, up, down, or a price alone."""
    held = (days.lines_before > 0) & (days.lines_after > 0)
    replanned = (days.plan_in != days.plan_out).fill_null(False)
    moved = days.one_currency & (days.arr_change.abs() > CENTS)
    by_arr = moved & (ibis.literal(price_changes) | replanned)
    sign = ibis.ifelse(by_arr, days.arr_change, days.quantity_change)
    days = days.mutate(
        is_start=(days.lines_before == 0) & (days.lines_after > 0),
        is_stop=(days.lines_before > 0) & (days.lines_after == 0),
    )
    so_far = ibis.cumulative_window(group_by=by, order_by="changed_on")
    days = days.mutate(purchase=ibis.ifelse(days.is_start, 1, 0).sum().over(so_far))
    history, purchase = ibis.window(group_by=by), ibis.window(group_by=[*by, "purchase"])
    return days.mutate(
        first_signed_on=days.signed_on.min().over(purchase),
        is_first=days.changed_on == days.changed_on.min().over(history),
        is_up=held & (sign > ROUNDING),
        is_down=held & (sign < -ROUNDING),
        by_arr=by_arr,
    )
