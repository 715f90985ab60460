"""A rehearsal of declarations on tables without rows: what would fail in a build is told before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from traceback import extract_tb
from typing import TYPE_CHECKING

import ibis

from features.contract import TABLES
from features.declaration.feature import Feature, FeatureColumn, Rows
from features.declaration.group import FeatureGroup
from features.declaration.validation import Refusal, place_of
from features.point_in_time.facts import KEYS, Facts

if TYPE_CHECKING:
    import ibis.expr.types as ir

TYPES = {
    "string": "string",
    "integer": "int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
DAY = date(2024, 1, 1)
"""Any day does: nothing is computed."""


def rehearse(groups: Sequence[FeatureGroup]) -> list[Refusal]:
    """Build every row set and every column over rows, and return what does not fit together."""
    facts = _facts()
    return [one for group in groups for one in _group(group, facts)]


def _facts() -> Facts:
    tables = {
        table.name: ibis.table({c.name: TYPES[c.type] for c in table.columns}, name=table.name)
        for table in TABLES.values()
    }
    row = {"account_id": "string", "as_of": "date", "started_on": "date"}
    return Facts(tables, ibis.table(row, name="spine"), [DAY])


def _group(group: FeatureGroup, facts: Facts) -> Iterator[Refusal]:
    tables: dict[str, ir.Table | None] = {}
    for rows in _row_sets(group):
        try:
            tables[rows.name] = rows.build(facts)
        except Exception as error:
            tables[rows.name] = None
            yield Refusal(place_of(rows.build), f"rows {group.name}.{rows.name} {_failed(error)}")
    for feature in group.features:
        if feature.rows and (table := tables[feature.rows.name]) is not None:
            yield from _feature(feature, feature.rows, table)


def _row_sets(group: FeatureGroup) -> list[Rows]:
    """Return the row sets that the group's features summarise, its own or another's."""
    return list({f.rows.name: f.rows for f in group.features if f.rows}.values())


def _feature(feature: Feature, rows: Rows, table: ir.Table) -> Iterator[Refusal]:
    where, place = f"feature {feature.group}.{feature.name}", place_of(feature.function)
    if lacking := _lacking(feature, table):
        needs = ", ".join(lacking)
        yield Refusal(place, f"{where} needs {needs} in its rows; {rows.name} does not return it")
        return
    try:
        for column in feature.columns:
            _summed(feature, column, table)
    except Exception as error:
        told = _unknown(error, rows, table) or _failed(error)
        yield Refusal(_line(error, feature) or place, f"{where} {told}")


def _unknown(error: Exception, rows: Rows, table: ir.Table) -> str:
    """Say which column of its rows a function misspells; empty when something else failed."""
    found = re.search(r"'Table' object has no attribute '(\w+)'|^Column '(\w+)' is not", str(error))
    if found is None:
        return ""
    name = found[1] or found[2]
    close = get_close_matches(name, table.columns)
    meant = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(table.columns)}"
    return f"reads the column {name!r}, which {rows.name} does not return; {meant}"


def _line(error: Exception, feature: Feature) -> str:
    """Return the line of the feature's own file at which it failed."""
    file = feature.function.__code__.co_filename
    lines = [f.lineno for f in extract_tb(error.__traceback__) if f.filename == file]
    return f"{file}:{lines[-1]}" if lines else ""


def _lacking(feature: Feature, table: ir.Table) -> list[str]:
    """Return what the rows of a feature must have and have not."""
    needed = [*KEYS, *(["days_since_start"] if feature.by_days else [])]
    lacking = [name for name in needed if name not in table.columns]
    dated = {"day", "ago"} & set(table.columns)
    return [*lacking, *(["day"] if feature.windows and not dated else [])]


def _summed(feature: Feature, column: FeatureColumn, table: ir.Table) -> None:
    value = feature.value(table, column)
    table.group_by(KEYS).aggregate(**{column.name: value})


def _failed(error: Exception) -> str:
    said = str(error).strip().split("\n", 1)[0]
    return f"fails: {type(error).__name__}: {said}; mend its function"
