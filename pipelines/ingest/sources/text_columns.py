"""Columns of text files: text where the contract wants text, numbers and days where one computes.

A column that ends in a text of the contract, or by which tables are joined or grouped, stays as it
stands in the file. Where a mapping computes with it nevertheless, its SQL is told the type there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipelines.common.sql_quoting import columns_of, only_row, quoted
from pipelines.config.file_options import EXCEL, FileOptions
from pipelines.config.mapping import Source
from pipelines.ingest.files import date_formats
from pipelines.ingest.files.faults import setting
from pipelines.ingest.files.loaded import Loaded
from pipelines.ingest.files.number_formats import number_readings
from pipelines.ingest.files.value_types import (
    EXACT_UP_TO,
    NOTHING,
    TEMPORAL,
    TEXT,
    Reading,
    has_fraction,
    not_whole,
    readings,
    whole_type,
)
from pipelines.ingest.sources import files_in_sql, sql_syntax
from pipelines.ingest.sources.column_use import ColumnUse
from pipelines.ingest.sources.sql_syntax import Reference, Statement

Readings = Mapping[str, Reading]
"""How each column of a file is read, by its name in lower case."""

WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
         "UINTEGER", "UBIGINT", "UHUGEINT")  # fmt: skip
BROKEN_TEXT = (
    "regexp_full_match(@, '-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?') AND @ SIMILAR TO '.*[.eE].*'"
)
"""True where a number in JSON is no whole one; all digits of one are as they are written."""
NOT_WHOLE_TEXT = "regexp_full_match(@, '-?[0-9]+[.][0-9]+([eE][+-]?[0-9]+)?|-?[0-9]{16,}')"
"""True where a number that came from a cell or a field as text may have lost digits."""


@dataclass
class TextColumns:
    """What is known about the columns of a company's text files, by source."""

    connection: duckdb.DuckDBPyConnection
    folder: Path = Path()
    """Where files lie that SQL reads."""
    use: ColumnUse = field(default_factory=ColumnUse)
    by_source: dict[str, dict[str, Reading]] = field(default_factory=dict)
    by_name: dict[str, Reading] = field(default_factory=dict)
    files: dict[str, tuple[Source, Loaded]] = field(default_factory=dict)
    floating: dict[str, dict[str, str]] = field(default_factory=dict)
    """Identifiers that are floating-point numbers, by source, with the condition of lost digits."""
    questions: list[str] = field(default_factory=list)
    """What a person has to decide, since values can be read in two ways."""
    asked: set[tuple[str, str]] = field(default_factory=set)
    """The columns with such a question, each behind its source."""

    def look(self, name: str, source: Source, loaded: Loaded) -> None:
        """Find how the columns of ``text.<name>``, the texts of a source, are read."""
        relation = f"text.{quoted(name)}"
        types = columns_of(self.connection, relation)
        texts = [column for column, type_ in types.items() if type_ == "VARCHAR"]
        by_column = readings(self.connection, relation, texts)
        unread = [column for column in texts if by_column[column].is_text]
        by_column |= date_formats.date_readings(
            self.connection,
            relation,
            unread,
            source,
            has_days=source.file.lower().endswith(EXCEL),
        )
        self.by_source[name] = {column.lower(): r for column, r in by_column.items()}
        self.files[name] = (source, loaded)

    def decide(self) -> None:
        """Settle which columns stay text, once all files have been looked at."""
        self.use.decide(self._readings_by_name())
        for name, (source, loaded) in self.files.items():
            self._read_numbers(name, source, loaded)
            self._ask_for_dates(name, source)
            self._find_inexact(name, loaded)
        by_name = self._readings_by_name().items()
        self.by_name = {name: common for name, alike in by_name if (common := _common(alike))}
        for statement in self.use.statements:  # a new name for a column does not change its values
            for ref in statement.references:
                reading = _of(ref, self.by_name)
                if ref.purpose == "value" and ref.bare and reading and ref.output[:1] != "=":
                    self.by_name.setdefault(ref.output, reading)

    def _readings_by_name(self) -> dict[str, list[Reading]]:
        readings_by_name: dict[str, list[Reading]] = {}
        for by_column in self.by_source.values():
            for name, reading in by_column.items():
                readings_by_name.setdefault(name, []).append(reading)
        return readings_by_name

    def _read_numbers(self, name: str, source: Source, loaded: Loaded) -> None:
        """Find how numbers are written in the columns that are used as numbers."""
        by_column, numeric = self.by_source[name], {column.lower() for column in loaded.numeric}
        asked = [
            column
            for column, reading in by_column.items()
            if _names(column) & self.use.numbers and reading.type in ("VARCHAR", "DOUBLE")
        ]
        for columns, options in (
            ([column for column in asked if column in numeric], FileOptions(decimal=".")),
            ([column for column in asked if column not in numeric], source),
        ):
            relation = f"text.{quoted(name)}"
            numbers, questions = number_readings(
                self.connection, relation, columns, options, by_column
            )
            by_column |= numbers
            for column, question in questions.items():
                choice = f'{setting(name, source.file, "decimal", ",")}, or decimal = "."'
                self._ask(name, source, column, f"{question} {choice[0].upper()}{choice[1:]}")

    def _ask_for_dates(self, name: str, source: Source) -> None:
        by_column = self.by_source[name]
        asked = [
            column
            for column, reading in by_column.items()
            if reading.is_text and _names(column) & self.use.dates
        ]
        relation = f"text.{quoted(name)}"
        questions = date_formats.questions(self.connection, relation, asked)
        for column, (question, patterns) in questions.items():
            first, *others = patterns
            choice = setting(name, source.file, "date_format", first)
            choice += "".join(f', or date_format = "{pattern}"' for pattern in others)
            self._ask(name, source, column, f"{question} {choice[0].upper()}{choice[1:]}")

    def _ask(self, name: str, source: Source, column: str, question: str) -> None:
        self.asked.add((name, column))
        self.questions.append(f"sources.{name} ({source.file}), {column}: {question}")

    def _find_inexact(self, name: str, loaded: Loaded) -> None:
        self.floating[name] = {
            column: BROKEN_TEXT if loaded.is_nested else NOT_WHOLE_TEXT
            for column in sorted(loaded.inexact)
            if _names(column.lower()) & self.use.identifiers
        }

    def store(self, source: str) -> None:
        """Make ``src.<source>`` of the texts of a source, typed where no text is needed."""
        relation, target = f"text.{quoted(source)}", f"src.{quoted(source)}"
        stored = {
            name: self._stored(source, name) for name in columns_of(self.connection, relation)
        }
        if self.files[source][1].is_nested:
            stored = _nested(stored)
        listed = ", ".join(f"{value} AS {quoted(name)}" for name, value in stored.items())
        self.connection.execute(f"CREATE TABLE {target} AS SELECT {listed} FROM {relation}")
        self.connection.execute(f"DROP TABLE {relation}")

    def _stored(self, source: str, column: str) -> str:
        reading = self.by_source[source].get(column.lower(), TEXT)
        stays = self._is_stored_as_text(column.lower(), reading)
        return quoted(column) if stays else reading.of(quoted(column))

    def adapted(self, source: str, relation: str) -> str:
        """Return a query of a source with types of its own, its identifiers as people write them.

        A text of the contract that is held as numbers, all of them whole, has no fraction
        (``1001``, not ``1001.0`` or ``1001.00``), and a number is a text where it is joined with
        one.
        """
        types = columns_of(self.connection, relation)
        self._read_text_numbers(source, relation, types)
        replaced = {
            column: value
            for column, type_ in types.items()
            if (value := self._adapted(source, relation, column, type_)) != quoted(column)
        }
        changes = [f"{sql} AS {quoted(name)}" for name, sql in replaced.items()]
        replace = f" REPLACE ({', '.join(changes)})" if changes else ""
        return f"SELECT *{replace} FROM {relation}"

    def _adapted(self, source: str, relation: str, column: str, type_: str) -> str:
        name, value = column.lower(), quoted(column)
        if type_ == "VARCHAR" and (number := self.by_source.get(source, {}).get(name)):
            return value if self._is_stored_as_text(name, number) else number.of(value)
        if name not in self.use.texts:
            return value
        if has_fraction(type_):
            condition = not_whole(type_)
            if not self._is_whole(relation, value, condition):
                if type_ in EXACT_UP_TO and name in self.use.identifiers:
                    self.floating.setdefault(source, {})[column] = condition
                return value
            value, type_ = f"CAST({value} AS {whole_type(type_)})", whole_type(type_)
        if self.files and name in self.use.joined and _is_whole_type(type_):
            number = Reading(type_, f"CAST(@ AS {type_})")
            self.by_source.setdefault(source, {})[name] = number
            self.by_name.setdefault(name, number)
            value = f"CAST({value} AS VARCHAR)"
        return value

    def _read_text_numbers(self, source: str, relation: str, types: Mapping[str, str]) -> None:
        """Find how numbers are written that a source with types of its own holds as texts."""
        asked = [
            name
            for name, type_ in types.items()
            if type_ == "VARCHAR" and name.lower() in self.use.numbers
        ]
        plain = dict.fromkeys(asked, TEXT)
        options = FileOptions()
        numbers, questions = number_readings(self.connection, relation, asked, options, plain)
        self.questions.extend(
            f"sources.{source}, {column}: {question} Convert it in a query of the source, for "
            f"example replace({column}, '.', '')"
            for column, question in questions.items()
        )
        for column, number in numbers.items():
            self.by_source.setdefault(source, {})[column.lower()] = number
            self.by_name.setdefault(column.lower(), number)

    def _is_whole(self, relation: str, value: str, condition: str) -> bool:
        fits = f"bool_and(NOT ({condition.replace('@', value)}))"
        return only_row(self.connection, f"SELECT {fits} FROM {relation}")[0] is not False

    def query(self, sql: str) -> str:
        """Return a query with the types of text columns told where it computes with them."""
        return self._told(sql, sql_syntax.query(self.connection, sql), self.by_name)

    def expression(self, sql: str, type_: str = "", source: str = "") -> str:
        """Return an expression in the same way.

        ``type_`` is that of the contract's column that it is for, ``source`` the one it reads.
        """
        statement = sql_syntax.expression(self.connection, sql, f"={type_}" if type_ else "")
        return self._told(sql, statement, self._readings(source))

    def as_numbers(self, sql: str, source: str = "") -> str:
        """Return an expression that computes with identifiers, such as ``printf('%08d', id)``.

        Only columns are told as numbers whose texts nothing but that number could be.
        """
        statement, by_column = sql_syntax.expression(self.connection, sql), self._readings(source)
        return sql_syntax.spliced(
            sql,
            [
                (ref.start, ref.end, reading.of(_written(sql, ref)))
                for ref in (statement.references if statement else ())
                if (reading := _of(ref, by_column))
                and reading.is_number
                and reading.is_distinct
                and reading.is_complete
            ],
        )

    def reading(self, column: str, source: str) -> Reading:
        """Return how the texts of a column are read that a source or query gives as they stand."""
        name = column.lower()
        if source not in self.files and name in self.use.made:
            return TEXT
        return self._readings(source).get(name, TEXT)

    def is_computed_with(self, source: str, column: str) -> bool:
        """Say whether the mapping computes with a column that does not hold numbers only."""
        name = column.lower()
        reading = self.by_source.get(source, {}).get(name, TEXT)
        is_partly_number = reading.is_number and not reading.is_complete
        return is_partly_number and bool(_names(name) & self.use.computed)

    def _readings(self, source: str) -> Readings:
        return {**self.by_name, **self.by_source.get(source, {})}

    def _told(self, sql: str, statement: Statement | None, by_column: Readings) -> str:
        if statement is None:
            return files_in_sql.located(sql, self.folder)
        replacements = [
            (ref.start, ref.end, _named(reading.of(_written(sql, ref)), ref))
            for ref in statement.references
            if (reading := _of(ref, by_column)) and self._needs_type(ref, reading)
        ]
        replacements += files_in_sql.replacements(statement, self.folder)
        return sql_syntax.spliced(sql, replacements)

    def _needs_type(self, ref: Reference, reading: Reading) -> bool:
        """Say whether a reference needs the value and not the text it is written as."""
        if reading.is_text or not self._is_stored_as_text(ref.name, reading):
            return False
        if ref.purpose in ("text", "presence") or ref.spelled:
            return False
        if ref.purpose == "value":
            return self._is_read(ref, reading)
        if ref.purpose in ("compared", "grouped"):
            if reading == NOTHING or not reading.is_complete:
                return False
            is_day = reading.type in TEMPORAL and ref.name not in self.use.identifiers
            return is_day or ref.name not in self.use.texts
        return reading.is_complete or ref.purpose == "number"

    def _is_read(self, ref: Reference, reading: Reading) -> bool:
        """Say whether a value goes on as a value; a column of the contract casts bare ones."""
        if ref.output in self.use.texts or (ref.bare and ref.output[:1] == "="):
            return False
        return reading.is_complete or ref.output in self.use.numbers | self.use.dates

    def _is_stored_as_text(self, name: str, reading: Reading) -> bool:
        common = self.by_name.get(name, reading)
        is_complete = reading.is_complete and common.is_complete
        needs_text = bool(_names(name) & (self.use.texts | self.use.spelled))
        return needs_text or reading == NOTHING or not is_complete


