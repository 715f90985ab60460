"""The specs of all groups and rules, gathered into few companies, for engines that start slowly.

DuckDB runs each spec by itself. Spark takes seconds for a query, however few the rows, so there
the accounts of many specs live side by side in one company: whatever a spec says of its accounts
must hold there too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.compute as pc

from features.catalogue import columns
from features.contract import TABLES
from tests.spec import (
    test_adoption,
    test_champions,
    test_commercial,
    test_decisions,
    test_departments,
    test_running,
    test_seats,
    test_targets,
    test_usage,
)
from tests.support import company
from tests.support.all_at_once import OPTIONS, _calls
from tests.support.random_company import AS_OFS, random_company

SPECS = (
    test_adoption,
    test_champions,
    test_commercial,
    test_decisions,
    test_departments,
    test_running,
    test_seats,
    test_targets,
    test_usage,
)
WHOLE_LIST = "products_whitespace"
"""Counts the whole price list, so a spec about it needs a price list of its own."""


@dataclass(frozen=True)
class Spec:
    """One table of expectations, its company, and, for labels, its options."""

    tables: Mapping[str, pa.Table]
    expected: Sequence[Mapping[str, str]] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    without: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """The columns that it expects something of."""
        return [name for row in self.expected[:1] for name in row if name not in company.KEYS]

    @property
    def lacks(self) -> set[str]:
        """The tables it must not have: its columns are empty without them."""
        behind = {column.name: set(column.sources) for column in columns()}
        needed = set().union(*(behind.get(name, ()) for name in self.names)) - set(self.tables)
        return needed | self.without

    def fits(self, other: Spec) -> bool:
        """Say whether both may live in one company."""
        lonely = (WHOLE_LIST in one.names for one in (self, other))
        apart = set(self.tables) & other.lacks or set(other.tables) & self.lacks
        return self.options == other.options and not any(lonely) and not apart


@dataclass
class Batch:
    """Specs that live in one company."""

    specs: list[Spec]

    @property
    def options(self) -> Mapping[str, Any]:
        """What labels look at."""
        return self.specs[0].options

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The rows of all specs."""
        names = [name for name in TABLES if any(name in one.tables for one in self.specs)]
        return {
            name: pa.concat_tables(s.tables[name] for s in self.specs if name in s.tables)
            for name in names
        }

    @property
    def as_ofs(self) -> list[date]:
        """All days that any spec asks about, and those of the random company."""
        asked = {date.fromisoformat(row["as_of"]) for s in self.specs for row in s.expected}
        return sorted(asked | (set() if all(s.expected for s in self.specs) else set(AS_OFS)))

    @property
    def names(self) -> list[str]:
        """All columns that are expected something of; none where a spec is about all columns."""
        if not all(spec.expected for spec in self.specs):
            return []
        return sorted({name for spec in self.specs for name in spec.names})


@cache
def batches() -> tuple[list[Batch], list[Batch]]:
    """Return the companies for features, and those for labels.

    The first of each has a random company in it too, about which nothing is expected beside that
    all engines agree.
    """
    found: tuple[list[Spec], list[Spec]] = ([], [])
    with _recording(found):
        for module in SPECS:
            for call in _calls(module):
                call()
    random = Spec(_random(accounts=60))
    lines = {"subscriptions": random.tables["subscriptions"]}
    half_mature = Spec(lines, options={**OPTIONS, "through": "2024-08-01"})
    return _packed([random, *found[0]]), _packed([half_mature, *found[1]])


def _random(accounts: int) -> dict[str, pa.Table]:
    """Return a company whose sums show in which order they were added up, and names an alphabet."""
    rows = random_company(7, accounts, everything=True)
    for line in rows["subscriptions"]:
        line["unit_price"] *= 1.017
        line["plan"] = {"basic": "éco", "pro": "Pro"}.get(line["plan"])
    for use in rows["usage_daily"]:
        use["events"] *= 0.37
    return {name: company.arrow(name, of_table) for name, of_table in rows.items()}


@contextmanager
def _recording(found: tuple[list[Spec], list[Spec]]) -> Iterator[None]:
    """Let the specs hand over what they expect instead of trying it."""
    features, labels = found

    def record_features(expect: str, **tables: str) -> None:
        features.append(_renamed(_listed(_spec(expect, tables)), len(features)))

    def record_labels(expect: str, **given: Any) -> None:
        tables = {name: given.pop(name) for name in TABLES if name in given}
        spec = replace(_spec(expect, tables), options={**OPTIONS, **given})
        spec = replace(spec, tables={"subscriptions": spec.tables["subscriptions"]})
        labels.append(_renamed(spec, len(labels)))

    with ExitStack() as stack:
        for module in SPECS:
            for name, record in (
                ("assert_features", record_features),
                ("assert_outcomes", record_labels),
            ):
                if hasattr(module, name):
                    stack.enter_context(patch.object(module, name, record))
        yield


def _spec(expect: str, tables: Mapping[str, str]) -> Spec:
    rows = [{"account_id": "a", **row} for row in company.rows(expect)]
    return Spec(company.written(tables), rows)


def _listed(spec: Spec) -> Spec:
    """Give a company without a price list one with which all its products are priced by seats.

    That is how they are seen without a list, where all units look like seats; and so it can share
    a company with one that has it. Where some do not, it has to stay without.
    """
    if "products" in spec.tables or "products" in spec.lacks:
        return spec
    lines = spec.tables["subscriptions"].to_pylist()
    if not all(_looks_like_seats(line) for line in lines):
        return replace(spec, without=frozenset({"products"}))
    held = pc.unique(spec.tables["subscriptions"]["product_id"]).to_pylist()
    products = company.table("products", "\n".join(["product_id", *held]))
    return replace(spec, tables={**spec.tables, "products": products})


def _looks_like_seats(line: Mapping[str, Any]) -> bool:
    quantity, price = line["quantity"], line["unit_price"]
    return quantity > 1 and quantity == int(quantity) and (price >= 1 or price == 0)


def _renamed(spec: Spec, number: int) -> Spec:
    """Tell the accounts and products of a spec from those of others."""
    tables = dict(spec.tables)
    for name, rows in tables.items():
        for column in {"account_id", "product_id"} & set(rows.column_names):
            values = pa.array([f"{number}:{v}" for v in rows[column].to_pylist()], pa.string())
            rows = rows.set_column(rows.schema.get_field_index(column), column, values)
        tables[name] = rows
    expected = [{**row, "account_id": f"{number}:{row['account_id']}"} for row in spec.expected]
    return replace(spec, tables=tables, expected=expected)


def _packed(specs: Sequence[Spec]) -> list[Batch]:
    """Put each spec into the first company that it fits into."""
    packed: list[Batch] = []
    for spec in specs:
        place = next((b for b in packed if all(spec.fits(other) for other in b.specs)), None)
        if place is None:
            packed.append(Batch([spec]))
        else:
            place.specs.append(spec)
    return packed
