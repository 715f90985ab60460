"""A company's own [[checks]], as conditions on the rows of a source or of a table's source."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from pipelines.common.sql_quoting import columns_of, quoted
from pipelines.config.mapping import Check
from pipelines.ingest.sources.errors import Faults, first_line
from pipelines.ingest.violation_queries import mentioned
from pipelines.ingest.violations import Condition


def own_conditions(
    connection: duckdb.DuckDBPyConnection, checks: Iterable[Check], relation: str, faults: Faults
) -> dict[Condition, list[str]]:
    """Return the checks that fit ``relation``, each with the columns its examples show.

    One that does not fit, because a column does not exist for instance, becomes a mistake.
    """
    given = list(columns_of(connection, relation))
    bound = [one for one in checks if _binds(connection, one, relation, given, faults)]
    return {_condition(one): _shown(one, given) for one in bound}


def _condition(one: Check) -> Condition:
    say = one.say or "A check of the company's own does not hold."
    return Condition(one.on, "", one.name, one.violates, say, one.do or "correct it at the source")


def _shown(one: Check, given: list[str]) -> list[str]:
    """Return the first column, which most often identifies the row, and those of the condition."""
    return list(dict.fromkeys([quoted(given[0]), *mentioned(given, one.violates)]))


def _binds(
    connection: duckdb.DuckDBPyConnection,
    one: Check,
    relation: str,
    given: list[str],
    faults: Faults,
) -> bool:
    try:
        connection.execute(f"SELECT ({one.violates}\n)::BOOLEAN FROM {relation} LIMIT 0")
    except duckdb.Error as error:
        faults.mistakes.append(
            f"checks.{one.name}.violates = {one.violates.strip()!r}: {first_line(error)}. "
            f"{one.on} has: {', '.join(given)}"
        )
        return False
    return True
