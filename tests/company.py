"""Small companies for tests, written as ASCII tables that a CS person could read.

A cell that a table leaves out gets a harmless default, so that a test shows only what it is about.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from features.as_of import Facts, compute, spine
from features.catalogue import GROUPS
from features.contract import TABLES, Column
from features.targets import Horizon, labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

ARROW = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}

DEFAULTS: dict[str, dict[str, Any]] = {
    "accounts": {"name": "Example Ltd", "created_on": "2020-01-01"},
    "subscriptions": {
        "subscription_id": "line-1",
        "product_id": "core",
        "quantity": "10",
        "unit_price": "100",
        "currency": "EUR",
        "ended_known_on": "=ended_on",
        "signed_on": "=starts_on",
    },
    "usage_daily": {"product_id": "core", "feature": "search", "events": "1"},
    "users": {"deactivated_known_on": "=deactivated_on"},
    "contacts": {
        "contact_id": "c1",
        "role": "champion",
        "left_known_on": "=left_on",
        "leave_known_on": "=leave_from",
    },
    "milestones": {},
    "tickets": {},
    "products": {"name": "A product", "price_metric": "seats", "launched_on": "2019-01-01"},
    "org_units": {"status": "green"},
}
KNOWN_FROM = {
    name: "signed_on" if name == "subscriptions" else table.happened
    for name, table in TABLES.items()
}


def rows(text: str) -> list[dict[str, str]]:
    """Read an ASCII table: a header line, a rule, a line a row; cells split by ``|``."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    header, body = cells[0], [row for row in cells[1:] if set("".join(row)) - set("-+ ")]
    return [dict(zip(header, row, strict=True)) for row in body]


def table(name: str, text: str) -> pa.Table:
    """Return the contract's table ``name`` with the rows of ``text``."""
    declared = TABLES[name]
    complete = [_complete(name, row, n) for n, row in enumerate(rows(text))]
    columns = {
        c.name: pa.array([_value(c, row.get(c.name, "")) for row in complete], ARROW[c.type])
        for c in declared.columns
    }
    return pa.table(columns)


def _complete(name: str, row: dict[str, str], number: int) -> dict[str, str]:
    full = {"account_id": "a", "ticket_id": str(number), **DEFAULTS[name], **row}
    full = {k: full.get(v[1:], "") if v.startswith("=") else v for k, v in full.items()}
    full.setdefault("known_at", full.get(KNOWN_FROM[name], ""))
    return full


def _value(column: Column, text: str) -> Any:
    if text in ("", "-"):
        return None
    readers = {
        "integer": int,
        "number": float,
        "date": date.fromisoformat,
        "timestamp": datetime.fromisoformat,
    }
    return readers.get(column.type, str)(text)


def company(connection: Any = None, **texts: str) -> dict[str, ir.Table]:
    """Return a company of the given tables on ``connection`` (DuckDB in memory by default)."""
    connection = connection or ibis.duckdb.connect()
    texts.setdefault("usage_daily", "account_id | day")
    texts.setdefault("accounts", "account_id\na")
    return {
        name: connection.create_table(name, table(name, text), overwrite=True)
        for name, text in texts.items()
    }


def features(tables: Mapping[str, ir.Table], *as_ofs: str) -> list[dict[str, Any]]:
    """Return the features of every account at each of ``as_ofs``, sorted."""
    days = [date.fromisoformat(text) for text in as_ofs]
    facts = Facts(tables, spine(tables, days), days)
    wide = compute(GROUPS, facts).order_by("as_of", "account_id")
    return wide.to_pyarrow().to_pylist()


def outcomes(
    tables: Mapping[str, ir.Table],
    *as_ofs: str,
    through: str = "2030-01-01",
    days: int = 91,
    grace: int = 31,
) -> list[dict[str, Any]]:
    """Return the labels of every account at each of ``as_ofs``, sorted."""
    dates: Sequence[date] = [date.fromisoformat(text) for text in as_ofs]
    facts = Facts(tables, spine(tables, dates), dates)
    found = labels(facts, Horizon(days, grace, date.fromisoformat(through)))
    return found.order_by("as_of", "account_id").to_pyarrow().to_pylist()
