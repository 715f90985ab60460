"""What a company's mapping uses columns for: as text, as numbers, to join and to group by.

Columns go by their names, whatever source they are of: the same name in two files is taken for the
same thing, so that both sides of a join are read alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from features.contract import TABLES, Column, Table
from pipelines.config.mapping import TableMapping
from pipelines.ingest.files.value_types import Reading
from pipelines.ingest.sources import sql_syntax
from pipelines.ingest.sources.sql_syntax import Reference, Statement

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

NUMERIC = ("integer", "number")
TEMPORAL = ("date", "timestamp")
NUMERIC_CASTS = ("DOUBLE", "FLOAT", "REAL", "DECIMAL", "NUMERIC", "INT", "INTEGER", "BIGINT")


@dataclass
class ColumnUse:
    """The names of columns by what they are used for.

    ``texts`` end in a text of the contract, or are joined with one that does, ``identifiers`` in
    one that identifies something; ``numbers`` end in a number of the contract or are computed
    with, ``dates`` end in a day or time of it; ``spelled`` are read by a function of texts.
    """

    statements: list[Statement] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)
    identifiers: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    dates: set[str] = field(default_factory=set)
    spelled: set[str] = field(default_factory=set)

    @property
    def computed(self) -> set[str]:
        """The columns that are numbers to an expression or a query, not only to the contract."""
        return {
            ref.name
            for ref in self._references
            if ref.purpose == "number"
            or (ref.purpose == "value" and ref.output in self.numbers and not _is_bare(ref))
        }

    def is_text(self, name: str) -> bool:
        """Say whether a column ends in a text of the contract, and in no number or day of it."""
        return name in self.texts and name not in self.numbers | self.dates

    def is_used(self, name: str) -> bool:
        """Say whether the mapping or the contract reads a column of that name."""
        ends = self.texts | self.identifiers | self.numbers | self.dates | self.spelled
        return name in ends or any(ref.name == name for ref in self._references)

    @property
    def made(self) -> set[str]:
        """The names that queries give to what they compute."""
        return {name for statement in self.statements for name in statement.computed}

    @property
    def joined(self) -> set[str]:
        """The columns by which relations are joined."""
        return {name for pair in self._pairs for name in pair}

    @property
    def _pairs(self) -> Iterator[tuple[str, str]]:
        return (pair for statement in self.statements for pair in statement.pairs)

    @property
    def _references(self) -> Iterator[Reference]:
        return (ref for statement in self.statements for ref in statement.references)

    def decide(self, readings_by_name: Mapping[str, Iterable[Reading]]) -> None:
        """Find the columns that are to stay text, knowing what the files hold.

        Where relations are joined or grouped by a column, texts that differ must stay different:
        007 and 7, 10.1 and 10.10 are two customers.
        """
        loose = {name for name, readings in readings_by_name.items() if _merges(list(readings))}
        grouped = {ref.name for ref in self._references if ref.purpose == "grouped"}
        self._follow()
        self.texts |= loose & (self.joined | (grouped - self.numbers))
        self._follow()

    def _follow(self) -> None:
        """Follow values from the contract back to the columns they come from."""
        ends = (self.texts, self.identifiers, self.numbers, self.dates)
        before = -1
        while before != sum(map(len, ends)):
            before = sum(map(len, ends))
            for ref in self._references:
                # What a function of texts reads is a text, whatever becomes of its result.
                for names in ends[:2] if ref.spelled else ends:
                    if ref.purpose == "value" and ref.output in names:
                        names.add(ref.name)
            for pair in self._pairs:
                for names in (self.texts, self.identifiers):
                    names.update(pair if names.intersection(pair) else ())


def _is_bare(ref: Reference) -> bool:
    """Whether a reference is all of an expression of the contract, whose rules look at its text."""
    return ref.bare and ref.output[:1] == "="


def _merges(readings: list[Reading]) -> bool:
    """Whether values that are read in these ways lose what tells their texts apart."""
    is_mixed = len({reading.is_number for reading in readings if reading.type != "NULL"}) > 1
    return is_mixed or any(not reading.is_distinct for reading in readings)


def gathered(connection: duckdb.DuckDBPyConnection, settings: Settings) -> ColumnUse:
    """Return what all SQL of a mapping uses columns for."""
    use = ColumnUse()
    for source in settings.sources.values():
        _add(use, sql_syntax.query(connection, source.sql) if source.sql else None)
    for name, table in TABLES.items():
        _add_table(connection, use, table, settings.tables.get(name, TableMapping()))
    for check in settings.checks:
        _add(use, sql_syntax.expression(connection, check.violates))
    for end in ("string", "identifier", *NUMERIC, *TEMPORAL):
        _end_in(use, end, f"={end}")
    return use


def _add_table(
    connection: duckdb.DuckDBPyConnection, use: ColumnUse, table: Table, mapping: TableMapping
) -> None:
    if mapping.is_query:
        _add(use, sql_syntax.query(connection, mapping.source))
    if mapping.where:
        _add(use, sql_syntax.expression(connection, mapping.where))
    for column in table.columns:
        expression = mapping.columns.get(column.name, "")
        end = "identifier" if _identifies(table, column) else column.type
        if expression:
            _add(use, sql_syntax.expression(connection, expression, f"={end}"))
        else:
            _end_in(use, end, column.name)


def _identifies(table: Table, column: Column) -> bool:
    is_key = column.name in table.key or bool(column.references) or column.name.endswith("_id")
    return is_key and column.type == "string"


def _add(use: ColumnUse, statement: Statement | None) -> None:
    if statement is None:
        return
    use.statements.append(statement)
    for ref in statement.references:
        if ref.purpose == "text" or ref.spelled:
            use.spelled.add(ref.name)
        if ref.purpose == "number" or (ref.purpose == "exact" and ref.output in NUMERIC_CASTS):
            use.numbers.add(ref.name)


def _end_in(use: ColumnUse, end: str, name: str) -> None:
    """Note that values of the column ``name`` end in a column of the contract of that kind."""
    if end in ("string", "identifier"):
        use.texts.add(name)
    if end == "identifier":
        use.identifiers.add(name)
    if end in NUMERIC:
        use.numbers.add(name)
    if end in TEMPORAL:
        use.dates.add(name)
