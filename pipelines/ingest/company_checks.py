"""A company's own [[checks]], as conditions on the rows of a source or of a table's source."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from pipelines.common.sql_quoting import columns_of, quoted
from pipelines.config.mapping import Check
from pipelines.ingest.sources.errors import Faults, first_line
from pipelines.ingest.sources.text_columns import TextColumns
from pipelines.ingest.violation_queries import mentioned
from pipelines.ingest.violations import Condition


def own_conditions(
    text_columns: TextColumns, checks: Iterable[Check], relation: str, faults: Faults
) -> dict[Condition, list[str]]:
    """Return the checks that fit ``relation``, each with the columns its examples show.

    One that does not fit, because a column does not exist for instance, becomes a mistake.
    """
    connection = text_columns.connection
    columns = list(columns_of(connection, relation))
    typed = (
        check.model_copy(update={"violates": text_columns.expression(check.violates)})
        for check in checks
    )
    bound = [check for check in typed if _binds(connection, check, relation, columns, faults)]
    return {_condition(check): _shown(check, columns) for check in bound}


def _condition(check: Check) -> Condition:
    say = check.say or "A check of the company's own does not hold."
    return Condition(
        check.on, "", check.name, check.violates, say, check.do or "correct it at the source"
    )


def _shown(check: Check, columns: list[str]) -> list[str]:
    """Return the first column, which most often identifies the row, and those of the condition."""
    return list(dict.fromkeys([quoted(columns[0]), *mentioned(columns, check.violates)]))


def _binds(
    connection: duckdb.DuckDBPyConnection,
    check: Check,
    relation: str,
    columns: list[str],
    faults: Faults,
) -> bool:
    try:
        connection.execute(f"SELECT ({check.violates}\n)::BOOLEAN FROM {relation} LIMIT 0")
    except duckdb.Error as error:
        faults.mistakes.append(
            f"checks.{check.name}.violates = {check.violates.strip()!r}: {first_line(error)}. "
            f"{check.on} has: {', '.join(columns)}"
        )
        return False
    return True
