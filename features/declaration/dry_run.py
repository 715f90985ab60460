"""A rehearsal of declarations on tables without rows: what would fail in a build is told before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

import ibis

from features.contract import TABLES, Table
from features.declaration.feature import Feature, FeatureColumn, Rows
from features.declaration.group import FeatureGroup
from features.errors import Refusal, place_of
from features.labels.label_table import OCCURRENCE
from features.labels.outcome_window import Horizon, decide, happened
from features.point_in_time.facts import KEYS, Facts

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis import Schema

    from features.labels.declaration import Target
    from features.labels.outcome_window import Decisions

TYPES = {
    "string": "string",
    "integer": "int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
SPINE = {"account_id": "string", "as_of": "date", "started_on": "date"}
DAY = date(2024, 1, 1)
"""Any day does: nothing is computed."""


def rehearse(groups: Sequence[FeatureGroup]) -> list[Refusal]:
    """Build every row set and every column over rows, and return what does not fit together."""
    facts = stand_in()
    return [refusal for group in groups for refusal in _group(group, facts)]


def rehearse_labels(targets: Sequence[Target]) -> list[Refusal]:
    """Ask every label for its occurrences, and return what fails or lacks a column."""
    if not targets:
        return []
    # What happened is computed once for all labels, which takes an engine; it holds no row, and
    # goes with the last that refers to it.
    connection = ibis.duckdb.connect()
    tables = {
        name: connection.create_table(name, schema=_schema(table)) for name, table in TABLES.items()
    }
    horizon = Horizon(days=91, grace_days=31, data_through=DAY)
    events = happened(tables["subscriptions"], horizon)
    rows = connection.create_table("spine", schema=ibis.schema(SPINE)).select(*KEYS)
    contracted = rows.join(tables["subscriptions"], "account_id")
    decisions = decide(rows, events, horizon, contracted)
    return [refusal for target in targets for refusal in _label(target, decisions)]


def _label(target: Target, decisions: Decisions) -> Iterator[Refusal]:
    where, place = f"label {target.name}", place_of(target.occurrences)
    try:
        table = target.occurrences(decisions)
        lacking = [name for name in OCCURRENCE if name not in table.columns]
    except Exception as error:
        yield Refusal(_line(error, target.occurrences) or place, f"{where} {_failed(error)}")
        return
    if lacking:
        yield Refusal(
            place, f"{where} returns no {', '.join(lacking)}; return decisions.gained(...)"
        )


def stand_in(without: tuple[str, str] | None = None) -> Facts:
    """Return facts of every table of the contract without rows; ``without``: table and column."""
    tables = {name: ibis.table(_schema(table), name=name) for name, table in TABLES.items()}
    if without:
        name, column = without
        tables[name] = tables[name].drop(column)
    return Facts(tables, ibis.table(SPINE, name="spine"), [DAY])


def _schema(table: Table) -> Schema:
    return ibis.schema({column.name: TYPES[column.type] for column in table.columns})


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
        reason = _unknown(error, rows, table) or _failed(error)
        yield Refusal(_line(error, feature.function) or place, f"{where} {reason}")


def _unknown(error: Exception, rows: Rows, table: ir.Table) -> str:
    """Say which column of its rows a function misspells; empty when something else failed."""
    match = re.search(r"'Table' object has no attribute '(\w+)'|^Column '(\w+)' is not", str(error))
    if match is None:
        return ""
    name = match[1] or match[2]
    close = get_close_matches(name, table.columns)
    meant = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(table.columns)}"
    return f"reads the column {name!r}, which {rows.name} does not return; {meant}"


def _line(error: Exception, function: Callable[..., Any]) -> str:
    """Return the line of a declared function's own file at which it failed."""
    file = function.__code__.co_filename
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
    message = str(error).strip().split("\n", 1)[0]
    return f"fails: {type(error).__name__}: {message}; mend its function"
