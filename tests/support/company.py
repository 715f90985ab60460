"""Small companies for tests, written as ASCII tables that a CS person could read.

A cell that a table leaves out gets a harmless default, so that a test shows only what it is about.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import ibis
import pyarrow as pa

from features.catalogue import GROUPS, columns
from features.contract import TABLES, Column
from features.declaration.compute import compute
from features.labels.declaration import Target
from features.labels.label_table import labels
from features.labels.outcome_window import Horizon
from features.labels.targets import TARGETS
from features.point_in_time.facts import KEYS, Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import ibis.expr.types as ir

    from features.declaration.group import FeatureGroup
    from tests.oracle import Company

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
        "subscription_id": "=product_id",
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
DRAWS_ON = {"seats": ["usage"], "commercial": ["usage", "seats"]}
"""The groups whose columns a group combines with its own."""

NUMBERS = count()
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
    readers: dict[str, Callable[[str], Any]] = {
        "integer": int,
        "number": float,
        "date": date.fromisoformat,
        "timestamp": datetime.fromisoformat,
    }
    return readers.get(column.type, str)(text)


def company(connection: Any = None, **texts: str) -> dict[str, ir.Table]:
    """Return a company of the given tables on ``connection`` (DuckDB in memory by default)."""
    return _stored(written(texts), connection)


def written(texts: Mapping[str, str]) -> dict[str, pa.Table]:
    """Return the given tables, and those that no company lacks."""
    always = {"usage_daily": "account_id | day", "accounts": "account_id\na"}
    return {name: table(name, text) for name, text in {**always, **texts}.items()}


def from_rows(company: Company, connection: Any = None) -> dict[str, ir.Table]:
    """Return the tables of a company given as lists of rows."""
    return _stored({name: arrow(name, rows) for name, rows in company.items()}, connection)


def _stored(tables: Mapping[str, pa.Table], connection: Any) -> dict[str, ir.Table]:
    """Write tables to a DuckDB connection of Ibis, in place of those of the same names.

    Without a connection they get a schema of their own in one that is opened once: opening one,
    and creating tables by Ibis, takes far longer than what most tests then ask.
    """
    schema = "main"
    if connection is None:
        connection = _opened_once()
        schema = f"company_{next(NUMBERS)}"
        connection.con.execute(f"create schema {schema}")
    for name, rows in tables.items():
        connection.con.register("rows_to_store", rows)
        connection.con.execute(f"create or replace table {schema}.{name} as from rows_to_store")
        connection.con.unregister("rows_to_store")
    return {name: connection.table(name, database=schema) for name in tables}


@cache
def _opened_once() -> Any:
    return ibis.duckdb.connect()


def arrow(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return rows as the contract's table ``name``."""
    declared = TABLES[name].columns
    return pa.table(
        {c.name: pa.array([r.get(c.name) for r in rows], ARROW[c.type]) for c in declared}
    )


def compute_on(
    tables: Mapping[str, ir.Table],
    as_ofs: Sequence[date],
    groups: Sequence[FeatureGroup] = GROUPS,
) -> list[dict[str, Any]]:
    """Return the features of every account at each of ``as_ofs``, sorted."""
    facts = Facts.computed(tables, as_ofs)
    wide = compute(groups, facts).order_by("as_of", "account_id")
    found: list[dict[str, Any]] = wide.to_pyarrow().to_pylist()
    return found


class Prepared:
    """The whole catalogue at some dates, for one company after the other with the same tables.

    Building and compiling the expression takes Ibis far longer than DuckDB takes to run it.
    ``first`` are the features of the company given first, sorted as by ``compute_on``.
    """

    def __init__(self, company: Company, as_ofs: Sequence[date]) -> None:
        self._connection = ibis.duckdb.connect()
        self._names = set(company)
        tables = from_rows(company, self._connection)
        facts = Facts.at(tables, as_ofs)
        wide = compute(GROUPS, facts).order_by("as_of", "account_id")
        self.first: list[dict[str, Any]] = wide.to_pyarrow().to_pylist()
        self._query = self._connection.compile(wide)

    def features(self, company: Company) -> list[dict[str, Any]]:
        """Return the features of every account of another company."""
        assert set(company) == self._names, "the expression is that of other tables"
        from_rows(company, self._connection)
        found = self._connection.con.sql(self._query).to_arrow_table()
        return cast("list[dict[str, Any]]", found.to_pylist())


