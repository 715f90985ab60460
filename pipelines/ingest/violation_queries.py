"""Looking for the rows that violate a condition: how many, which for example, and without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from pipelines.common.sql_quoting import columns_of, quoted
from pipelines.config.mapping import Policy
from pipelines.ingest.violations import Condition, Violation

EXAMPLES = 3
ROW = "rowid + 1"
"""The row of a table of texts, counted from 1 as in the file, the header left out."""


def find(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    conditions: Mapping[Condition, Sequence[str]],
    policies: Mapping[str, Policy],
) -> list[Violation]:
    """Return the conditions that hold on some rows of ``relation``, with counts and examples.

    ``conditions`` names for each the columns an example shows. Conditions on single rows share
    one scan; examples are fetched only where there are any.
    """
    of, counts = _count(connection, relation, list(conditions))
    return [
        Violation(
            table=condition.table,
            column=condition.column,
            rule=condition.rule,
            count=count,
            of=of,
            examples=_examples(connection, relation, condition, conditions[condition]),
            why=condition.why,
            do=condition.do,
            policy=condition.policy(policies, count / of),
            usual=None if condition.configured(policies) else condition.usual,
        )
        for condition, count in counts.items()
        if count
    ]


def without(
    connection: duckdb.DuckDBPyConnection, relation: str, target: str, dropped: Sequence[str]
) -> None:
    """Make ``relation`` readable as ``target`` without the rows on which a condition holds."""
    rows = f"SELECT * FROM {relation} AS typed"
    for sql in dropped:
        marked = f"SELECT *, coalesce(({sql}\n), false) AS __out FROM ({rows}) AS typed"
        rows = f"SELECT * EXCLUDE (__out) FROM ({marked}) WHERE NOT __out"
    connection.execute(f"CREATE {'TABLE' if dropped else 'VIEW'} {target} AS {rows}")


def _count(
    connection: duckdb.DuckDBPyConnection, relation: str, conditions: Sequence[Condition]
) -> tuple[int, dict[Condition, int]]:
    """Return the rows of ``relation``, and of each condition in the order given."""
    together = [condition for condition in conditions if not condition.alone]
    first = _scan(connection, relation, together)
    counts = dict(zip(together, first[1:], strict=True))
    for condition in conditions:
        if condition.alone:
            counts[condition] = _count_alone(connection, relation, condition)
    return first[0], {condition: counts[condition] for condition in conditions}


def _count_alone(connection: duckdb.DuckDBPyConnection, relation: str, condition: Condition) -> int:
    if condition.screen:
        screened = connection.execute(f"SELECT {condition.screen} FROM {relation}").fetchone()
        if screened is not None and not screened[0]:
            return 0
    return _scan(connection, relation, [condition])[1]


def _scan(
    connection: duckdb.DuckDBPyConnection, relation: str, conditions: Sequence[Condition]
) -> tuple[int, ...]:
    marks = "".join(f", ({condition.sql}\n) AS c{n}" for n, condition in enumerate(conditions))
    counts = "".join(f", count(*) FILTER (WHERE c{n})" for n in range(len(conditions)))
    marked = f"SELECT 1 AS one{marks} FROM {relation} AS typed"
    counted = connection.execute(f"SELECT count(*){counts} FROM ({marked})").fetchone() or ()
    return tuple(int(count) for count in counted)


def _examples(
    connection: duckdb.DuckDBPyConnection, relation: str, condition: Condition, shown: Sequence[str]
) -> tuple[dict[str, Any], ...]:
    # Python needs another library for times with a zone; people need none to read them as text.
    types = columns_of(connection, relation)
    texts = {quoted(name) for name, kind in types.items() if kind.endswith("ZONE")}
    listed = ", ".join(
        f"{f'CAST({column} AS VARCHAR)' if column in texts else column} AS c{n}"
        for n, column in enumerate(shown)
    )
    order = ", ".join(f"c{n}" for n in range(len(shown)))
    marked = f"SELECT {listed}, ({condition.sql}\n) AS __out FROM {relation} AS typed"
    query = f"SELECT {order} FROM ({marked}) WHERE __out ORDER BY {order} LIMIT {EXAMPLES}"
    names = ["row" if column == ROW else _name(column) for column in shown]
    rows = connection.execute(query).fetchall()
    return tuple(dict(zip(names, map(_plain, row), strict=True)) for row in rows)


def _name(column: str) -> str:
    """Return a quoted column, or field of one, as a person writes it."""
    return re.sub('^"?(__raw_)?|"$', "", column).replace('"."', ".")


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, datetime | date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def mentioned(names: Iterable[str], sql: str) -> list[str]:
    """Return those of ``names`` that occur in ``sql``, quoted."""
    words = set(re.findall(r"\w+", sql))
    return [quoted(name) for name in names if name in words]
