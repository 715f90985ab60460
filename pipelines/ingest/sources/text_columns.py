"""Columns of text files: text where the contract wants text, numbers and days where one computes.

A column that ends in a text of the contract, or by which tables are joined or grouped, stays as it
stands in the file. Where a mapping computes with it nevertheless, its SQL is told the type there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from pipelines.common.sql_quoting import columns_of, quoted
from pipelines.ingest.sources import sql_syntax
from pipelines.ingest.sources.column_use import ColumnUse
from pipelines.ingest.sources.sql_syntax import Reference, Statement
from pipelines.ingest.sources.value_types import (
    A_NUMBER,
    NOTHING,
    TEMPORAL,
    Reading,
    readings,
    with_a_number,
)

Readings = Mapping[str, Reading]
"""How each column of a file is read, by its name in lower case."""


FLOATING = ("DOUBLE", "FLOAT")
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
         "UINTEGER", "UBIGINT", "UHUGEINT")  # fmt: skip
NOT_WHOLE = "NOT coalesce(@ = trunc(@) AND abs(@) < 9007199254740992, @ IS NULL)"
"""True where a floating-point number (@) may have lost digits of an identifier."""


@dataclass
class TextColumns:
    """What is known about the columns of a company's text files, by source."""

    connection: duckdb.DuckDBPyConnection
    use: ColumnUse = field(default_factory=ColumnUse)
    by_source: dict[str, dict[str, Reading]] = field(default_factory=dict)
    by_name: dict[str, Reading] = field(default_factory=dict)
    floating: dict[str, list[str]] = field(default_factory=dict)
    """Columns that identify something and are floating-point numbers, with digits lost."""

    def decide(self) -> None:
        """Settle which columns stay text, once all files have been looked at."""
        readings_by_name: dict[str, list[Reading]] = {}
        for by_column in self.by_source.values():
            for name, reading in by_column.items():
                readings_by_name.setdefault(name, []).append(reading)
        self.use.decide(readings_by_name)
        for source, by_column in self.by_source.items():
            asked = {name for name in self.use.numbers & set(by_column) if by_column[name].is_text}
            for name in with_a_number(self.connection, f"text.{quoted(source)}", sorted(asked)):
                by_column[name] = A_NUMBER
                readings_by_name[name] = [
                    A_NUMBER if reading.is_text else reading for reading in readings_by_name[name]
                ]
        self.by_name = {
            name: common for name, alike in readings_by_name.items() if (common := _common(alike))
        }
        for statement in self.use.statements:  # a new name for a column does not change its values
            for ref in statement.references:
                if ref.purpose == "value" and ref.bare and ref.name in self.by_name:
                    self.by_name.setdefault(ref.output, self.by_name[ref.name])

    def look(self, source: str, relation: str) -> None:
        """Find how the columns of ``relation``, the texts of a source, are read."""
        names = list(columns_of(self.connection, relation))
        by_name = readings(self.connection, relation, names)
        self.by_source[source] = {name.lower(): reading for name, reading in by_name.items()}

    def store(self, source: str, relation: str, target: str) -> None:
        """Make the table ``target`` of the texts of a source, typed where no text is needed."""
        names = columns_of(self.connection, relation)
        listed = ", ".join(f"{self._stored(source, name)} AS {quoted(name)}" for name in names)
        self.connection.execute(f"CREATE TABLE {target} AS SELECT {listed} FROM {relation}")
        self.connection.execute(f"DROP TABLE {relation}")

    def _stored(self, source: str, column: str) -> str:
        name, reading = column.lower(), self.by_source[source][column.lower()]
        stays = name in self.use.texts | self.use.spelled or reading == NOTHING
        stays = stays or not reading.is_complete
        return quoted(column) if stays else reading.of(quoted(column))

    def adapted(self, source: str, relation: str) -> str:
        """Return a query of a source with types of its own, its identifiers as people write them.

        Whole numbers that are held as floating-point ones are identifiers without a fraction
        (``1001``, not ``1001.0``), and a number is a text where it is joined with one.
        """
        types, replaced = columns_of(self.connection, relation), {}
        for column, type_ in types.items():
            name, value = column.lower(), quoted(column)
            if name not in self.use.texts:
                continue
            if type_ in FLOATING and name in self.use.identifiers:
                if not self._is_whole(relation, value):
                    self.floating.setdefault(source, []).append(column)
                    continue
                value, type_ = f"CAST({value} AS BIGINT)", "BIGINT"
            if self.by_source and name in self.use.joined and type_ in WHOLE:
                number = Reading(type_, f"CAST(@ AS {type_})")
                self.by_source.setdefault(source, {})[name] = number
                self.by_name.setdefault(name, number)
                value = f"CAST({value} AS VARCHAR)"
            replaced[column] = value
        changes = [f"{sql} AS {quoted(name)}" for name, sql in replaced.items()]
        replace = f" REPLACE ({', '.join(changes)})" if changes else ""
        return f"SELECT *{replace} FROM {relation}"

    def _is_whole(self, relation: str, value: str) -> bool:
        fits = f"bool_and(NOT ({NOT_WHOLE.replace('@', value)}))"
        row = self.connection.execute(f"SELECT {fits} FROM {relation}").fetchone()
        return row is None or row[0] is not False

    def query(self, sql: str) -> str:
        """Return a query with the types of text columns told where it computes with them."""
        return self._told(sql, sql_syntax.query(self.connection, sql), self.by_name)

    def expression(self, sql: str, type_: str = "", source: str = "") -> str:
        """Return an expression in the same way.

        ``type_`` is that of the contract's column that it is for, ``source`` the one it reads.
        """
        statement = sql_syntax.expression(self.connection, sql, f"={type_}" if type_ else "")
        return self._told(sql, statement, {**self.by_name, **self.by_source.get(source, {})})

    def as_numbers(self, sql: str, source: str = "") -> str:
        """Return an expression that computes with identifiers, such as ``printf('%08d', id)``.

        Only columns are told as numbers whose texts nothing but that number could be.
        """
        statement = sql_syntax.expression(self.connection, sql)
        by_column = {**self.by_name, **self.by_source.get(source, {})}
        return sql_syntax.spliced(
            sql,
            [
                (ref.start, ref.end, reading.of(sql.encode()[ref.start : ref.end].decode()))
                for ref in (statement.references if statement else ())
                if (reading := by_column.get(ref.name))
                and reading.is_number
                and reading.is_distinct
                and reading.is_complete
            ],
        )

    def is_computed_with(self, source: str, column: str) -> bool:
        """Say whether the mapping computes with a column that does not hold numbers only."""
        name = column.lower()
        reading = self.by_source.get(source, {}).get(name)
        return reading is not None and not reading.is_complete and name in self.use.computed

    def _told(self, sql: str, statement: Statement | None, by_column: Readings) -> str:
        if statement is None:
            return sql
        replacements = []
        for ref in statement.references:
            reading = by_column.get(ref.name)
            if reading is None or not self._needs_type(ref, reading):
                continue
            written = sql.encode()[ref.start : ref.end].decode()
            value = reading.of(written)
            replacements.append((ref.start, ref.end, _named(value, ref)))
        return sql_syntax.spliced(sql, replacements)

    def _needs_type(self, ref: Reference, reading: Reading) -> bool:
        """Say whether a reference needs the value and not the text it is written as."""
        if reading.is_text or not self._is_stored_as_text(ref.name, reading):
            return False
        if ref.purpose in ("text", "presence"):
            return False
        if ref.purpose == "value":
            return ref.output not in self.use.texts and reading.is_complete
        if ref.purpose in ("compared", "grouped"):
            if reading == NOTHING:
                return False
            is_day = reading.type in TEMPORAL and ref.name not in self.use.identifiers
            return is_day or ref.name not in self.use.texts
        return reading.is_complete or ref.purpose == "number"

    def _is_stored_as_text(self, name: str, reading: Reading) -> bool:
        stays = name in self.use.texts | self.use.spelled
        return stays or reading == NOTHING or not reading.is_complete


def _named(value: str, ref: Reference) -> str:
    """Return a value under the name by which the column goes on."""
    return f"{value} AS {quoted(ref.path[-1])}" if ref.unnamed and ref.output[:1] != "=" else value


def _common(alike: list[Reading]) -> Reading | None:
    """Return how columns of one name are read that are of several files."""
    kinds = {reading.type: reading for reading in alike if reading.type != "NULL"}
    if set(kinds) <= {"BIGINT", "DOUBLE"} and A_NUMBER in alike:
        return A_NUMBER
    if len(kinds) > 1 and set(kinds) <= {"BIGINT", "DOUBLE"}:
        return kinds["DOUBLE"]
    if len(kinds) > 1 and set(kinds) <= set(TEMPORAL):
        return kinds.get("TIMESTAMP WITH TIME ZONE", kinds.get("TIMESTAMP"))
    if len(kinds) > 1:
        return None
    return next(iter(kinds.values()), NOTHING)
