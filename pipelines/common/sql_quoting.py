"""Writing names, texts and types as DuckDB's SQL."""

from __future__ import annotations

import re
from pathlib import Path
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


def glob_escaped(path: Path) -> str:
    """Return a path of which DuckDB takes no character for a wildcard."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def path_literal(path: Path) -> str:
    """Return such a path as an SQL string."""
    return literal(glob_escaped(path))


def parquet(*paths: Path) -> str:
    """Return the SQL that reads Parquet files, in folders of any name."""
    listed = ", ".join(map(path_literal, paths))
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


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
