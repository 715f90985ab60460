"""A company's columns at some dates, compiled once and computed on whatever the tables show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from features.declaration.compute import compute
from features.declaration.group import FeatureGroup
from features.point_in_time.facts import KEYS, Facts, spine
from pipelines.ingest.company_columns.past_tables import COMPLETE

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from pipelines.ingest.company_columns.faults import Value
    from pipelines.ingest.company_columns.past_tables import PastTables

Key = tuple[str, date]
Values = Mapping[str, Mapping[Key, "Value"]]
"""By column, the value at each account and date."""


class PastFacts:
    """What ``tables`` show of some dates: the spine and subscriptions are computed once for all."""

    def __init__(self, tables: PastTables, dates: Sequence[date], grace_days: int) -> None:
        self._tables = tables
        self._statements: list[str] = []
        accounts = self._stage(f"accounts_{len(dates)}", spine(tables.shown, dates, grace_days))
        facts = Facts(tables.shown, accounts, dates, grace_days)
        lines = self._stage(f"lines_{len(dates)}", facts.announced("subscriptions"))
        self.facts = Facts(tables.shown, accounts, dates, grace_days, lines)

    def refresh(self) -> None:
        """Compute spine and subscriptions as the tables show themselves now."""
        for statement in self._statements:
            self._tables.backend.con.execute(statement)

    def _stage(self, name: str, expression: ir.Table) -> ir.Table:
        """Write what others read more than once to a table, now and each time."""
        backend = self._tables.backend
        backend._register_in_memory_tables(expression)
        query = backend.compile(expression)
        statement = f"CREATE OR REPLACE TABLE {COMPLETE}.{name} AS {query}"
        backend.con.execute(statement)
        self._statements.append(statement)
        return backend.table(name, database=COMPLETE)


class PastColumns:
    """Columns ``names`` of ``declared`` over past facts.

    ``needed`` are they and what they read; nothing else is computed.
    """

    def __init__(
        self,
        tables: PastTables,
        past: PastFacts,
        declared: Iterable[FeatureGroup],
        names: Sequence[str],
        needed: Collection[str],
    ) -> None:
        self._tables, self._past, self._names = tables, past, names
        wide = compute(list(_with_any(declared, needed)), past.facts).select(*KEYS, *names)
        tables.backend._register_in_memory_tables(wide)
        self._query = tables.backend.compile(wide)

    def values(self) -> Values:
        """Return the columns as the tables show themselves now."""
        self._past.refresh()
        rows = self._tables.backend.con.sql(self._query).to_arrow_table().to_pydict()
        keys = list(zip(rows["account_id"], rows["as_of"], strict=True))
        return {name: dict(zip(keys, rows[name], strict=True)) for name in self._names}


def _with_any(declared: Iterable[FeatureGroup], names: Collection[str]) -> Iterator[FeatureGroup]:
    """Yield the groups with the features of which a column is among ``names``, for these alone."""
    for group in declared:
        features = [
            replace(
                feature,
                windows=tuple(c.window_days for c in columns if c.window_days),
                by_days=tuple(c.by_day for c in columns if c.by_day),
            )
            for feature in group.features
            if (columns := [c for c in feature.columns if c.name in names])
        ]
        if features:
            yield replace(group, features=features)
