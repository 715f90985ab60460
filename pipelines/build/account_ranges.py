"""Features a range of accounts at a time: memory follows the range, not the company.

Every feature looks at one account, so ranges can be computed one after the other. Usage lies by
quarter, and by account within it, so that each range reads its own part of the files, and only of
the quarters that its dates look back on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from features.declaration.compute import compute
from features.declaration.group import FeatureGroup
from features.point_in_time.facts import Facts, spine
from features.point_in_time.lines import GRACE_DAYS
from pipelines.common.progress import Progress, silent

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

ROWS_AT_ONCE = 3_000_000
"""Usage rows of a range: more would take more memory, fewer more time, since ranges have a cost."""

LOOKBACK_DAYS = 364
"""Usage before that is hardly looked at: only the first days of an account."""

ROWS_AN_AS_OF = 20
"""What an account costs at each date of the spine, in usage rows."""

Range = tuple[str, str]


def features_by_range(
    connection: Backend,
    tables: Mapping[str, ir.Table],
    groups: Sequence[FeatureGroup],
    as_ofs: Sequence[date],
    *,
    grace_days: int = GRACE_DAYS,
    rows_at_once: int = ROWS_AT_ONCE,
    progress: Progress = silent,
) -> pa.Table:
    """Return the features of every account that pays on each of ``as_ofs``, in no order.

    The expression is built and compiled once, over views of one range of accounts after the other.
    """
    ranges = account_ranges(tables, as_ofs, rows_at_once)
    if len(ranges) < 2:
        return compute(groups, Facts.computed(tables, as_ofs, grace_days)).to_pyarrow()
    views = {name: _view(connection, name, table, ranges[0]) for name, table in tables.items()}
    spine_of_range = _Stage.of(connection, "spine_of_range", spine(views, as_ofs, grace_days))
    facts = Facts(views, spine_of_range.table, as_ofs, grace_days)
    lines_of_range = _Stage.of(connection, "lines_of_range", facts.announced("subscriptions"))
    facts = Facts(views, spine_of_range.table, as_ofs, grace_days, lines_of_range.table)
    wide = compute(groups, facts)
    parts = [wide.to_pyarrow()]
    query = connection.compile(wide)
    for number, accounts in enumerate(ranges[1:], 1):
        progress("computing features", number / len(ranges))
        for name, table in tables.items():
            _view(connection, name, table, accounts)
        for stage in (spine_of_range, lines_of_range):
            connection.con.execute(stage.statement)
        parts.append(connection.con.sql(query).to_arrow_table())
    return pa.concat_tables(table.cast(parts[0].schema) for table in parts)


@dataclass(frozen=True)
class _Stage:
    """What others read more than once, as a table, and the statement that writes it again."""

    table: ir.Table
    statement: str

    @classmethod
    def of(cls, connection: Backend, name: str, expression: ir.Table) -> _Stage:
        """Write ``expression`` to the temporary table ``name``."""
        connection._register_in_memory_tables(expression)
        query = connection.compile(expression)
        statement = f"CREATE OR REPLACE TEMP TABLE {name} AS {query}"
        connection.con.execute(statement)
        return cls(connection.table(name), statement)


def account_ranges(
    tables: Mapping[str, ir.Table], as_ofs: Sequence[date], rows_at_once: int = ROWS_AT_ONCE
) -> list[Range]:
    """Return the first and last account of each range, in order, none empty.

    A range holds about ``rows_at_once`` usage rows that ``as_ofs`` look back on; an account with
    more is a range of its own.
    """
    rows = _usage_rows(tables, min(as_ofs) - timedelta(days=LOOKBACK_DAYS), max(as_ofs))
    costs = ((account, rows[account] + len(as_ofs) * ROWS_AN_AS_OF) for account in sorted(rows))
    return list(_cut(costs, rows_at_once))


def _usage_rows(tables: Mapping[str, ir.Table], first: date, end: date) -> dict[str, int]:
    """Return how many usage rows in ``[first, end)`` each account with a subscription has."""
    accounts = tables["subscriptions"].select("account_id").distinct()
    if "usage_daily" not in tables:
        return dict.fromkeys(accounts.to_pyarrow()["account_id"].to_pylist(), 0)
    usage = tables["usage_daily"]
    usage = usage.filter((usage.day >= ibis.literal(first)) & (usage.day < ibis.literal(end)))
    counts = usage.group_by("account_id").aggregate(rows=lambda t: t.count())
    joined = accounts.left_join(counts, "account_id").select("account_id", "rows").to_pyarrow()
    columns = joined["account_id"].to_pylist(), joined["rows"].to_pylist()
    return {account: rows or 0 for account, rows in zip(*columns, strict=True)}


def _cut(costs: Iterable[tuple[str, int]], most: int) -> Iterator[Range]:
    first, last, total = "", "", 0
    for account, cost in costs:
        if total and total + cost > most:
            yield first, last
            total = 0
        first, last, total = (first if total else account), account, total + cost
    if total:
        yield first, last


def _view(connection: Backend, name: str, table: ir.Table, accounts: Range) -> ir.Table:
    """Return a view of one range of ``table``; a table without accounts is left as it is."""
    if "account_id" not in table.columns:
        return table
    rows = table.filter(table.account_id.between(*accounts))
    return connection.create_view(f"{name}_of_range", rows, overwrite=True)
