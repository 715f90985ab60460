"""Rules on the columns of a source, before a mapping computes with them."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.common.sql_quoting import columns_of, quoted
from pipelines.ingest.sources.text_columns import NOT_WHOLE, TextColumns
from pipelines.ingest.sources.value_types import Reading
from pipelines.ingest.violations import Condition

FLOATING = "floating_point_id"
NOT_A_NUMBER = "not_a_number"
RULES = (FLOATING, NOT_A_NUMBER)


def source_rule_names(sources: Iterable[str]) -> list[str]:
    """Return what [rules] calls the rules on each of ``sources``."""
    return [f"{source}.{rule}" for source in sources for rule in RULES]


def source_conditions(columns: TextColumns, source: str) -> dict[Condition, list[str]]:
    """Return the rules that ``src.<source>`` may violate, each with the columns to show."""
    names = list(columns_of(columns.connection, f"src.{quoted(source)}"))
    conditions = [
        *(_floating(source, column) for column in columns.floating.get(source, ())),
        *(
            _not_a_number(source, column, columns.by_source[source][column.lower()])
            for column in names
            if columns.is_computed_with(source, column)
        ),
    ]
    return {
        condition: list(dict.fromkeys([quoted(names[0]), quoted(condition.column)]))
        for condition in conditions
    }


def _floating(source: str, column: str) -> Condition:
    return Condition(
        table=source,
        column=column,
        rule=FLOATING,
        sql=NOT_WHOLE.replace("@", quoted(column)),
        why="An identifier is a floating-point number that may have lost digits, so that two "
        "become one.",
        do="export it as text or as a whole number",
    )


def _not_a_number(source: str, column: str, reading: Reading) -> Condition:
    value = quoted(column)
    return Condition(
        table=source,
        column=column,
        rule=NOT_A_NUMBER,
        sql=f"{value} IS NOT NULL AND {reading.of(value)} IS NULL",
        why="The mapping computes with a value that is no number.",
        do="correct it at the source, or make it null in the mapping, for example "
        f"TRY_CAST({column} AS DOUBLE)",
    )
