"""What is signed and starts later: ramps and renewals agreed, line by line.

The periods of a line follow each other, so the one that starts last replaces the one before. Each
line is read twice: what it holds now, and what it will hold in a year by what is signed today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.point_in_time.facts import KEYS, running

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAYS_AHEAD = 364
"""How far ahead a start still counts."""


def lines_ahead(lines: ir.Table) -> ir.Table:
    """Return the periods of lines that something signed within ``DAYS_AHEAD`` days changes.

    A line is concerned where a later period of its own, or of its product, starts by then: a
    renewal may come under a new number.

    Parameters
    ----------
    lines
        Subscription periods announced before each ``as_of``.

    Returns
    -------
    ir.Table
        The columns of ``lines``; ``now`` and ``then`` say which period holds on ``as_of`` and
        ``DAYS_AHEAD`` days later.
    """
    horizon = lines.as_of + ibis.interval(days=DAYS_AHEAD)
    real = lines.ended_on.isnull() | (lines.ended_on > lines.starts_on)
    near = lines.filter(real & (lines.starts_on <= horizon))
    return _concerned(_read_twice(near.mutate(comes=near.starts_on >= near.as_of)))


def _read_twice(lines: ir.Table) -> ir.Table:
    by_line = ibis.window(group_by=[*KEYS, "subscription_id"])
    so_far = ibis.ifelse(lines.comes, ibis.null("date"), lines.starts_on)
    lines = lines.mutate(
        newest=so_far.max().over(by_line), last=lines.starts_on.max().over(by_line)
    )
    horizon = lines.as_of + ibis.interval(days=DAYS_AHEAD)
    goes_on = lines.ended_on.isnull() | (lines.ended_on > horizon)
    return lines.mutate(
        now=running(lines) & (lines.starts_on == lines.newest),
        then=goes_on & (lines.starts_on == lines.last),
    )


def _concerned(lines: ir.Table) -> ir.Table:
    comes = ibis.ifelse(lines.comes, 1, 0)
    line, product = (
        comes.max().over(ibis.window(group_by=[*KEYS, of]))
        for of in ("subscription_id", "product_id")
    )
    marked = lines.mutate(concerned=(line + product) > 0)
    return marked.filter(marked.concerned)


def change_ahead(rows: ir.Table, value: ir.NumericValue) -> ir.Value:
    """Return by how much ``value`` will have changed, over the rows of ``lines_ahead``."""
    return value.sum(where=rows.then).fill_null(0) - value.sum(where=rows.now).fill_null(0)
