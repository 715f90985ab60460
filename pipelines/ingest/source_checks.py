"""Rules on the columns of a source, before a mapping computes with them."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.common.sql_quoting import columns_of, quoted
from pipelines.ingest.files.value_types import Reading
from pipelines.ingest.sources.text_columns import TextColumns
from pipelines.ingest.violation_queries import ROW
from pipelines.ingest.violations import Condition

FLOATING = "floating_point_id"
NOT_A_NUMBER = "not_a_number"
RULES = {
    FLOATING: (
        "An identifier is a floating-point number that may have lost digits, so that two become "
        "one.",
        "export it as text or as a whole number",
    ),
    NOT_A_NUMBER: (
        "The mapping computes with a value that is no number.",
        "correct it at the source, or name what stands for nothing in [sources], such as "
        'null_values = ["n/a"]',
    ),
}
"""The rules on sources, each with what is wrong and what to do."""


def source_rule_names(sources: Iterable[str]) -> list[str]:
    """Return what [rules] calls the rules on each of ``sources``."""
    return [f"{source}.{rule}" for source in sources for rule in RULES]


def source_conditions(columns: TextColumns, source: str) -> dict[Condition, list[str]]:
    """Return the rules that ``src.<source>`` may violate, each with the columns to show."""
    names = list(columns_of(columns.connection, f"src.{quoted(source)}"))
    by_column = columns.by_source.get(source, {})
    conditions = [
        *(_floating(source, *lost) for lost in columns.floating.get(source, {}).items()),
        *(
            _not_a_number(source, column, reading)
            for column, reading in by_column.items()
            if columns.is_computed_with(source, column)
        ),
    ]
    row = [ROW] if source in columns.files else []
    return {
        condition: list(dict.fromkeys([*row, quoted(names[0]), path(condition.column)]))
        for condition in conditions
    }


def path(column: str) -> str:
    """Return the SQL of a column that may be the field of an object."""
    return ".".join(map(quoted, column.split(".")))


def _floating(source: str, column: str, sql: str) -> Condition:
    why, do = RULES[FLOATING]
    return Condition(
        table=source,
        column=column,
        rule=FLOATING,
        sql=sql.replace("@", path(column)),
        why=why,
        do=do,
    )


def _not_a_number(source: str, column: str, reading: Reading) -> Condition:
    value, (why, do) = path(column), RULES[NOT_A_NUMBER]
    return Condition(
        table=source,
        column=column,
        rule=NOT_A_NUMBER,
        sql=f"{value} IS NOT NULL AND {reading.of(value)} IS NULL",
        why=why,
        do=do,
    )
