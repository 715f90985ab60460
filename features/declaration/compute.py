"""Declared features over facts: one query, a column each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import ibis

from features.declaration.derived_columns import Derived, stages
from features.declaration.feature import Feature, FeatureColumn, Rows
from features.declaration.group import FeatureGroup
from features.point_in_time.facts import KEYS, Facts
from features.point_in_time.sql_dialects import number

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Summary:
    """The columns drawn from one set of rows in one window, a row an account with any."""

    table: ir.Table
    columns: tuple[FeatureColumn, ...]


def compute(groups: Sequence[FeatureGroup], facts: Facts) -> ir.Table:
    """Return the spine with every column of ``groups``; numbers as float64, names as string.

    A column whose source table the company does not have is null throughout.
    """
    features = [feature for group in groups for feature in group.features]
    summaries = [
        summary
        for rows in _distinct_rows(features)
        for summary in _summaries(rows, features, facts)
    ]
    wide = _joined(facts.spine, summaries)
    missing = {c.name: _null(c) for f in features if _lacks(f, facts) for c in f.columns}
    wide = wide.mutate(**missing)
    for stage in stages(groups):
        wide = wide.mutate(
            **{derived.column.name: _combined(wide, derived, facts) for derived in stage}
        )
    return wide.select(*KEYS, *[c.name for f in features for c in f.columns])


def _combined(wide: ir.Table, derived: Derived, facts: Facts) -> ir.Value:
    """Combine columns; null where the company lacks a table that they are drawn from."""
    if not all(facts.has(source) for source in derived.sources):
        return _null(derived.column)
    value = _typed(derived.feature.value(wide, derived.column), derived.column)
    return value if derived.column.absent is None else value.fill_null(derived.column.absent)


def _distinct_rows(features: Sequence[Feature]) -> list[Rows]:
    return list(dict.fromkeys(f.rows for f in features if f.rows is not None))


def _lacks(feature: Feature, facts: Facts) -> bool:
    """Say whether the company lacks a table that the feature is drawn from."""
    return feature.rows is not None and not all(facts.has(s) for s in feature.rows.sources)


def _summaries(rows: Rows, features: Sequence[Feature], facts: Facts) -> Iterator[Summary]:
    """Summarise ``rows`` once for each window or day that their features ask for."""
    summarised = [f for f in features if f.rows is rows and not _lacks(f, facts)]
    table = rows.build(facts) if summarised else None
    for (window, by_day), pairs in _variants(summarised):
        chosen = _chosen(table, window, by_day)
        values: dict[str, Any] = {c.name: _typed(f.value(chosen, c), c) for f, c in pairs}
        summed = chosen.group_by(KEYS).aggregate(**values)
        yield Summary(summed, tuple(c for _, c in pairs))


def _variants(
    features: Sequence[Feature],
) -> Iterator[tuple[tuple[int, int], list[tuple[Feature, FeatureColumn]]]]:
    """Group columns by the rows they see, so that each window is aggregated once."""

    def key(pair: tuple[Feature, FeatureColumn]) -> tuple[int, int]:
        return pair[1].window_days or 0, pair[1].by_day or 0

    pairs = sorted(((f, c) for f in features for c in f.columns), key=key)
    for variant, members in groupby(pairs, key):
        yield variant, list(members)


def _chosen(table: ir.Table, window: int, by_day: int) -> ir.Table:
    if window and "ago" in table.columns:
        return table.filter(table.ago <= window)
    if window:
        return table.filter(table.as_of.delta(table.day, unit="day") <= window)
    if by_day:
        return table.filter(table.days_since_start < by_day)
    return table


def _joined(wide: ir.Table, summaries: Sequence[Summary]) -> ir.Table:
    """Left join all summaries to the spine; each column says what an account without rows gets."""
    values: dict[str, Any] = {}
    chain = wide
    for place, summary in enumerate(summaries):
        names = {f"account_id_{place}": "account_id", f"as_of_{place}": "as_of"}
        keyed = summary.table.rename(names)
        matches = [("account_id", f"account_id_{place}"), ("as_of", f"as_of_{place}")]
        chain = chain.left_join(keyed, matches)
        values |= {c.name: partial(_filled, c, f"account_id_{place}") for c in summary.columns}
    return chain.select(*wide.columns, **{name: fill(chain) for name, fill in values.items()})


def _filled(column: FeatureColumn, joined_name: str, joined: ir.Table) -> ir.Value:
    """Give what is declared to an account without rows, and null while a day is still open."""
    value = joined[column.name]
    if column.absent is not None:
        absent = ibis.literal(column.absent, type="float64")
        value = ibis.ifelse(joined[joined_name].isnull(), absent, value)
    if column.by_day:
        reached = joined.as_of.delta(joined.started_on, unit="day") >= column.by_day
        value = ibis.ifelse(reached, value, ibis.null())
    return value


def _typed(value: ir.Value, column: FeatureColumn) -> ir.Value:
    return value.cast("string") if column.unit == "category" else number(value)


def _null(column: FeatureColumn) -> ir.Value:
    return ibis.null("string" if column.unit == "category" else "float64")
