"""Whether a company's own columns hold on its data: none looks ahead, all are the same again.

Each is computed at past dates on all that the company knows and on what it knew then; once more
from the same rows in another order, and as if on another day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from math import isclose, isnan
from typing import TYPE_CHECKING

import duckdb
import ibis
from ibis.expr import operations as ops

from features.declaration.derived_columns import ROW, stages
from features.declaration.feature import Feature
from features.declaration.group import FeatureGroup
from features.errors import EnvironmentFailure, UsageError, place_of
from pipelines.config.company_features import groups, groups_read_anew, own_columns, readers
from pipelines.ingest.company_columns.faults import (
    MOST_EXAMPLES,
    ColumnFault,
    Example,
    Kind,
    LaterRow,
    Value,
)
from pipelines.ingest.company_columns.past_columns import Key, PastColumns, PastFacts, Values
from pipelines.ingest.company_columns.past_dates import past_dates
from pipelines.ingest.company_columns.past_tables import PastTables
from pipelines.ingest.sources.errors import first_line

if TYPE_CHECKING:
    from features.point_in_time.facts import Facts
    from pipelines.config.settings import Settings
    from pipelines.ingest.attribute_history import AttributeHistory


def column_faults(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[str],
    data_through: date,
    attributes: Iterable[AttributeHistory] = (),
) -> tuple[ColumnFault, ...]:
    """Return what is wrong with the company's own columns on the tables in ``clean``.

    ``attributes`` say of which only today's value is known. Nothing is computed without own
    columns. Labels look ahead on purpose and are not judged.
    """
    declared = own_columns(settings)
    if not declared:
        return ()
    past = PastTables(connection, tables)
    dates = past_dates(past, data_through)
    todays = [history for history in attributes if history.is_left_out]
    return _Judge(settings, declared, past, dates, data_through, todays).faults()


@dataclass(frozen=True)
class _Judge:
    settings: Settings
    declared: Mapping[str, Feature]
    tables: PastTables
    dates: Sequence[date]
    data_through: date
    todays: Sequence[AttributeHistory]

    def faults(self) -> tuple[ColumnFault, ...]:
        """Return the faults in the order of the columns, one each, without what follows."""
        by_column = {fault.column: fault for fault in self._failing()}
        # What reads a column that fails cannot be computed either.
        names = [name for name in self.declared if not self._behind(name) & {*by_column}]
        if names:
            compiled = self._compiled(names, self._every)
            # What is another number each time would differ on cut tables, too.
            for judged in (self._by_the_clock, self._again, self._of_today, self._ahead):
                steady = [name for name in names if not self._behind(name) & {*by_column}]
                faults = judged(steady, compiled) if steady else ()
                by_column |= {fault.column: fault for fault in faults}
        roots = [name for name in by_column if not self._reads(name) & {*by_column}]
        return tuple(by_column[name] for name in self.declared if name in roots)

    def _behind(self, name: str) -> set[str]:
        return {name, *self._reads(name)}

    def _reads(self, name: str) -> frozenset[str]:
        return self._reading.get(name, frozenset())

    @cached_property
    def _reading(self) -> Mapping[str, frozenset[str]]:
        """By combining column, the columns that it reads, and those that these read."""
        reading: dict[str, frozenset[str]] = {}
        for stage in stages(groups(self.settings)):
            for derived in stage:
                further = (reading.get(name, frozenset()) for name in derived.reads)
                reading[derived.column.name] = derived.reads.union(*further)
        return reading

    @cached_property
    def _every(self) -> PastFacts:
        """The past dates, and the newest, whose rows hold the future of the others."""
        dates = sorted({*self.dates, self.data_through})
        return PastFacts(self.tables, dates, self.settings.build.grace_days)

    def _compiled(
        self, names: Sequence[str], past: PastFacts, declared: Sequence[FeatureGroup] = ()
    ) -> PastColumns:
        needed = set().union(*map(self._behind, names))
        return PastColumns(self.tables, past, declared or groups(self.settings), names, needed)

    def _failing(self) -> Iterator[ColumnFault]:
        """Yield the columns that stop at a value of the data, asked one by one if any does."""
        if not self._error(list(self.declared)):
            return
        for name, feature in self.declared.items():
            if error := self._error([name]):
                reason = f"{type(error).__name__}: {first_line(error)}"
                yield ColumnFault(name, place_of(feature.function), "fails", reason=reason)

    def _error(self, names: Sequence[str]) -> Exception | None:
        """Return what stops the columns, if anything does."""
        try:
            self._compiled(names, self._every).values()
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise EnvironmentFailure(f"features: {first_line(error)}") from None
        except Exception as error:
            return error
        return None

    def _by_the_clock(self, names: Sequence[str], _: PastColumns) -> Iterator[ColumnFault]:
        """Yield the columns whose query asks the engine what day it is."""
        for name in names:
            feature = self.declared[name]
            if _asks_the_day(feature, name, self._reads(name), self._every.facts):
                yield ColumnFault(name, place_of(feature.function), "clock")

    def _again(self, names: Sequence[str], compiled: PastColumns) -> Iterator[ColumnFault]:
        """Yield the columns that differ from the same rows in another order, or on another day."""
        values = compiled.values()
        self.tables.see_shuffled()
        shuffled = compiled.values()
        self.tables.see_all()
        by_chance = {name: _differences(values[name], shuffled[name]) for name in names}
        read_later = self._read_anew(names, is_later=True)
        by_day = {name: _differences(values[name], read_later[name]) for name in names}
        if asked := [name for name in names if by_day[name] and not by_chance[name]]:
            read_again = self._read_anew(asked, is_later=False)
            by_chance |= {name: _differences(values[name], read_again[name]) for name in asked}
        for name in names:
            if examples := by_chance[name] or by_day[name]:
                kind: Kind = "chance" if by_chance[name] else "clock"
                yield self._fault(name, kind, examples, len(values[name]))

    def _read_anew(self, names: Sequence[str], *, is_later: bool) -> Values:
        """Return the columns of modules that are read once more, as if on a later day or today."""
        try:
            declared = groups_read_anew(self.settings, is_later=is_later)
        except UsageError:  # a file may say itself until when it holds
            declared = groups(self.settings)
        return self._compiled(names, self._every, declared).values()

    def _of_today(self, names: Sequence[str], compiled: PastColumns) -> Iterator[ColumnFault]:
        """Yield the columns that read today's value of an attribute, and hide that they do.

        Those that do not hide it are no model inputs.
        """
        values = compiled.values() if self.todays else {}
        for history in self.todays:
            open_about_it = readers(self.settings, history.table, history.column)
            self.tables.see_without(history.table, history.column)
            without = compiled.values()
            for name in names:
                examples = _differences(values[name], without[name])
                if examples and name not in open_about_it:
                    fault = self._fault(name, "todays", examples, len(values[name]))
                    yield replace(fault, reason=f"It is {history.name}")
        self.tables.see_all()

    def _ahead(self, names: Sequence[str], compiled: PastColumns) -> Iterator[ColumnFault]:
        """Yield the columns that are others where only what was known on their day is there."""
        if not self.dates:
            return
        complete = compiled.values()
        mixing = {fault.column: fault for fault in self._mixing(names, complete)}
        yield from mixing.values()
        steady = [name for name in names if name not in mixing]
        differing: dict[str, list[Example]] = {name: [] for name in steady}
        later_rows: dict[str, tuple[LaterRow, ...]] = {}
        for day in self.dates:
            past = {name: _on(complete[name], day) for name in steady}
            self.tables.see_what_was_known(day)
            cut = compiled.values()
            for name in steady:
                differing[name] += _differences(past[name], _on(cut[name], day))
            unexplained = [n for n in steady if differing[n] and n not in later_rows]
            if unexplained:
                later_rows |= self._later_rows(compiled, {n: past[n] for n in unexplained}, day)
        total = sum(day in self.dates for _, day in complete[names[0]])
        for name in steady:
            if examples := differing[name]:
                fault = self._fault(name, "future", examples, total)
                yield replace(fault, later_rows=later_rows[name])

    def _mixing(self, names: Sequence[str], complete: Values) -> Iterator[ColumnFault]:
        """Yield the columns that are others when a date is computed alone."""
        day = self.dates[0]
        past = PastFacts(self.tables, [day], self.settings.build.grace_days)
        alone = self._compiled(names, past).values()
        for name in names:
            among_others = _on(complete[name], day)
            if examples := _differences(among_others, alone[name]):
                yield self._fault(name, "dates", examples, len(among_others))

    def _later_rows(
        self, compiled: PastColumns, past: Values, day: date
    ) -> dict[str, tuple[LaterRow, ...]]:
        """Return for each column a row of each table of which ``day`` knew less, and it did not."""
        rows: dict[str, tuple[LaterRow, ...]] = dict.fromkeys(past, ())
        for table in self.tables.names:
            self.tables.see_what_was_known(day, only=table)
            cut = compiled.values()
            for name, values in past.items():
                differences = _differences(values, _on(cut[name], day))
                if differences:
                    accounts = (example.account_id for example in differences)
                    rows[name] += (self._later_row(table, accounts, day),)
        return rows

    def _later_row(self, table: str, accounts: Iterable[str], day: date) -> LaterRow:
        rows = (self.tables.later_row(table, account, day) for account in accounts)
        row = next(filter(None, rows), None) or {}
        return LaterRow(table, {key: str(value) for key, value in row.items()})

    def _fault(self, name: str, kind: Kind, examples: Sequence[Example], total: int) -> ColumnFault:
        return ColumnFault(
            column=name,
            place=place_of(self.declared[name].function),
            kind=kind,
            accounts=len(examples),
            of=total,
            examples=tuple(examples[:MOST_EXAMPLES]),
        )


def _differences(values: Mapping[Key, Value], others: Mapping[Key, Value]) -> list[Example]:
    """Return where two computations differ, by date and account."""
    return [
        Example(account, str(day), values.get((account, day)), others.get((account, day)))
        for account, day in sorted(values.keys() | others.keys(), key=lambda key: key[::-1])
        if not _same(values.get((account, day)), others.get((account, day)))
    ]


def _on(values: Mapping[Key, Value], day: date) -> Mapping[Key, Value]:
    return {key: value for key, value in values.items() if key[1] == day}


def _same(value: Value, other: Value) -> bool:
    """Compare two values; numbers up to the order in which they were added up."""
    if isinstance(value, float) and isinstance(other, float):
        both_unknown = isnan(value) and isnan(other)
        return both_unknown or isclose(value, other, rel_tol=1e-9, abs_tol=1e-9)
    return value == other


def _asks_the_day(feature: Feature, name: str, reads: Iterable[str], facts: Facts) -> bool:
    """Say whether the expression of a column contains the engine's clock."""
    if feature.rows is None:
        table = ibis.table({**dict.fromkeys(reads, "float64"), **ROW}, name="row")
    elif all(facts.has(source) for source in feature.rows.sources):
        table = feature.rows.build(facts)
    else:
        return False
    values = [feature.value(table, column) for column in feature.columns if column.name == name]
    clocks = (ops.TimestampNow, ops.DateNow)
    return any(list(expression.op().find(clocks)) for expression in (table, *values))
