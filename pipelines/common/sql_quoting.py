"""Writing names, texts and types as DuckDB's SQL."""

from __future__ import annotations

from typing import Any

import duckdb

SQL_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


def literal(text: str) -> str:
    """Return ``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return ``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def unquoted(identifier: str) -> str:
    """Return the name that an SQL identifier stands for."""
    name = identifier.strip()
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def only_row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """Return the one row of a query; its result is read to the end, so nothing waits for it."""
    rows = connection.execute(sql).fetchall()
    return tuple(rows[0]) if rows else ()


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return the columns of a relation and their DuckDB types."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {str(row[0]): str(row[1]) for row in described}
