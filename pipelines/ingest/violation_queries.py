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
            table=one.table,
            column=one.column,
            rule=one.rule,
            count=count,
            of=of,
            examples=_examples(connection, relation, one, conditions[one]),
            why=one.why,
            do=one.do,
            policy=one.policy(policies, count / of),
            usual=None if one.configured(policies) else one.refuse_above,
        )
        for one, count in counts.items()
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
    together = [one for one in conditions if not one.alone]
    first = _scan(connection, relation, together)
    counts = dict(zip(together, first[1:], strict=True))
    for one in conditions:
        if one.alone:
            counts[one] = _alone(connection, relation, one)
    return first[0], {one: counts[one] for one in conditions}


def _alone(connection: duckdb.DuckDBPyConnection, relation: str, one: Condition) -> int:
    if one.screen:
        screened = connection.execute(f"SELECT {one.screen} FROM {relation}").fetchone()
        if screened is not None and not screened[0]:
            return 0
    return _scan(connection, relation, [one])[1]


def _scan(
    connection: duckdb.DuckDBPyConnection, relation: str, conditions: Sequence[Condition]
) -> tuple[int, ...]:
    marks = "".join(f", ({one.sql}\n) AS c{n}" for n, one in enumerate(conditions))
    counts = "".join(f", count(*) FILTER (WHERE c{n})" for n in range(len(conditions)))
    marked = f"SELECT 1 AS one{marks} FROM {relation} AS typed"
    counted = connection.execute(f"SELECT count(*){counts} FROM ({marked})").fetchone() or ()
    return tuple(int(count) for count in counted)


def _examples(
    connection: duckdb.DuckDBPyConnection, relation: str, one: Condition, shown: Sequence[str]
) -> tuple[dict[str, Any], ...]:
    # Python needs another library for times with a zone; people need none to read them as text.
    types = columns_of(connection, relation)
    texts = {quoted(name) for name, given in types.items() if given.endswith("ZONE")}
    listed = ", ".join(
        f"{f'CAST({column} AS VARCHAR)' if column in texts else column} AS c{n}"
        for n, column in enumerate(shown)
    )
    order = ", ".join(f"c{n}" for n in range(len(shown)))
    marked = f"SELECT {listed}, ({one.sql}\n) AS __out FROM {relation} AS typed"
    kept = f"SELECT {order} FROM ({marked}) WHERE __out ORDER BY {order} LIMIT {EXAMPLES}"
    names = [re.sub('^"?(__raw_)?|"$', "", column) for column in shown]
    found = connection.execute(kept).fetchall()
    return tuple(dict(zip(names, map(_plain, row), strict=True)) for row in found)


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
