"""All specs of labels in one company: the quickest way to see whether a rule still holds.

``python -m tests.support.all_at_once`` stops with 1 at the first table that differs. Mutation
testing runs it for every mutant (see ``docs/mutants.md``); everybody else reads the specs one by
one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from inspect import getmembers, isfunction
from types import ModuleType
from typing import Any

import ibis
import pyarrow as pa

from tests.spec import test_decisions, test_running, test_targets
from tests.support import company
from tests.support.company import labels_on, rows, table

OPTIONS: dict[str, Any] = {"through": "2030-01-01", "days": 91, "grace": 31, "price_changes": False}


@dataclass
class Batch:
    """Specs with the same options: their accounts, renamed, in one company."""

    lines: list[pa.Table] = field(default_factory=list)
    expected: list[tuple[date, str, dict[str, str]]] = field(default_factory=list)

    def add(self, number: int, subscriptions: str, expect: str) -> None:
        """Add one spec; ``number`` tells its accounts from those of others."""
        lines = table("subscriptions", subscriptions)
        names = pa.array([f"{number}:{name}" for name in lines["account_id"].to_pylist()])
        where = lines.schema.get_field_index("account_id")
        self.lines.append(lines.set_column(where, "account_id", names))
        for wanted in rows(expect):
            as_of = date.fromisoformat(wanted.pop("as_of"))
            self.expected.append((as_of, f"{number}:{wanted.pop('account_id', 'a')}", wanted))

    def holds(self, options: dict[str, Any]) -> bool:
        """Say whether all labels are as expected."""
        days = options["days"]
        lines = pa.concat_tables(self.lines)
        tables = {"subscriptions": ibis.duckdb.connect().create_table("subscriptions", lines)}
        as_ofs = sorted({as_of for as_of, _, _ in self.expected})
        through = date.fromisoformat(options["through"])
        found = labels_on(
            tables, as_ofs, through, days, options["grace"], price_changes=options["price_changes"]
        )
        short = {
            (row["as_of"], row["account_id"]): {
                name.replace(f"_next_{days}d", ""): value for name, value in row.items()
            }
            for row in found
        }
        return all(_same(short.get((as_of, name)), wanted) for as_of, name, wanted in self.expected)


def _same(found: dict[str, Any] | None, wanted: dict[str, str]) -> bool:
    if found is None:
        return set(wanted.values()) == {"no row"}
    return all(
        company._plain(found[name]) == company._plain(value) for name, value in wanted.items()
    )


def recorded(modules: Sequence[ModuleType]) -> dict[tuple[Any, ...], Batch]:
    """Return what the specs of ``modules`` hand to ``assert_outcomes``, by their options."""
    batches: dict[tuple[Any, ...], Batch] = {}
    counter = iter(range(10_000))

    def record(expect: str, *, subscriptions: str, **options: Any) -> None:
        key = tuple({**OPTIONS, **options}.items())
        batches.setdefault(key, Batch()).add(next(counter), subscriptions, expect)

    for module in modules:
        vars(module)["assert_outcomes"] = record
        vars(module)["assert_features"] = lambda **_: None
        for call in _calls(module):
            call()
    return batches


def _calls(module: ModuleType) -> Iterator[Callable[[], None]]:
    """Return the tests of a module, one for each of its parameters."""
    for name, test in getmembers(module, isfunction):
        if name.startswith("test_"):
            marks = getattr(test, "pytestmark", [])
            for values in marks[0].args[1] if marks else [()]:
                yield lambda test=test, values=values: test(*values)


def main() -> int:
    """Return 0 when every spec holds."""
    batches = recorded((test_targets, test_decisions, test_running))
    largest_first = sorted(batches.items(), key=lambda item: -len(item[1].expected))
    return 0 if all(batch.holds(dict(key)) for key, batch in largest_first) else 1


if __name__ == "__main__":
    sys.exit(main())
