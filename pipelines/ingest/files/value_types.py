"""What type the texts of a column have: decided by all of them, and never by a guess.

Dates are read as dates only in ISO form, since 01/02/2024 is in January here and February there;
whole numbers with leading zeros stay text, since 007 and 7 would become one account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipelines.common.sql_quoting import only_row, quoted

INSTANT = "[0-9]:[0-9]{2}[0-9:.]* ?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?|[A-Za-z][A-Za-z_/]+)$"
"""How a time ends that says where on earth it was read off a clock."""

TYPES = {
    "BOOLEAN": "lower(@) IN ('true', 'false')",
    "BIGINT": "@ SIMILAR TO '[+-]?(0|[1-9][0-9]{0,17})'",
    "DOUBLE": "TRY_CAST(@ AS DOUBLE) IS NOT NULL AND NOT regexp_matches(@, '^[+-]?0[0-9]|_')",
    "DATE": "TRY_CAST(@ AS DATE) IS NOT NULL AND @ SIMILAR TO '[0-9]{4}-[0-9]{2}-[0-9]{2}'",
    "TIMESTAMP": "TRY_CAST(@ AS TIMESTAMP) IS NOT NULL AND regexp_matches(@, '^[0-9]{4}-') "
    f"AND NOT regexp_matches(@, '{INSTANT}')",
    "TIMESTAMP WITH TIME ZONE": "TRY_CAST(@ AS TIMESTAMPTZ) IS NOT NULL AND regexp_matches(@, "
    "'^[0-9]{4}-')",
}
"""What every value of a column (@) must be for it to get a type; the first that fits is taken."""

DISTINCT_AS_TEXT = {
    "BOOLEAN": "@ IN ('true', 'false')",
    "BIGINT": "@ SIMILAR TO '-?[1-9][0-9]*|0'",
    "DOUBLE": "@ SIMILAR TO '-?[1-9][0-9]{0,14}|0' OR CAST(TRY_CAST(@ AS DOUBLE) AS VARCHAR) = @",
}
"""What every value must be so that two texts that differ are two values of the type."""

EXACT_UP_TO = {"DOUBLE": 2**53, "FLOAT": 2**24}
"""The floating-point types, each with the number from which on it skips whole numbers."""

TEMPORAL = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
FIRST_ROWS = 2048
"""So many rows show most of what a column is not; the rest is asked of all."""


@dataclass(frozen=True)
class Reading:
    """How the texts of a column are read.

    ``sql`` turns a text (@) into a value of ``type``; a text that does not fit becomes null where
    ``is_complete`` is not set. ``is_distinct``: texts that differ are values that differ.
    """

    type: str = "VARCHAR"
    sql: str = "@"
    is_complete: bool = True
    is_distinct: bool = True

    @property
    def is_text(self) -> bool:
        """Whether the column is taken as it stands."""
        return self.type == "VARCHAR"

    @property
    def is_number(self) -> bool:
        """Whether one can compute with the column."""
        return self.type in ("BIGINT", "DOUBLE")

    def fits(self, contract_type: str) -> bool:
        """Say whether the values are of the kind that a column of the contract holds."""
        if contract_type in ("integer", "number"):
            return self.is_number
        return contract_type in ("date", "timestamp") and self.type in TEMPORAL

    def of(self, column: str) -> str:
        """Return the SQL of the value of ``column``, an SQL expression of a text."""
        return self.sql.replace("@", column)


TEXT = Reading()
NOTHING = Reading("NULL", "NULL")
"""A column without any value: it fits wherever it is needed."""


def has_fraction(type_: str) -> bool:
    """Say whether a type of DuckDB writes a whole number with a fraction, such as ``5.0``."""
    return type_ in EXACT_UP_TO or (type_.startswith("DECIMAL") and not type_.endswith(",0)"))


def whole_type(type_: str) -> str:
    """Return the type that takes the whole numbers of a type with a fraction."""
    return "BIGINT" if type_ in EXACT_UP_TO else "HUGEINT"


def not_whole(type_: str) -> str:
    """Return the SQL that is true where a number (@) has a fraction, or may have lost digits."""
    limit = f" AND abs(@) < {EXACT_UP_TO[type_]}" if type_ in EXACT_UP_TO else ""
    return f"NOT coalesce(@ = trunc(@){limit}, @ IS NULL)"


def as_text(value: str, type_: str) -> str:
    """Return the SQL of a number as people write it: ``5``, and not ``5.0`` or ``5.00``."""
    is_whole = f"NOT ({not_whole(type_).replace('@', value)})"
    whole = f"CAST(CAST({value} AS {whole_type(type_)}) AS VARCHAR)"
    return f"CASE WHEN {is_whole} THEN {whole} ELSE CAST({value} AS VARCHAR) END"


def readings(
    connection: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]
) -> dict[str, Reading]:
    """Return how each of the text columns ``names`` of ``relation`` is read."""
    tests = [(name, type_) for name in names for type_ in TYPES]
    possible = _passed(connection, f"(FROM {relation} LIMIT {FIRST_ROWS})", tests, empty=True)
    passed = _passed(connection, relation, possible, empty=False)
    types = {name: next((t for n, t in passed if n == name), "VARCHAR") for name in names}
    numbers = [(name, type_) for name, type_ in types.items() if type_ in DISTINCT_AS_TEXT]
    distinct = _passed(connection, relation, numbers, empty=True, by=DISTINCT_AS_TEXT)
    valued = _valued(connection, relation, [n for n in names if types[n] == "VARCHAR"])
    return {
        name: _reading(type_, (name, type_) in distinct or type_ not in DISTINCT_AS_TEXT)
        if type_ != "VARCHAR" or name in valued
        else NOTHING
        for name, type_ in types.items()
    }


def _reading(type_: str, is_distinct: bool) -> Reading:
    if type_ == "VARCHAR":
        return TEXT
    return Reading(type_, f"CAST(@ AS {type_})", is_distinct=is_distinct)


def _passed(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    tests: Sequence[tuple[str, str]],
    *,
    empty: bool,
    by: dict[str, str] = TYPES,
) -> list[tuple[str, str]]:
    """Return those of ``tests`` (column, type) that all values pass; ``empty`` if there is none."""
    if not tests:
        return []
    answers = ", ".join(
        f"coalesce(bool_and({by[type_]}) FILTER (WHERE @ IS NOT NULL), {empty})".replace(
            "@", quoted(name)
        )
        for name, type_ in tests
    )
    row = only_row(connection, f"SELECT {answers} FROM {relation}")
    return [test for test, passes in zip(tests, row, strict=True) if passes]


def _valued(connection: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]) -> set[str]:
    """Return those of ``names`` that hold any value."""
    if not names:
        return set()
    counts = ", ".join(f"count({quoted(name)})" for name in names)
    row = only_row(connection, f"SELECT {counts} FROM {relation}")
    return {name for name, count in zip(names, row, strict=True) if count}
