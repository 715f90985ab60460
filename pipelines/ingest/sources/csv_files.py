"""Reading CSV files as text: what their columns are is decided by all values, once they are in."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from pipelines.common.sql_quoting import columns_of, quoted
from pipelines.ingest.sources.value_types import NOTHING, readings


def load_text(connection: duckdb.DuckDBPyConnection, files: str, target: str) -> None:
    """Create the table ``target`` of texts from CSV ``files``, an SQL list of paths."""
    reader = f"read_csv({files}, header = true, union_by_name = true, all_varchar = true)"
    connection.execute(f"CREATE TABLE {target} AS SELECT * FROM {reader}")


def load(
    connection: duckdb.DuckDBPyConnection, files: str, target: str, texts: Collection[str] = ()
) -> None:
    """Create the table ``target`` from CSV ``files``, an SQL list of paths, header included.

    Each column has the type that all its values have; those in ``texts`` stay as they stand.
    """
    load_text(connection, files, "csv_text")
    names = list(columns_of(connection, "csv_text"))
    cast = ", ".join(
        quoted(name)
        if name in texts or reading == NOTHING
        else f"{reading.of(quoted(name))} AS {quoted(name)}"
        for name, reading in readings(connection, "csv_text", names).items()
    )
    connection.execute(f"CREATE TABLE {target} AS SELECT {cast} FROM csv_text")
    connection.execute("DROP TABLE csv_text")
