"""From a source's rows to the contract's columns: the mapping's expressions, cast to its types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import duckdb

from features.contract import TABLES, Column, Table
from pipelines.common.sql_quoting import SQL_TYPES, columns_of, literal, quoted, unquoted
from pipelines.config.mapping import TableMapping, is_plain_name
from pipelines.ingest.files.value_types import INSTANT, TEXT, Reading, as_text, has_fraction
from pipelines.ingest.sources import readers
from pipelines.ingest.sources.errors import Faults, first_line
from pipelines.ingest.sources.expressions import UNREADABLE, broken, expressions, tried
from pipelines.ingest.sources.placeholder_days import (
    READ,
    dated_by,
    is_placeholder,
    may_be_placeholder,
)
from pipelines.ingest.sources.text_columns import TextColumns

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

RAW = "__raw_"
"""Prefix of the columns of ``typed.<table>`` that hold the values before the cast."""


def mapping_of(settings: Settings, name: str) -> TableMapping:
    """Return the mapping of a contract table; without one, the source called like it."""
    mapping = settings.tables.get(name, TableMapping())
    return mapping.model_copy(update={"source": mapping.source or name})


def rows(columns: TextColumns, settings: Settings, name: str, faults: Faults) -> bool:
    """Make the source rows of the contract table ``name`` readable as ``rows.<name>``."""
    mapping = mapping_of(settings, name)
    connection, origin = columns.connection, f"main.{quoted(mapping.source)}"
    if mapping.is_query:
        origin = columns.query(mapping.source)
    kind = "TABLE" if mapping.is_query else "VIEW"
    condition = columns.expression(mapping.where, source=mapping.source)
    where = f" WHERE ({condition}\n)" if mapping.where else ""
    statement = f"CREATE {kind} rows.{quoted(name)} AS SELECT * FROM {origin} AS origin{where}"
    try:
        connection.execute(statement)
    except duckdb.Error as error:
        key = _failing_key(connection, origin)
        text = mapping.source if key == "from" else mapping.where
        faults.say(f"tables.{name}.{key} = {text!r}: {first_line(error)}", text)
        return False
    return True


def columns(text_columns: TextColumns, settings: Settings, name: str, faults: Faults) -> bool:
    """Make the contract table ``name`` readable as ``typed.<name>``, from ``kept.<name>``.

    Beside each column stands its value before the cast. Says no when the mapping does not fit
    the source; ``faults`` then says why.
    """
    table, source, mistakes_before = TABLES[name], f"kept.{quoted(name)}", len(faults.mistakes)
    connection = text_columns.connection
    source_columns = columns_of(connection, source)
    mapping = mapping_of(settings, name)
    origin = readers.origin(settings, mapping.source)
    sql = expressions(text_columns, table, mapping, source_columns, origin, faults)
    if len(faults.mistakes) > mistakes_before:
        return False
    breaking = broken(connection, source, sql)
    readings = {
        column: text_columns.reading(unquoted(expression), mapping.source)
        for column, expression in sql.items()
        if is_plain_name(expression)
    }
    try:
        _cast(connection, table, source, sql, breaking, readings)
    except duckdb.Error as error:
        faults.mistakes.append(
            f"tables.{name}.columns, read from {origin}: {', '.join(breaking)} cannot be computed "
            "on every row, nor "
            f"tried row by row ({first_line(error)}); use TRY_CAST in it"
        )
        return False
    return True


def _failing_key(connection: duckdb.DuckDBPyConnection, origin: str) -> str:
    try:
        connection.execute(f"SELECT * FROM {origin} AS origin LIMIT 0")
    except duckdb.Error:
        return "from"
    return "where"


def _cast(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    source: str,
    sql: dict[str, str],
    breaking: dict[str, str],
    readings: Mapping[str, Reading],
) -> None:
    values = ", ".join(
        f"{tried(expression) if name in breaking else f'({expression})'} AS {quoted(RAW + name)}"
        for name, expression in sql.items()
    )
    raw = f"SELECT {values} FROM {source}"
    types = columns_of(connection, f"({raw})")
    read = "".join(
        f"{_typed(column, types[RAW + column.name], readings)} AS {quoted(READ + column.name)}, "
        for column in table.columns
        if may_be_placeholder(column)
    )
    cast = ", ".join(
        f"{_or_none(table, column, readings, types)} AS {quoted(column.name)}"
        for column in table.columns
    )
    target = f"typed.{quoted(table.name)}"
    connection.execute(
        f"CREATE VIEW {target} AS SELECT {cast}, * FROM (SELECT {read}* FROM ({raw}) AS raw)"
    )


def _or_none(
    table: Table, column: Column, readings: Mapping[str, Reading], types: Mapping[str, str]
) -> str:
    """Return the value as read, or null where a day is a placeholder or dates one."""
    if not may_be_placeholder(column):
        return _typed(column, types[RAW + column.name], readings)
    dated = [name for name in (column.name, dated_by(table, column)) if name]
    empty = " OR ".join(map(is_placeholder, dated))
    return f"CASE WHEN {empty} THEN NULL ELSE {quoted(READ + column.name)} END"


def _typed(column: Column, raw_type: str, readings: Mapping[str, Reading]) -> str:
    """Return the cast of a raw value to its contract type; null where it does not fit.

    ``readings`` say how texts are read that come from a file as they stand.
    """
    reading = readings.get(column.name, TEXT)
    value, wanted = quoted(RAW + column.name), SQL_TYPES[column.type]
    if raw_type == "VARCHAR":
        value = f"NULLIF({value}, {UNREADABLE})"
    if raw_type == wanted:
        return value
    if raw_type == "VARCHAR" and reading.fits(column.type):
        value, raw_type = reading.of(value), reading.type
    if raw_type == "VARCHAR" and column.type in ("date", "timestamp"):
        instant = f"CAST(TRY_CAST({value} AS TIMESTAMPTZ) AS {wanted})"
        is_instant = f"regexp_matches({value}, {literal(INSTANT)})"
        return f"CASE WHEN {is_instant} THEN {instant} ELSE TRY_CAST({value} AS {wanted}) END"
    if column.type == "string" and has_fraction(raw_type):
        return as_text(value, raw_type)
    cast = f"TRY_CAST({value} AS {wanted})"
    if column.type == "integer" and "INT" not in raw_type:
        number = f"TRY_CAST({value} AS DOUBLE)"
        return f"CASE WHEN {number} = trunc({number}) THEN {cast} END"
    return cast
