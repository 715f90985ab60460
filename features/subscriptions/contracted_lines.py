"""What is signed or announced for the year ahead: ramps, renewals agreed, and ends.

Each line is read twice: what it holds now, and what it will hold in a year by what is known today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.point_in_time.lines import runs_on

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAYS_AHEAD = 364
"""How far ahead a start or an end still counts."""


def lines_ahead(lines: ir.Table) -> ir.Table:
    """Return the periods of lines with whether they run now, and ``DAYS_AHEAD`` days later.

    An end counts with and without a successor: what is known to end is as certain as what is
    signed. What starts on ``as_of`` runs already.

    Parameters
    ----------
    lines
        Subscription periods announced before each ``as_of``.

    Returns
    -------
    ir.Table
        The columns of ``lines``; ``now`` and ``then`` say which period runs on ``as_of`` and
        ``DAYS_AHEAD`` days later.
    """
    then = lines.as_of + ibis.interval(days=DAYS_AHEAD)
    near = lines.filter(lines.starts_on <= then)
    then = near.as_of + ibis.interval(days=DAYS_AHEAD)
    return near.mutate(now=runs_on(near, near.as_of), then=runs_on(near, then))


def change_ahead(rows: ir.Table, value: ir.NumericValue) -> ir.Value:
    """Return by how much ``value`` will have changed, over the rows of ``lines_ahead``."""
    return value.sum(where=rows.then).fill_null(0) - value.sum(where=rows.now).fill_null(0)
