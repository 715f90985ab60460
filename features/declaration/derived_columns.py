"""Columns that combine other columns: what each reads, in which order, from which tables.

Nothing of this is declared. A combining function is tried on a stand-in that has every column and
no rows, and the expression it returns says what it has read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

import ibis
from ibis.common.exceptions import IbisTypeError
from ibis.expr.operations import Field

from features.declaration.feature import Feature, FeatureColumn
from features.declaration.group import FeatureGroup
from features.errors import Refusal, UsageError, place_of

ROW = {"account_id": "string", "as_of": "date", "started_on": "date"}
"""What every row carries beside its features."""


@dataclass(frozen=True)
class Derived:
    """A column that combines others, the columns it ``reads`` and the tables behind them."""

    feature: Feature
    column: FeatureColumn
    reads: frozenset[str]
    sources: tuple[str, ...]


def stages(groups: Sequence[FeatureGroup]) -> list[list[Derived]]:
    """Return the combining columns of ``groups`` so that what a stage reads is there before it.

    Raises
    ------
    UsageError
        Naming every function that fails, reads a column that does not exist, or reads in a circle.
    """
    resolved, refused = _resolved([f for group in groups for f in group.features])
    if refused:
        raise UsageError([refusal.sentence for refusal in refused])
    return resolved


def problems(groups: Sequence[FeatureGroup]) -> list[Refusal]:
    """Return what ``stages`` would raise, each with its place."""
    return _resolved([f for group in groups for f in group.features])[1]


def with_sources(groups: Sequence[FeatureGroup]) -> tuple[FeatureColumn, ...]:
    """Return all columns in their order; those that combine others say the tables behind them."""
    behind = {derived.column.name: derived.sources for stage in stages(groups) for derived in stage}
    columns = (column for group in groups for column in group.columns)
    return tuple(replace(c, sources=behind.get(c.name, c.sources)) for c in columns)


def _resolved(features: Sequence[Feature]) -> tuple[list[list[Derived]], list[Refusal]]:
    columns = {c.name: c for feature in features for c in feature.columns}
    reads: dict[str, frozenset[str]] = {}
    refused = []
    for feature, column in _combining(features):
        try:
            reads[column.name] = _read(feature, column, columns)
        except Exception as error:
            refused.append(Refusal(place_of(feature.function), _failed(feature, error, columns)))
    if refused:
        return [], list(dict.fromkeys(refused))
    try:
        return _ordered(features, columns, reads), []
    except CycleError as error:
        circle = " reads ".join(reversed(error.args[1]))
        return [], [Refusal("", f"columns in a circle: {circle}; leave one of them out")]


def _combining(features: Sequence[Feature]) -> Iterator[tuple[Feature, FeatureColumn]]:
    return ((f, c) for f in features if f.rows is None for c in f.columns)


def _read(
    feature: Feature, column: FeatureColumn, columns: Mapping[str, FeatureColumn]
) -> frozenset[str]:
    """Return the columns that a function reads."""
    types = {c.name: "string" if c.unit == "category" else "float64" for c in columns.values()}
    row = ibis.table({**types, **ROW}, name="row")
    value = feature.value(row, column)
    return frozenset(field.name for field in value.op().find(Field)) & types.keys()


def _failed(feature: Feature, error: Exception, columns: Mapping[str, FeatureColumn]) -> str:
    where, message = f"feature {feature.group}.{feature.name}", str(error).strip().split("\n", 1)[0]
    if not isinstance(error, (AttributeError, IbisTypeError)):
        return f"{where} fails: {type(error).__name__}: {message}; mend its function"
    read = next((name for name in re.findall(r"'(\w+)'", message) if name != "Table"), "")
    close = get_close_matches(read, columns, n=1)
    meant = f"did you mean {close[0]}?" if close else "`expansion catalogue` lists all columns"
    return f"{where} reads the column {read!r}, which no group declares; {meant}"


def _ordered(
    features: Sequence[Feature],
    columns: Mapping[str, FeatureColumn],
    reads: Mapping[str, frozenset[str]],
) -> list[list[Derived]]:
    behind = {name: set(column.sources) for name, column in columns.items()}
    functions = {column.name: feature for feature, column in _combining(features)}
    order = TopologicalSorter(reads)
    order.prepare()
    ordered = []
    while order.is_active():
        ready = order.get_ready()
        stage = sorted(functions.keys() & set(ready), key=list(columns).index)
        for name in stage:
            behind[name] = set().union(*(behind[name_read] for name_read in reads[name]))
        derived = [
            Derived(functions[n], columns[n], reads[n], tuple(sorted(behind[n]))) for n in stage
        ]
        ordered += [derived] if derived else []
        order.done(*ready)
    return ordered
