"""Reading CSV files: what the columns are is decided by all values, and never by a guess.

Dates are read as dates only in ISO form, since 01/02/2024 is in January here and February there;
whole numbers with leading zeros stay text, since 007 and 7 would become one account.
"""

from __future__ import annotations

import duckdb

from pipelines.common.sql_quoting import columns_of, quoted

TYPES = {
    "BOOLEAN": "lower(@) IN ('true', 'false')",
    "BIGINT": "@ SIMILAR TO '[+-]?(0|[1-9][0-9]{0,17})'",
    "DOUBLE": "TRY_CAST(@ AS DOUBLE) IS NOT NULL AND NOT regexp_matches(@, '^[+-]?0[0-9]')",
    "DATE": "TRY_CAST(@ AS DATE) IS NOT NULL AND @ SIMILAR TO '[0-9]{4}-[0-9]{2}-[0-9]{2}'",
    "TIMESTAMP": "TRY_CAST(@ AS TIMESTAMP) IS NOT NULL AND regexp_matches(@, '^[0-9]{4}-')",
}
"""What every value of a column (@) must be for it to get a type; the first that fits is taken."""


def load(connection: duckdb.DuckDBPyConnection, files: str, target: str) -> None:
    """Create the table ``target`` from CSV ``files``, an SQL list of paths, header included."""
    reader = f"read_csv({files}, header = true, union_by_name = true, all_varchar = true)"
    connection.execute(f"CREATE TEMP TABLE csv_text AS SELECT * FROM {reader}")
    names = list(columns_of(connection, "csv_text"))
    cast = ", ".join(
        f"CAST({quoted(name)} AS {type_}) AS {quoted(name)}"
        for name, type_ in zip(names, _types(connection, names), strict=True)
    )
    connection.execute(f"CREATE TABLE {target} AS SELECT {cast} FROM csv_text")
    connection.execute("DROP TABLE csv_text")


def _types(connection: duckdb.DuckDBPyConnection, names: list[str]) -> list[str]:
    """Return the first type in ``TYPES`` that all values of a column have, else text."""
    asked = "coalesce(bool_and({}) FILTER (WHERE @ IS NOT NULL), false)"
    answers = ", ".join(
        asked.format(test).replace("@", quoted(name)) for name in names for test in TYPES.values()
    )
    row = connection.execute(f"SELECT {answers} FROM csv_text").fetchone() or ()
    width = len(TYPES)
    answers_by_column = [row[start : start + width] for start in range(0, len(row), width)]
    return [
        next((name for name, fits in zip(TYPES, answers_of_column, strict=True) if fits), "VARCHAR")
        for answers_of_column in answers_by_column
    ]