def _is_whole_type(type_: str) -> bool:
    return type_ in WHOLE or (type_.startswith("DECIMAL") and type_.endswith(",0)"))


def _names(column: str) -> set[str]:
    """Return the names by which SQL may call a column: a field of an object goes by its own."""
    return {column, column.rpartition(".")[2]}


def _of(ref: Reference, by_column: Readings) -> Reading | None:
    """Return how the column of a reference is read, the field of an object by its path."""
    paths = (".".join(ref.path[place:]) for place in range(len(ref.path)))
    return next((by_column[path] for path in paths if path in by_column), None)


def _written(sql: str, ref: Reference) -> str:
    return sql.encode()[ref.start : ref.end].decode()


def _named(value: str, ref: Reference) -> str:
    """Return a value under the name by which the column goes on."""
    return f"{value} AS {quoted(ref.path[-1])}" if ref.unnamed and ref.output[:1] != "=" else value


def _nested(stored: Mapping[str, str]) -> dict[str, str]:
    """Return columns called by their paths as objects again, so that ``owner.email`` reads one."""
    groups: dict[str, dict[str, str]] = {}
    for name, value in stored.items():
        first, _, rest = name.partition(".")
        groups.setdefault(first, {})[rest] = value
    return {first: _object(fields) for first, fields in groups.items()}


