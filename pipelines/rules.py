"""The contract's rules, one declaration each: what violates it, why it matters, what to do.

A rule yields, for each column of a table it holds for, an SQL condition that is true on the rows
that violate it. The rows are those of ``typed.<table>`` (``__raw_<column>`` before the cast);
``clean.<table>`` are another table's rows after its own rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from features.contract import TABLES, Table

Spot = tuple[str, str]
"""The column a condition is about, and the condition."""


@dataclass(frozen=True)
class Rule:
    """One rule. ``{...}`` in the texts is filled in from the column.

    ``refuse_above`` is the share of violating rows above which the data is refused unless the
    configuration says otherwise; below it they are accepted and reported. ``alone`` rules need a
    scan of their own; ``screen`` is an aggregate that is 0 when there is nothing to look for.
    """

    name: str
    why: str
    do: str
    spots: Callable[[Table], Iterator[Spot]]
    refuse_above: float = 0.0
    alone: bool = False
    screen: Callable[[Table], str] | None = None


def _type(table: Table) -> Iterator[Spot]:
    for column in table.columns:
        yield column.name, f"__raw_{column.name} IS NOT NULL AND {column.name} IS NULL"


def _not_null(table: Table) -> Iterator[Spot]:
    for column in table.columns:
        if not column.nullable:
            blank = f" OR {column.name} = ''" if column.type == "string" else ""
            yield column.name, f"__raw_{column.name} IS NULL{blank}"


def _allowed(table: Table) -> Iterator[Spot]:
    for column in table.columns:
        if column.values:
            listed = ", ".join(f"'{value}'" for value in column.values)
            yield column.name, f"{column.name} NOT IN ({listed})"


def _minimum(table: Table) -> Iterator[Spot]:
    for column in table.columns:
        if column.minimum is not None:
            yield column.name, f"{column.name} < {column.minimum}"


def _finite(table: Table) -> Iterator[Spot]:
    for column in table.columns:
        if column.type == "number":
            yield column.name, f"NOT isfinite({column.name})"


def _known_by(table: Table) -> Iterator[Spot]:
    for column in table.columns:
        if column.known_by and column.known_by != column.name:
            yield column.name, f"{column.name} IS NOT NULL AND __raw_{column.known_by} IS NULL"


def _order(table: Table) -> Iterator[Spot]:
    for earlier, later in table.ordered:
        yield later, f"{earlier} > {later}"


def _known_before(table: Table) -> Iterator[Spot]:
    if table.name in ("usage_daily", "milestones", "tickets", "org_units"):
        yield "known_at", f"CAST(known_at AS DATE) < {table.happened}"


def _after_end(table: Table) -> Iterator[Spot]:
    if "known_at" in table.names:
        yield "known_at", "known_at >= (SELECT data_through FROM clean.calendar)"


def _unique(table: Table) -> Iterator[Spot]:
    keys = ", ".join(table.key)
    rest = ", ".join(name for name in table.names if name not in table.key)
    yield keys, f"row_number() OVER (PARTITION BY {keys} ORDER BY {rest or keys}) > 1"


def _repeated(table: Table) -> str:
    return f"count(*) - count(DISTINCT hash({', '.join(table.key)}))"


def _reference(table: Table) -> Iterator[Spot]:
    for column in table.columns:
        if column.references:
            known = TABLES[column.references].key[0]
            found = f"SELECT {known} FROM clean.{column.references} WHERE {known} IS NOT NULL"
            yield column.name, f"{column.name} IS NOT NULL AND {column.name} NOT IN ({found})"


def _overlap(table: Table) -> Iterator[Spot]:
    if table.name == "subscriptions":
        before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
        line = f"PARTITION BY subscription_id ORDER BY starts_on {before}"
        yield "starts_on", f"starts_on < max(coalesce(ended_on, 'infinity'::DATE)) OVER ({line})"


def _currency(table: Table) -> Iterator[Spot]:
    if table.name == "subscriptions":
        yield "currency", "currency <> (SELECT currency FROM clean.calendar)"


def _one_count(table: Table) -> Iterator[Spot]:
    if table.name == "usage_daily":
        yield "user_id, active_users", "(__raw_user_id IS NULL) = (__raw_active_users IS NULL)"


def _within_subscription(table: Table) -> Iterator[Spot]:
    if table.name == "usage_daily":
        running = "c.account_id = typed.account_id AND day >= c.starts_on AND day < c.ended_on"
        yield "day", f"NOT EXISTS (SELECT 1 FROM clean.coverage AS c WHERE {running})"


COVERAGE = """
WITH periods AS (
    SELECT account_id, starts_on, coalesce(ended_on, 'infinity'::DATE) AS ended_on
    FROM clean.subscriptions
), reached AS (
    SELECT *, max(ended_on) OVER (
        PARTITION BY account_id ORDER BY starts_on, ended_on
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS until FROM periods
), islands AS (
    SELECT *, sum((until IS NULL OR starts_on > until)::INTEGER) OVER (
        PARTITION BY account_id ORDER BY starts_on, ended_on ROWS UNBOUNDED PRECEDING
    ) AS island FROM reached
)
SELECT account_id, min(starts_on) AS starts_on, max(ended_on) AS ended_on
FROM islands GROUP BY account_id, island
"""
"""The spans in which an account has any subscription; they do not touch, so a day is in one."""

RULES: tuple[Rule, ...] = (
    Rule(
        "type",
        "A value cannot be read as its column's type.",
        "convert it in the mapping, for example TRY_CAST(x AS DOUBLE) or "
        "strptime(x, '%d.%m.%Y'), or correct it at the source",
        _type,
    ),
    Rule(
        "not_null",
        "A value is missing that no feature can do without.",
        "fill it in the mapping, for example coalesce(x, ...), or leave the rows out with where",
        _not_null,
    ),
    Rule(
        "allowed",
        "A value is none of those the column may hold.",
        "translate it in the mapping with CASE",
        _allowed,
    ),
    Rule(
        "minimum",
        "A number lies below the least that makes sense.",
        "correct it at the source; credit notes and corrections are no rows of their own",
        _minimum,
    ),
    Rule(
        "finite",
        "A number is infinite or not a number.",
        "make it null in the mapping, for example with nullif on the divisor",
        _finite,
    ),
    Rule(
        "known_by",
        "A value that can change comes without the day on which it became known, so a feature "
        "would see the future.",
        "map that day; where nobody kept it, take the day itself",
        _known_by,
    ),
    Rule(
        "order",
        "Something ends, or becomes known, before it starts.",
        "swap or correct the two dates at the source",
        _order,
    ),
    Rule(
        "known_before_it_happened",
        "A row was known before the day on which it happened.",
        "map known_at to the day of the load, or to the day itself where it was not kept",
        _known_before,
    ),
    Rule(
        "known_after_data_through",
        "A row became known on or after the first day that is not complete; no feature sees it.",
        "nothing, if the data was cut there; otherwise correct [company] data_through or known_at",
        _after_end,
        refuse_above=1.0,
    ),
    Rule(
        "unique",
        "Several rows have the same key, and would be counted twice.",
        "sum them up or choose one in the mapping, or complete the key; dropping keeps the first",
        _unique,
        alone=True,
        screen=_repeated,
    ),
    Rule(
        "reference",
        "A row names an account or product that its table does not have.",
        "add it to that table, or compare how both sides write the identifier",
        _reference,
    ),
    Rule(
        "overlap",
        "Periods of one subscription line overlap, and the line would count twice.",
        "end each period where the next begins, or give parallel lines ids of their own",
        _overlap,
        alone=True,
    ),
    Rule(
        "one_currency",
        "A price is in another currency than the company's, and amounts cannot be added.",
        "convert both prices in the mapping, or set [company] currency",
        _currency,
    ),
    Rule(
        "one_count",
        "A usage row has neither a user nor a count of users, or has both.",
        "map user_id where there are user ids, else active_users",
        _one_count,
    ),
    Rule(
        "within_subscription",
        "Usage lies outside every subscription of its account: a wrong date, a wrong account, or "
        "a trial that is not in subscriptions.",
        "map the missing subscriptions, or drop the rows on purpose",
        _within_subscription,
        refuse_above=0.05,
        alone=True,
    ),
)
"""Every rule, in the order in which violations are shown."""


def reads(sql: str) -> set[str]:
    """Return the tables of the company that a condition reads beside its own."""
    found = set(re.findall(r"clean\.(\w+)", sql)) - {"calendar"}
    return {"subscriptions" if name == "coverage" else name for name in found}


def rule_names() -> list[str]:
    """Return every name [rules] may hold: ``table.rule`` and ``table.column.rule``."""
    names: list[str] = []
    for table in TABLES.values():
        for rule in RULES:
            spots = [column for column, _ in rule.spots(table)]
            names += [f"{table.name}.{rule.name}"] if spots else []
            names += [f"{table.name}.{column}.{rule.name}" for column in spots if "," not in column]
    return names
