"""What is signed and starts later: ramps and renewals agreed, line by line.

Each line is read twice: what it holds now, and what it will hold in a year by what is signed today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.point_in_time.facts import KEYS
from features.point_in_time.lines import runs_on
from features.subscriptions.column_names import YEAR_DAYS

if TYPE_CHECKING:
    import ibis.expr.types as ir


def lines_ahead(lines: ir.Table) -> ir.Table:
    """Return which periods of lines something signed within ``YEAR_DAYS`` days changes.

    A line is concerned where a later period of its own, or of its product, starts by then: a
    renewal may come under a new number. What starts on ``as_of`` runs already.

    Parameters
    ----------
    lines
        Subscription periods announced before each ``as_of``.

    Returns
    -------
    ir.Table
        The columns of ``lines``; of those concerned, ``now`` and ``then`` say which period runs on
        ``as_of`` and ``YEAR_DAYS`` days later. Of the others they are False: nothing changes.
    """
    horizon = lines.as_of + ibis.interval(days=YEAR_DAYS)
    near = lines.filter(lines.starts_on <= horizon)
    comes = near.starts_on > near.as_of
    marked = _concerned(near.mutate(comes=comes))
    then = marked.as_of + ibis.interval(days=YEAR_DAYS)
    return marked.mutate(
        now=marked.concerned & runs_on(marked, marked.as_of),
        then=marked.concerned & runs_on(marked, then),
    )


def _concerned(lines: ir.Table) -> ir.Table:
    """Mark the periods of lines that something signed changes."""
    comes = ibis.ifelse(lines.comes, 1, 0)
    line, product = (
        comes.max().over(ibis.window(group_by=[*KEYS, of]))
        for of in ("subscription_id", "product_id")
    )
    return lines.mutate(concerned=(line + product) > 0)


def change_ahead(rows: ir.Table, value: ir.NumericValue) -> ir.Value:
    """Return by how much ``value`` will have changed, over the rows of ``lines_ahead``."""
    return value.sum(where=rows.then).fill_null(0) - value.sum(where=rows.now).fill_null(0)
