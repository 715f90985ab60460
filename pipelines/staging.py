"""From a source's rows to the contract's columns: the mapping's expressions, cast to its types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.expressions import Column as SqlColumn

from features.contract import TABLES, Column, Table
from pipelines.mapping import TableMapping, is_plain_name
from pipelines.mistakes import nearest
from pipelines.sources import Faults, first_line, quoted

if TYPE_CHECKING:
    from pipelines.settings import Settings

SQL_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
RAW = "__raw_"
"""Prefix of the columns of ``typed.<table>`` that hold the values before the cast."""


UNREADABLE = "'(cannot be computed)'"
"""Stands for a value whose expression breaks; no type accepts it."""


def mapping_of(settings: Settings, name: str) -> TableMapping:
    """Return the mapping of a contract table; without one, the source called like it."""
    mapping = settings.tables.get(name, TableMapping())
    return mapping.model_copy(update={"source": mapping.source or name})


def rows(
    connection: duckdb.DuckDBPyConnection, settings: Settings, name: str, faults: Faults
) -> bool:
    """Make the source rows of the contract table ``name`` readable as ``rows.<name>``."""
    mapping = mapping_of(settings, name)
    origin = mapping.source if mapping.is_query else f"main.{quoted(mapping.source)}"
    kind = "TABLE" if mapping.is_query else "VIEW"
    where = f" WHERE ({mapping.where}\n)" if mapping.where else ""
    made = f"CREATE {kind} rows.{quoted(name)} AS SELECT * FROM {origin} AS origin{where}"
    try:
        connection.execute(made)
    except duckdb.Error as error:
        key = _guilty(connection, origin)
        text = mapping.source if key == "from" else mapping.where
        faults.say(f"tables.{name}.{key} = {text!r}: {first_line(error)}", text)
        return False
    return True


def columns(
    connection: duckdb.DuckDBPyConnection, settings: Settings, name: str, faults: Faults
) -> bool:
    """Make the contract table ``name`` readable as ``typed.<name>``, from ``kept.<name>``.

    Beside each column stands its value before the cast. Says no when the mapping does not fit
    the source; ``faults`` then says why.
    """
    table, source, known = TABLES[name], f"kept.{quoted(name)}", len(faults.mistakes)
    given = columns_of(connection, source)
    expressions = _expressions(connection, table, mapping_of(settings, name), given, faults)
    if len(faults.mistakes) > known:
        return False
    broken = _broken(connection, source, expressions)
    try:
        _cast(connection, table, source, expressions, broken)
    except duckdb.Error as error:
        faults.mistakes.append(
            f"tables.{name}.columns: {', '.join(broken)} cannot be computed on every row, nor "
            f"tried row by row ({first_line(error)}); use TRY_CAST in it"
        )
        return False
    return True


def _guilty(connection: duckdb.DuckDBPyConnection, origin: str) -> str:
    try:
        connection.execute(f"SELECT * FROM {origin} AS origin LIMIT 0")
    except duckdb.Error:
        return "from"
    return "where"


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return the columns of a relation and their DuckDB types."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {str(row[0]): str(row[1]) for row in described}


def _expressions(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    mapping: TableMapping,
    given: dict[str, str],
    faults: Faults,
) -> dict[str, str]:
    """Return the SQL of each contract column, each tried on the source without reading it."""
    expressions: dict[str, str] = {}
    for column in table.columns:
        expression = mapping.columns.get(column.name, "")
        if expression:
            faults.mistakes.extend(_unbound(connection, table, column, expression, given))
        elif column.name in given:
            expression = quoted(column.name)
        elif column.nullable:
            expression = f"CAST(NULL AS {SQL_TYPES[column.type]})"
        else:
            faults.mistakes.append(_unmapped(table, column, given))
        expressions[column.name] = expression
    return expressions


def _unbound(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    column: Column,
    expression: str,
    given: dict[str, str],
) -> list[str]:
    try:
        connection.execute(f"SELECT ({expression}\n) FROM kept.{quoted(table.name)} LIMIT 0")
    except duckdb.Error as error:
        return [
            f"tables.{table.name}.columns.{column.name} = {expression!r}: {first_line(error)}. "
            f"The source has: {', '.join(given)}"
        ]
    return []


def _unmapped(table: Table, column: Column, given: dict[str, str]) -> str:
    day = f", for example {table.happened!r}" if column.name == "known_at" else ""
    return (
        f"tables.{table.name}.columns: {column.name} ({column.type}: {column.meaning}) is required "
        f"and the source has no column of that name{nearest(column.name, list(given))}. "
        f"Add {column.name} = <SQL over the source>{day}"
    )


def _broken(
    connection: duckdb.DuckDBPyConnection, source: str, expressions: dict[str, str]
) -> dict[str, str]:
    """Return the expressions that break on some rows, such as a CAST of a dirty value."""
    computed = {name: sql for name, sql in expressions.items() if not is_plain_name(sql)}
    if not _breaks(connection, source, list(computed.values())):
        return {}
    return {name: sql for name, sql in computed.items() if _breaks(connection, source, [sql])}


def _breaks(connection: duckdb.DuckDBPyConnection, source: str, expressions: list[str]) -> bool:
    values = ", ".join(f"({sql}\n) AS c{number}" for number, sql in enumerate(expressions))
    read = ", ".join(f"bit_xor(hash(c{number}))" for number in range(len(expressions)))
    try:
        if expressions:
            connection.execute(f"SELECT {read} FROM (SELECT {values} FROM {source})").fetchone()
    except duckdb.Error:
        return True
    return False


def _cast(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    source: str,
    expressions: dict[str, str],
    broken: dict[str, str],
) -> None:
    values = ", ".join(
        f"{_tried(sql) if name in broken else f'({sql})'} AS {quoted(RAW + name)}"
        for name, sql in expressions.items()
    )
    raw = f"SELECT {values} FROM {source}"
    types = columns_of(connection, f"({raw})")
    cast = ", ".join(
        f"{_typed(column, types[RAW + column.name])} AS {quoted(column.name)}"
        for column in table.columns
    )
    target = f"typed.{quoted(table.name)}"
    connection.execute(f"CREATE VIEW {target} AS SELECT {cast}, * FROM ({raw}) AS raw")


def _tried(expression: str) -> str:
    """Return the expression as text; where it breaks although it has all inputs, a marker."""
    present = "".join(f" AND {name} IS NOT NULL" for name in _inputs(expression))
    value = f"TRY({expression}\n)"
    return f"CASE WHEN {value} IS NULL{present} THEN {UNREADABLE} ELSE CAST({value} AS VARCHAR) END"


def _inputs(expression: str) -> list[str]:
    try:
        parsed = sqlglot.parse_one(expression, dialect="duckdb")
    except SqlglotError:
        return []
    return sorted({column.sql(dialect="duckdb") for column in parsed.find_all(SqlColumn)})


def _typed(column: Column, given: str) -> str:
    """Return the cast of a raw value to its contract type; null where it does not fit."""
    value, wanted = quoted(RAW + column.name), SQL_TYPES[column.type]
    if given == "VARCHAR":
        value = f"NULLIF({value}, {UNREADABLE})"
    if given == wanted:
        return value
    cast = f"TRY_CAST({value} AS {wanted})"
    if column.type == "integer" and "INT" not in given:
        number = f"TRY_CAST({value} AS DOUBLE)"
        return f"CASE WHEN {number} = trunc({number}) THEN {cast} END"
    return cast
