"""The SQL of each contract column: bound to the source, and tried on its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

import duckdb
import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.expressions import Column as SqlColumn

from features.contract import Column, Table
from pipelines.common.sql_quoting import SQL_TYPES, quoted, unquoted
from pipelines.config.error_messages import nearest
from pipelines.config.mapping import TableMapping, is_plain_name
from pipelines.ingest.sources.errors import Faults, first_line
from pipelines.ingest.sources.text_columns import TextColumns

UNREADABLE = "'(cannot be computed)'"
"""Stands for a value whose expression breaks; no type accepts it."""


def expressions(
    text_columns: TextColumns,
    table: Table,
    mapping: TableMapping,
    source_columns: dict[str, str],
    origin: str,
    faults: Faults,
) -> dict[str, str]:
    """Return the SQL of each contract column, each tried on the source without reading it.

    ``origin`` is the source as a person knows it, whose columns are ``given``.
    """
    sql_by_column: dict[str, str] = {}
    for column in table.columns:
        expression = mapping.columns.get(column.name, "")
        if expression:
            written, expression = expression, _typed(text_columns, table, mapping, column)
            if is_plain_name(expression) and unquoted(expression) in source_columns:
                expression = quoted(unquoted(expression))  # it may be a word of SQL, such as "at"
            wrong = _unbound(text_columns.connection, table, column, expression, written)
            faults.mistakes.extend(
                f"{problem}. {_way_out(origin, source_columns, problem)}" for problem in wrong
            )
        elif column.name in source_columns:
            expression = quoted(column.name)
        elif column.nullable:
            expression = f"CAST(NULL AS {SQL_TYPES[column.type]})"
        else:
            faults.mistakes.append(_unmapped(table, column, source_columns))
        sql_by_column[column.name] = expression
    return sql_by_column


def _typed(text_columns: TextColumns, table: Table, mapping: TableMapping, column: Column) -> str:
    """Return the expression with the types of text columns told; one that is a name stays."""
    expression = mapping.columns[column.name]
    if is_plain_name(expression):
        return expression
    typed = text_columns.expression(expression, column.type, mapping.source)
    numeric = text_columns.as_numbers(expression, mapping.source)
    relation = f"(FROM kept.{quoted(table.name)} LIMIT 1)"
    if numeric != typed and _breaks(text_columns.connection, relation, [typed]):
        return typed if _breaks(text_columns.connection, relation, [numeric]) else numeric
    return typed


def _unbound(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    column: Column,
    expression: str,
    written: str,
) -> list[str]:
    try:
        connection.execute(f"SELECT ({expression}\n) FROM kept.{quoted(table.name)} LIMIT 0")
    except duckdb.Error as error:
        return [f"tables.{table.name}.columns.{column.name} = {written!r}: {first_line(error)}"]
    return []


def _way_out(origin: str, source_columns: Iterable[str], problem: str) -> str:
    """Return the way out of a mistake in an expression: the columns there are, the nearest one."""
    lacking = re.search(r"there is no column '(.*?)'", problem)
    close = get_close_matches(lacking[1], source_columns, n=1) if lacking else []
    meant = f"Did you mean {close[0]!r}? " if close else ""
    return f"{meant}The source {origin} has: {', '.join(source_columns)}"


def _unmapped(table: Table, column: Column, source_columns: dict[str, str]) -> str:
    day = f", for example {table.happened!r}" if column.name == "known_at" else ""
    return (
        f"tables.{table.name}.columns: {column.name} ({column.type}: {column.meaning}) is required "
        f"and the source has no column of that name{nearest(column.name, list(source_columns))}. "
        f"Add {column.name} = <SQL over the source>{day}"
    )


def broken(
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


def tried(expression: str) -> str:
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