def labels_on(
    tables: Mapping[str, ir.Table],
    as_ofs: Sequence[date],
    through: date,
    days: int = 91,
    grace: int = 31,
    *,
    price_changes: bool = False,
    targets: Mapping[str, Target] = TARGETS,
) -> list[dict[str, Any]]:
    """Return the labels of every account at each of ``as_ofs``, sorted."""
    facts = Facts.computed(tables, as_ofs, grace)
    horizon = Horizon(days, grace, through, price_changes)
    found = labels(facts, horizon, targets).order_by("as_of", "account_id")
    rows_found: list[dict[str, Any]] = found.to_pyarrow().to_pylist()
    return rows_found


def assert_features(expect: str, **tables: str) -> None:
    """Compare the columns that ``expect`` names, at its days, for its accounts (``a`` by default).

    ``-`` is null. Only these columns are computed, and those they draw on, to save time.
    """
    wanted = rows(expect)
    names = [name for name in wanted[0] if name not in KEYS]
    found = compute_on(company(**tables), _days(wanted), groups_of(names))
    compare(wanted, names, found)


def assert_outcomes(
    expect: str,
    through: str = "2030-01-01",
    days: int = 91,
    grace: int = 31,
    *,
    price_changes: bool = False,
    **tables: str,
) -> None:
    """Compare the labels; ``upsell`` stands for ``upsell_next_91d``, ``upsell_arr`` for its ARR."""
    wanted = rows(expect)
    names = [name for name in wanted[0] if name not in KEYS]
    end = date.fromisoformat(through)
    found = labels_on(
        company(**tables), _days(wanted), end, days, grace, price_changes=price_changes
    )
    short = [{k.replace(f"_next_{days}d", ""): v for k, v in row.items()} for row in found]
    compare(wanted, names, short)


def _days(wanted: Sequence[Mapping[str, str]]) -> list[date]:
    return sorted({date.fromisoformat(row["as_of"]) for row in wanted})


def groups_of(names: Sequence[str]) -> list[FeatureGroup]:
    """Return the groups with the features asked for alone; a combined one needs all it draws on."""
    mine = {column.group for column in columns() if column.name in names}
    asked = [f for g in GROUPS for f in g.features if {c.name for c in f.columns} & set(names)]
    if all(feature.rows for feature in asked):
        picked = [replace(g, features=[f for f in g.features if f in asked]) for g in GROUPS]
        return [group for group in picked if group.features]
    needed = mine.union(*(DRAWS_ON.get(group, ()) for group in mine))
    return [group for group in GROUPS if group.name in needed]


def compare(
    wanted: Sequence[Mapping[str, str]], names: Sequence[str], found: Sequence[Mapping[str, Any]]
) -> None:
    """Compare as text; a mismatch shows what was expected beside what was found."""
    by_key = {(str(row["as_of"]), row["account_id"]): row for row in found}
    keys = [(row["as_of"], row.get("account_id", "a")) for row in wanted]
    expected = [[_plain(row[name]) for name in names] for row in wanted]
    actual = [
        [_plain(by_key[key][name]) if key in by_key else "no row" for name in names] for key in keys
    ]
    header = ["as_of", "account_id", *names]
    left = ascii_table(header, [[*k, *cells] for k, cells in zip(keys, expected, strict=True)])
    right = ascii_table(header, [[*k, *cells] for k, cells in zip(keys, actual, strict=True)])
    sides = "\n".join(f"{a}    {b}" for a, b in zip(left, right, strict=True))
    assert expected == actual, f"expected, and beside it what was found\n\n{sides}"


def _plain(value: Any) -> str:
    """Write numbers alike, to six digits, so that 0.5 equals 0.50 and yes equals 1."""
    if value is None or value in ("", "-"):
        return "-"
    try:
        return f"{float(value):.6g}"
    except ValueError:
        return str(value)


def ascii_table(header: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose columns are as wide as they must be."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *body, strict=True)]
    return [
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in (header, *body)
    ]


def shown(company: Company, account_id: str) -> str:
    """Return all rows of one account, and the price list, as ASCII tables."""
    parts = []
    for name, all_rows in company.items():
        mine = [r for r in all_rows if r.get("account_id", account_id) == account_id]
        cells = [["-" if v is None else str(v) for v in row.values()] for row in mine]
        if mine:
            parts += [name, *ascii_table(list(mine[0]), cells), ""]
    return "\n".join(parts)
