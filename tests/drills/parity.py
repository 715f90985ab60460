"""What engines say of the same companies, and how far apart they are, column by column.

``python -m tests.drills.parity`` prints the figures of the engines that are here.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.catalogue import GROUPS
from features.declaration.compute import compute
from features.labels.label_table import labels
from features.labels.outcome_window import Horizon
from features.point_in_time.facts import KEYS, Facts
from tests.support import engines
from tests.support.company import groups_of
from tests.support.gathered import Batch, batches

if TYPE_CHECKING:
    import ibis.expr.types as ir

TOLERANCE = 1e-9
"""How far numbers may lie apart, relative to the larger one or to 1; everything else is equal."""


@dataclass(frozen=True)
class Difference:
    """The largest difference in a column; ``unequal`` rows are not equal at all."""

    column: str
    rows: int
    absolute: float
    relative: float
    unequal: int

    @property
    def is_fine(self) -> bool:
        """Say whether the column is the same, as far as engines can be."""
        return not self.unequal and self.relative <= TOLERANCE


def features_of(engine: str, batch: Batch) -> pa.Table:
    """Return the features of a company, in order; only those asked for, if it asks for some."""
    with engines.loaded(engine, batch.tables) as tables:
        return _features(tables, batch)


def _features(tables: Mapping[str, ir.Table], batch: Batch) -> pa.Table:
    """Compute features as builds do; what is computed once is let go of with this call."""
    groups = groups_of(batch.names) if batch.names else GROUPS
    return _in_order(compute(groups, Facts.computed(tables, batch.as_ofs)).to_pyarrow())


def labels_of(engine: str, batch: Batch) -> pa.Table:
    """Return the labels of a company, in order."""
    with engines.loaded(engine, batch.tables) as tables:
        return _labels(tables, batch)


def _labels(tables: Mapping[str, ir.Table], batch: Batch) -> pa.Table:
    """Compute labels as builds do; what is computed once is let go of with this call."""
    look = batch.options
    through = date.fromisoformat(look["through"])
    horizon = Horizon(look["days"], look["grace"], through, look["price_changes"])
    facts = Facts.computed(tables, batch.as_ofs, horizon.grace_days)
    return _in_order(labels(facts, horizon).to_pyarrow())


def _in_order(table: pa.Table) -> pa.Table:
    return table.sort_by([(key, "ascending") for key in KEYS])


FEWEST_SPECS = {"spark": 9}
"""Of how many specs a company must be gathered for an engine to be asked: Spark takes a minute for
one of a single spec as well."""


def asked(engine: str) -> tuple[list[Batch], list[Batch]]:
    """Return the gathered companies that an engine is asked for, for features and for labels."""
    fewest = FEWEST_SPECS.get(engine, 0)
    features, outcomes = (
        [batch for batch in side if len(batch.specs) >= fewest] for side in batches()
    )
    return features, outcomes


@cache
def said(engine: str, companies_of: str = "") -> tuple[list[pa.Table], list[pa.Table]]:
    """Return what an engine says of the features and the labels of its gathered companies.

    ``companies_of`` is another engine, whose companies are taken.
    """
    features, outcomes = asked(companies_of or engine)
    return (
        [features_of(engine, batch) for batch in features],
        [labels_of(engine, batch) for batch in outcomes],
    )


def differences(found: Sequence[pa.Table], expected: Sequence[pa.Table]) -> list[Difference]:
    """Return how far each column of ``found`` lies from ``expected``, over all companies.

    Raises ``AssertionError`` where the rows, or the columns and their types, are not the same.
    """
    columns: dict[str, list[tuple[Any, Any]]] = {}
    for mine, other in zip(found, expected, strict=True):
        assert mine.schema == other.schema, f"{mine.schema} is not {other.schema}"
        assert [mine[key] for key in KEYS] == [other[key] for key in KEYS], "rows differ"
        for name in mine.column_names:
            pairs = zip(mine[name].to_pylist(), other[name].to_pylist(), strict=True)
            columns.setdefault(name, []).extend(pairs)
    return [_difference(name, pairs) for name, pairs in columns.items()]


def _difference(name: str, pairs: Sequence[tuple[Any, Any]]) -> Difference:
    numbers = [(a, b) for a, b in pairs if isinstance(a, float) and isinstance(b, float)]
    apart = [(abs(a - b), max(abs(a), abs(b), 1.0)) for a, b in numbers if a != b]
    return Difference(
        column=name,
        rows=len(pairs),
        absolute=max((gap for gap, _ in apart), default=0.0),
        relative=max((gap / size for gap, size in apart), default=0.0),
        unequal=sum(a != b for a, b in pairs) - len(apart),
    )


def told(found: Sequence[Difference]) -> str:
    """Say how many columns and values were compared, and which differ."""
    differing = [one for one in found if one.absolute or one.unequal]
    values = sum(one.rows for one in found)
    head = f"{len(found)} columns, {values} values compared; {len(differing)} columns differ"
    ordered = sorted(differing, key=lambda one: (one.unequal, one.relative), reverse=True)
    return "\n".join([head, *map(_line, ordered)])


def _line(one: Difference) -> str:
    return (
        f"  {one.column}: at most {one.absolute:.2g}, relative {one.relative:.2g}, "
        f"{one.unequal} of {one.rows} rows unequal"
    )


def main() -> int:
    """Print the figures of the engines that are here; return 1 when one of them differs."""
    argparse.ArgumentParser(prog="python -m tests.drills.parity", description=__doc__).parse_args()
    failed = False
    for engine in engines.OTHERS:
        if reason := engines.missing(engine):
            print(f"{engine}: skipped, {reason}")
            continue
        started = time.monotonic()
        found = [
            one
            for mine, other in zip(said(engine), said("duckdb", engine), strict=True)
            for one in differences(mine, other)
        ]
        seconds = time.monotonic() - started
        print(f"{engine}, {seconds:.0f} s: {told(found)}")
        failed |= not all(one.is_fine for one in found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
