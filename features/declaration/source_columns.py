"""Which columns of the feature table read a column of a source table.

Nothing of this is declared. A function is tried on stand-ins of the source tables that lack the
column: where it fails, it reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from features.declaration.derived_columns import stages
from features.declaration.dry_run import stand_in
from features.declaration.group import FeatureGroup

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.declaration.feature import Feature, Rows
    from features.point_in_time.facts import Facts


def readers(groups: Sequence[FeatureGroup], table: str, column: str) -> frozenset[str]:
    """Return the columns of ``groups`` that ``column`` of the source ``table`` has a part in.

    Those that combine such columns are among them. Functions that name the column in making rows
    pass it on to every feature over these rows.
    """
    names = set(_over_rows(groups, stand_in(without=(table, column))))
    for stage in stages(groups):
        names |= {derived.column.name for derived in stage if derived.reads & names}
    return frozenset(names)


def _over_rows(groups: Sequence[FeatureGroup], facts: Facts) -> Iterator[str]:
    features = [feature for group in groups for feature in group.features if feature.rows]
    row_sets = dict.fromkeys(f.rows for f in features if f.rows)
    built = {rows: _built(rows, facts) for rows in row_sets}
    for feature in features:
        if feature.rows and not _works(feature, built[feature.rows]):
            yield from (column.name for column in feature.columns)


def _built(rows: Rows, facts: Facts) -> ir.Table | None:
    try:
        return rows.build(facts)
    except Exception:
        return None


def _works(feature: Feature, table: ir.Table | None) -> bool:
    if table is None:
        return False
    try:
        for column in feature.columns:
            feature.value(table, column)
    except Exception:
        return False
    return True
