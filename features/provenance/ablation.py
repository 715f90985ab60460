"""Which source rows of one account entered which column: found by trying, not by reading code.

The account is copied once for each of its rows: with that row as the only one of its table, and
without that row alone. A row entered a column whose value differs by it in one of the two; it
decides the column when the value differs without it. One batch computes all copies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis

from features.declaration.compute import compute
from features.point_in_time.facts import Facts, spine
from features.provenance.visibility import NUMBER

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.declaration.feature import FeatureColumn
    from features.declaration.group import FeatureGroup

MOST_ROWS = 3_000_000
"""So many copied rows are tried for a table; beyond, only what is visible is told."""
FULL, NONE, ONLY, WITHOUT = "full", "none", "only", "without"
SHARED = ("products",)
"""Tables that belong to no account, and so cannot be left out for one."""

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Entered:
    """The numbers of a table's rows that entered a column, and of those that decide it."""

    entered: frozenset[int]
    decides: frozenset[int]


def entered(
    groups: Sequence[FeatureGroup],
    tables: Mapping[str, ir.Table],
    candidates: Mapping[str, Sequence[int]],
    as_of: date,
    grace_days: int,
) -> dict[tuple[str, str], Entered]:
    """Return what entered each column drawn from rows, by column and table.

    Parameters
    ----------
    groups
        The groups with the features asked about.
    tables
        All rows of the account by table, numbered, and the shared tables.
    candidates
        The numbers of the rows that are visible at ``as_of``, by table; others cannot enter.
    as_of
        The day of the prediction.
    grace_days
        How long a pause of a subscription may last.

    Returns
    -------
    dict
        Without the pairs of a shared table, or of one too long to be tried.
    """
    entries: dict[tuple[str, str], Entered] = {}
    for table, numbers in candidates.items():
        touched = _touched(groups, table)
        held = _held(touched, tables)
        ways = _affordable(len(numbers), held, table)
        if touched and ways and table not in SHARED:
            values = _computed(touched, _copied(held, table, numbers, ways), as_of, grace_days)
            entries |= {
                (column.name, table): _differing(column, table, numbers, values, ways)
                for column in (c for group in touched for c in group.columns)
            }
    return entries


def _touched(groups: Sequence[FeatureGroup], table: str) -> list[FeatureGroup]:
    """Return the features drawn from rows of ``table``.

    All of them for subscriptions, whose first start is the day that others count from.
    """
    picked = [
        replace(
            group,
            features=[
                f
                for f in group.features
                if f.rows and (table in f.rows.sources or table == "subscriptions")
            ],
        )
        for group in groups
    ]
    return [group for group in picked if group.features]


def _held(groups: Sequence[FeatureGroup], tables: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
    """Return the tables that ``groups`` are drawn from, and the subscriptions."""
    used = {s for group in groups for f in group.features if f.rows for s in f.rows.sources}
    return {name: table for name, table in tables.items() if name in used | {"subscriptions"}}


def _affordable(count: int, held: Mapping[str, ir.Table], table: str) -> list[str]:
    """Return in which ways ``count`` rows can be tried at a reasonable cost."""
    others = [t for name, t in held.items() if name not in (*SHARED, table)]
    beside = sum(int(t.count().to_pyarrow().as_py()) for t in others)
    costs = {ONLY: count * (beside + 1), WITHOUT: count * (beside + count)}
    return [way for way, cost in costs.items() if cost <= MOST_ROWS]


def _copied(
    tables: Mapping[str, ir.Table], table: str, numbers: Sequence[int], ways: Sequence[str]
) -> dict[str, ir.Table]:
    """Return the tables of all copies of the account, each under a name of its own."""
    pairs = [(FULL, -1), (NONE, -1), *((way, number) for way in ways for number in numbers)]
    names = [(f"{way}:{number}", way, number) for way, number in pairs]
    copies = ibis.memtable(names, schema={"copy": "string", "way": "string", "left": "int64"})
    copied = {}
    for name, rows in tables.items():
        if name in SHARED:
            copied[name] = rows.drop(NUMBER)
        elif name == table:
            copied[name] = ibis.union(*(_named(copy) for copy in _tried(rows, copies)))
        else:
            copied[name] = _named(rows.cross_join(copies))
    return copied


def _tried(rows: ir.Table, copies: ir.Table) -> Iterator[ir.Table]:
    """Yield the rows of the copies: all of them, each alone, and all but one."""
    yield rows.cross_join(copies.filter(copies.way == FULL))
    yield rows.join(copies.filter(copies.way == ONLY), rows[NUMBER] == copies.left)
    yield rows.join(copies.filter(copies.way == WITHOUT), rows[NUMBER] != copies.left)


def _named(rows: ir.Table) -> ir.Table:
    return rows.mutate(account_id=rows["copy"]).drop("copy", "way", "left", NUMBER)


def _computed(
    groups: Sequence[FeatureGroup],
    tables: Mapping[str, ir.Table],
    as_of: date,
    grace_days: int,
) -> dict[str, Values]:
    """Return the columns of every copy that pays on the day."""
    held = {name: table.cache() for name, table in tables.items()}
    facts = Facts(held, spine(held, [as_of], grace_days).cache(), [as_of], grace_days)
    records = compute(groups, facts).to_pyarrow().to_pylist()
    return {row["account_id"]: row for row in records}


def _differing(
    column: FeatureColumn,
    table: str,
    numbers: Sequence[int],
    copies: Mapping[str, Values],
    ways: Sequence[str],
) -> Entered:
    """Return which rows of ``table`` make a difference to ``column``.

    A copy that does not pay on the day has no columns at all: the row left out decides those
    that are drawn from its table. Of others it only decides that the account has a row.
    """
    name, drawn = column.name, table in column.sources
    full, none = copies.get(f"{FULL}:-1", {}), copies.get(f"{NONE}:-1")
    without = {n: copies.get(f"{WITHOUT}:{n}") for n in numbers if WITHOUT in ways}
    only = {n: copies.get(f"{ONLY}:{n}") for n in numbers}
    decides = {
        n for n, row in without.items() if (not same(row[name], full.get(name)) if row else drawn)
    }
    alone = {n for n, row in only.items() if row and none and not same(row[name], none[name])}
    return Entered(frozenset(decides | alone), frozenset(decides))


def same(value: Any, other: Any) -> bool:
    """Say whether two values of a column are the same, but for rounding."""
    if isinstance(value, float) and isinstance(other, float):
        return abs(value - other) <= 1e-9 * max(1.0, abs(value), abs(other))
    return bool(value == other)
