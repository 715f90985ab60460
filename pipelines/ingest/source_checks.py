"""Rules on the columns of a source, before a mapping computes with them."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.common.sql_quoting import columns_of, literal, quoted
from pipelines.ingest.files.cell_errors import CODES
from pipelines.ingest.files.value_types import Reading
from pipelines.ingest.sources.text_columns import TextColumns
from pipelines.ingest.violation_queries import ROW
from pipelines.ingest.violations import Condition

FLOATING = "floating_point_id"
NOT_A_NUMBER = "not_a_number"
ERROR_CELL = "error_cell"
IS_ERROR_CELL = f"@ IN ({', '.join(map(literal, CODES))})"
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
    ERROR_CELL: (
        "A text is the error of a spreadsheet's cell, whose value is not known.",
        "correct the formula and export again, or read it as empty: in [sources] set "
        'null_values = ["#N/A"]',
    ),
}
"""The rules on sources, each with what is wrong and what to do."""


def source_rule_names(sources: Iterable[str]) -> list[str]:
    """Return what [rules] calls the rules on each of ``sources``."""
    return [f"{source}.{rule}" for source in sources for rule in RULES]


def source_conditions(columns: TextColumns, source: str) -> dict[Condition, list[str]]:
    """Return the rules that ``src.<source>`` may violate, each with the columns to show."""
    types = columns_of(columns.connection, f"src.{quoted(source)}")
    names = list(types)
    by_column = columns.by_source.get(source, {})
    as_written = {name.lower(): name for name in names}
    is_nested = source in columns.files and columns.files[source][1].is_nested
    violated = [
        *((column, sql, FLOATING) for column, sql in columns.floating.get(source, {}).items()),
        *(
            (as_written.get(column, column), _lost(reading), NOT_A_NUMBER)
            for column, reading in by_column.items()
            if columns.is_computed_with(source, column)
        ),
        *(
            (name, IS_ERROR_CELL, ERROR_CELL)
            for name, type_ in types.items()
            if source in columns.files and type_ == "VARCHAR" and columns.use.is_text(name.lower())
        ),
    ]
    row = [ROW] if source in columns.files else []
    conditions: dict[Condition, list[str]] = {}
    for column, sql, rule in violated:
        value = ".".join(map(quoted, column.split("."))) if is_nested else quoted(column)
        why, do = RULES[rule]
        condition = Condition(source, column, rule, sql.replace("@", value), why, do)
        conditions[condition] = list(dict.fromkeys([*row, quoted(names[0]), value]))
    return conditions


def _lost(reading: Reading) -> str:
    """Return the SQL that is true where a text (@) becomes no value."""
    return f"@ IS NOT NULL AND {reading.sql} IS NULL"
