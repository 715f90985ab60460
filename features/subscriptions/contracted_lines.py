"""What is signed and starts later: ramps and renewals agreed, line by line.

Each line is read twice: what it holds now, and what it will hold in a year by what is signed today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.point_in_time.facts import KEYS
from features.point_in_time.lines import runs_on

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAYS_AHEAD = 364
"""How far ahead a start still counts."""


def lines_ahead(lines: ir.Table) -> ir.Table:
    """Return the periods of lines that something signed within ``DAYS_AHEAD`` days changes.

    A line is concerned where a later period of its own, or of its product, starts by then: a
    renewal may come under a new number. What starts on ``as_of`` runs already.

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
    horizon = lines.as_of + ibis.interval(days=DAYS_AHEAD)
    near = lines.filter(lines.starts_on <= horizon)
    comes = near.starts_on > near.as_of
    return _concerned(near.mutate(comes=comes, now=runs_on(near, near.as_of))).mutate(
        then=lambda rows: runs_on(rows, rows.as_of + ibis.interval(days=DAYS_AHEAD))
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
