"""What engines do differently, written so that DuckDB, Spark and PostgreSQL all agree.

PostgreSQL casts no truth value to a number, and its sums and averages of integers are decimals;
Ibis leaves out a cast that it thinks is one already. PostgreSQL has no semi or anti joins either,
and Ibis rewrites them only where they stand alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis
from ibis.expr import operations as ops
from ibis.expr.datatypes import float64

if TYPE_CHECKING:
    import ibis.expr.types as ir

PREFIX = "_key_"
"""Prefix of the keys that a table is joined by, so that they meet no other column."""


def number(value: ir.Value) -> ir.FloatingValue:
    """Return a number or truth value as float64, on every engine; null stays null."""
    if value.type().is_boolean():
        value = ibis.cases((value, 1), (~value, 0))
    return ops.Cast(value, float64).to_expr()


def cached(table: ir.Table) -> ir.Table:
    """Compute a table once for all that read it."""
    # Ibis hands Spark the rows of memory tables when a query runs, but not when it is cached.
    ibis.get_backend(table)._register_in_memory_tables(table)
    return table.cache()


def matching(rows: ir.Table, others: ir.Table, on: Sequence[str]) -> ir.Table:
    """Return the rows whose values ``on`` stand in ``others`` too, once each (a semi join)."""
    keys, matches = _keys(rows, others, on)
    return rows.inner_join(keys, matches).select(*rows.columns)


def without(rows: ir.Table, others: ir.Table, on: Sequence[str]) -> ir.Table:
    """Return the rows whose values ``on`` do not stand in ``others`` (an anti join).

    ``others`` holds no null in the first of ``on``.
    """
    keys, matches = _keys(rows, others, on)
    joined = rows.left_join(keys, matches)
    return joined.filter(joined[PREFIX + on[0]].isnull()).select(*rows.columns)


def _keys(
    rows: ir.Table, others: ir.Table, on: Sequence[str]
) -> tuple[ir.Table, list[ir.BooleanValue]]:
    keys = others.select(**{PREFIX + name: name for name in on}).distinct()
    return keys, [rows[name] == keys[PREFIX + name] for name in on]
