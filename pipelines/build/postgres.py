"""The door to PostgreSQL as an engine: the company's tables, copied into a schema of ours."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.csv as csv
import pyarrow.parquet as pq

from features.contract import TABLES, Table
from features.errors import EnvironmentFailure, UsageError
from pipelines.common.sql_quoting import literal, quoted
from pipelines.ingest.sources.errors import first_line

if TYPE_CHECKING:
    import ibis.expr.types as ir

TYPES = {
    # Names are compared byte by byte, as DuckDB and Spark do, not by a country's alphabet.
    "string": 'text COLLATE "C"',
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}

OPTIONS = {
    # Compiling queries of this size takes longer than running them.
    "jit": "off",
    # Each of some hundred sorts and hash tables may take as much before it goes to disk.
    "work_mem": "64MB",
}
"""Options of every session, unless the company sets its own."""

OURS = "expansion: tables of state "
"""How the comment of a schema begins that we may replace."""


def connect(url: str, options: Mapping[str, str] = OPTIONS) -> Any:
    """Return an Ibis connection to the database; ``${NAME}`` is taken from the environment.

    Raises ``EnvironmentFailure`` without the driver, or where the database does not answer.
    """
    import ibis

    where = os.path.expandvars(url).replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        connection = ibis.connect(where)
    except ImportError:
        raise EnvironmentFailure(
            "[engine] kind = 'postgres' needs psycopg; install the extra `postgres`"
        ) from None
    except Exception as error:  # the driver has errors of its own
        raise EnvironmentFailure(f"[engine] url: {first_line(error)}") from None
    try:
        for name, value in {**OPTIONS, **options}.items():
            connection.con.execute("SELECT set_config(%s, %s, false)", (name, value))
    except Exception as error:
        connection.disconnect()
        raise UsageError(f"[engine.options]: {first_line(error)}") from None
    return connection


def read(connection: Any, schema: str, names: Iterable[str]) -> dict[str, ir.Table]:
    """Return the tables of a schema."""
    return {name: connection.table(name, database=schema) for name in names}


def copy(connection: Any, schema: str, folder: Path, names: Iterable[str], state: str) -> None:
    """Copy Parquet files into ``schema``, unless it holds this ``state`` of them.

    The schema is replaced as a whole, in one transaction. Raises ``UsageError`` where it holds
    something else, which is left alone.
    """
    held = _held(connection, schema)
    if held == OURS + state:
        return
    if held is not None and not held.startswith(OURS):
        raise UsageError(
            f"[engine] into = {schema!r}: the database has a schema of that name that "
            "expansion did not create; name one that does not exist yet"
        )
    with connection.con.transaction(), connection.con.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {quoted(schema)} CASCADE")
        cursor.execute(f"CREATE SCHEMA {quoted(schema)}")
        for name in names:
            _fill(cursor, f"{quoted(schema)}.{quoted(name)}", TABLES[name], folder)
        cursor.execute(f"COMMENT ON SCHEMA {quoted(schema)} IS {literal(OURS + state)}")


def _held(connection: Any, schema: str) -> str | None:
    """Return the comment of a schema; None where there is no such schema."""
    query = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s"
    row = connection.con.execute(query, (schema,)).fetchone()
    return None if row is None else str(row[0] or "")


def _fill(cursor: Any, target: str, table: Table, folder: Path) -> None:
    columns = ", ".join(f"{quoted(c.name)} {TYPES[c.type]}" for c in table.columns)
    cursor.execute(f"CREATE TABLE {target} ({columns})")
    with cursor.copy(f"COPY {target} FROM STDIN (FORMAT csv)") as incoming:
        for block in _csv(folder / f"{table.name}.parquet", table.names):
            incoming.write(block)
    cursor.execute(f"ANALYZE {target}")


def _csv(path: Path, names: Iterable[str]) -> Iterator[bytes]:
    """Yield the rows as CSV; what is null is empty, an empty text stands in quotes."""
    wanted = list(names)
    for batch in pq.ParquetFile(path).iter_batches(columns=wanted):
        block = BytesIO()
        csv.write_csv(batch.select(wanted), block, csv.WriteOptions(include_header=False))
        yield block.getvalue()
