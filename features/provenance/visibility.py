"""Which source rows of one account a feature may see at ``as_of``, and why not the others.

Asked of the point-in-time join itself, not worked out a second time: each row gets a number, and
those that come back were visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from features.contract import TABLES
from features.point_in_time.facts import Facts

if TYPE_CHECKING:
    import ibis.expr.types as ir

NUMBER = "_row"
"""The column that numbers the source rows of an account."""


@dataclass(frozen=True)
class SourceRow:
    """One row of a source table.

    ``hidden`` says why no feature sees it at ``as_of``; empty when it is visible. ``ahead``: it
    was known before, and happens later, as what is signed ahead does. ``masked``: its values that
    became known later, each with why.
    """

    table: str
    number: int
    values: Mapping[str, Any]
    hidden: str = ""
    ahead: bool = False
    masked: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON-able values."""
        values = {name: _plain(value) for name, value in self.values.items()}
        return {
            "table": self.table,
            "number": self.number,
            "values": values,
            "hidden": self.hidden,
            "ahead": self.ahead,
            "masked": list(self.masked),
        }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def own_rows(tables: Mapping[str, ir.Table], account_id: str) -> dict[str, pa.Table]:
    """Return the rows of one account by table, numbered, and the whole price list."""
    account_tables = {}
    for name, table in tables.items():
        account_rows = table if name == "products" else table.filter(table.account_id == account_id)
        columns = [c for c in TABLES[name].names if c in table.columns]
        rows = account_rows.select(columns).order_by(columns).to_pyarrow()
        numbers = pa.array(range(rows.num_rows), pa.int64())
        account_tables[name] = rows.append_column(NUMBER, numbers)
    return account_tables


def source_rows(facts: Facts, rows: Mapping[str, pa.Table], as_of: date) -> list[SourceRow]:
    """Return every source row of the one account of ``facts``, with what is visible of it."""
    described = []
    for name, table in rows.items():
        visible, seen_numbers = _known(facts, name), _seen(facts, name)
        for values in table.to_pylist():
            number = values.pop(NUMBER)
            described.append(_source_row(name, number, values, visible, seen_numbers, as_of))
    return described


def _known(facts: Facts, name: str) -> dict[int, dict[str, Any]]:
    """Return the rows known before ``as_of``, by number, later values masked."""
    table = facts.price_list() if name == "products" else facts.announced(name)
    return {row[NUMBER]: row for row in table.to_pyarrow().to_pylist()}


def _seen(facts: Facts, name: str) -> set[int]:
    """Return the numbers of the rows that happened and were known before ``as_of``."""
    table = facts.price_list() if name == "products" else facts.rows(name)
    return set(table.select(NUMBER).to_pyarrow()[NUMBER].to_pylist())


def _source_row(
    name: str,
    number: int,
    values: dict[str, Any],
    visible: Mapping[int, Mapping[str, Any]],
    seen_numbers: set[int],
    as_of: date,
) -> SourceRow:
    hidden = "" if number in seen_numbers else _why_hidden(name, values, as_of)
    shown = visible.get(number, {})
    masked = tuple(
        _why_masked(column.name, column.known_by, values)
        for column in TABLES[name].columns
        if column.known_by and shown and values[column.name] is not None
        if shown[column.name] is None and column.name != column.known_by
    )
    return SourceRow(name, number, values, hidden, bool(hidden) and number in visible, masked)


def _why_hidden(name: str, values: Mapping[str, Any], as_of: date) -> str:
    happened = values[TABLES[name].happened]
    known_at = values["known_at"]
    if known_at >= datetime.combine(as_of, datetime.min.time()):
        return f"known on {known_at:%Y-%m-%d}, not before {as_of}"
    if happened >= as_of:
        return f"happens on {happened}, not before {as_of}"
    return "says that nothing happened" if values.get("events") == 0 else "not counted"


def _why_masked(column: str, known_by: str, values: Mapping[str, Any]) -> str:
    known_on = values[known_by]
    reason = f"known on {known_on}" if known_on else f"without {known_by}"
    return f"{column} {_plain(values[column])} still unseen: {reason}"


def numbered(rows: Mapping[str, pa.Table], connection: Any = None) -> dict[str, ir.Table]:
    """Return the rows as Ibis tables, in memory."""
    connection = connection or ibis.duckdb.connect()
    return {
        name: connection.create_table(f"own_{name}", table, overwrite=True)
        for name, table in rows.items()
    }
