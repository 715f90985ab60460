"""Looking for the rows that violate a condition: how many, which for example, and without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import duckdb

from pipelines.mapping import Policy
from pipelines.sources import quoted

EXAMPLES = 3


@dataclass(frozen=True)
class Condition:
    """An SQL condition that is true on the rows that violate a rule."""

    table: str
    column: str
    rule: str
    sql: str
    why: str
    do: str
    refuse_above: float = 0.0
    alone: bool = False
    screen: str = ""

    def policy(self, rules: Mapping[str, Policy], share: float) -> Policy:
        """Return what to do: as configured for the column or the rule, else by the share."""
        for key in (f"{self.table}.{self.column}.{self.rule}", f"{self.table}.{self.rule}"):
            if key in rules:
                return rules[key]
        return "refuse" if share > self.refuse_above else "accept"


@dataclass(frozen=True)
class Violation:
    """A rule that some rows violate: ``count`` of the table's ``of`` rows, and what happens."""

    table: str
    column: str
    rule: str
    count: int
    of: int
    examples: tuple[dict[str, Any], ...]
    why: str
    do: str
    policy: Policy

    @property
    def severity(self) -> Literal["error", "warning"]:
        """``error`` when the data is refused for it."""
        return "error" if self.policy == "refuse" else "warning"

    def as_dict(self) -> dict[str, Any]:
        """Return the violation as JSON-able values."""
        return {**asdict(self), "severity": self.severity}

    def __str__(self) -> str:
        place = ".".join(filter(None, (self.table, self.column)))
        share = f"{self.count:,} of {self.of:,} rows ({self.count / max(self.of, 1):.1%})"
        example = ", ".join(f"{key} = {value}" for key, value in self.examples[0].items())
        return f"{place}, {self.rule}: {share}, such as {example}. {self.why} {self._way_out()}"

    def _way_out(self) -> str:
        if self.policy != "refuse":
            return f"By policy: {self.policy}."
        choice = f'"{self.table}.{self.rule}" = "drop" or "accept" under [rules]'
        return f"What to do: {self.do}; or set {choice}."


def find(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    conditions: Iterable[Condition],
    shown: Mapping[Condition, Sequence[str]],
    rules: Mapping[str, Policy],
) -> list[Violation]:
    """Return the conditions that hold on some rows of ``relation``, with counts and examples.

    Conditions on single rows share one scan; examples are fetched only where there are any.
    """
    of, counts = _count(connection, relation, list(conditions))
    found: list[Violation] = []
    for one, count in counts.items():
        if count:
            examples = _examples(connection, relation, one, shown[one])
            policy = one.policy(rules, count / of)
            found.append(
                Violation(
                    one.table, one.column, one.rule, count, of, examples, one.why, one.do, policy
                )
            )
    return found


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
    listed = ", ".join(f"{column} AS c{n}" for n, column in enumerate(shown))
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