def _object(fields: Mapping[str, str]) -> str:
    if set(fields) == {""}:
        return fields[""]
    inner = _nested({name: value for name, value in fields.items() if name})
    return "struct_pack(" + ", ".join(f"{quoted(n)} := {v}" for n, v in inner.items()) + ")"


def _common(alike: list[Reading]) -> Reading | None:
    """Return how columns of one name are read that are of several files."""
    filled = [reading for reading in alike if reading.type != "NULL"]
    kinds = {reading.type for reading in filled}
    if kinds and kinds <= {"BIGINT", "DOUBLE"}:
        return _common_number(filled)
    if len(kinds) > 1 and kinds <= set(TEMPORAL):
        by_type = {reading.type: reading for reading in filled}
        return next(by_type[type_] for type_ in reversed(TEMPORAL) if type_ in by_type)
    if len(kinds) > 1:
        return None
    partial = (reading for reading in filled if not reading.is_complete)
    return next(partial, filled[0] if filled else NOTHING)


def _common_number(alike: list[Reading]) -> Reading | None:
    """Return how numbers are read that are written in one way in all files, if they are."""
    broken = [reading for reading in alike if reading.type == "DOUBLE"]
    if len({reading.sql for reading in broken}) > 1:
        return None
    partial = (reading for reading in broken if not reading.is_complete)
    return next(partial, (broken or alike)[0])
