"""The same definitions give the same table on every engine; specs hold on each that is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from features.catalogue import GROUPS, columns
from tests.drills import parity
from tests.support import engines
from tests.support.company import assert_features, compare
from tests.support.gathered import SPECS, Batch, batches

PLACES = {"features": 0, "labels": 1}


@pytest.mark.parametrize("engine", engines.OTHERS)
@pytest.mark.parametrize("what", PLACES)
def test_an_engine_agrees_with_duckdb(what: str, engine: str) -> None:
    engines.needed(engine)
    place = PLACES[what]
    found = parity.differences(parity.said(engine)[place], parity.said("duckdb", engine)[place])
    assert all(one.is_fine for one in found), parity.told(found)


@pytest.mark.parametrize("engine", engines.NAMES)
def test_every_spec_of_features_holds(engine: str) -> None:
    engines.needed(engine)
    for batch, table in zip(parity.asked(engine)[0], parity.said(engine)[0], strict=True):
        holds(batch, table.to_pylist())


@pytest.mark.parametrize("engine", engines.NAMES)
def test_every_spec_of_labels_holds(engine: str) -> None:
    engines.needed(engine)
    for batch, table in zip(parity.asked(engine)[1], parity.said(engine)[1], strict=True):
        days = batch.options["days"]
        short = [
            {name.replace(f"_next_{days}d", ""): value for name, value in row.items()}
            for row in table.to_pylist()
        ]
        holds(batch, short)


def holds(batch: Batch, found: list[Mapping[str, Any]]) -> None:
    for spec in batch.specs:
        compare(spec.expected, spec.names, found)


def test_all_specs_are_gathered() -> None:
    features, labels = ([s for b in side for s in b.specs if s.expected] for side in batches())
    asked = {name for spec in features for name in spec.names}
    assert {c.group for c in columns() if c.name in asked} == {group.name for group in GROUPS}
    assert len(features) > 70
    assert len(labels) > 20
    assert all(
        module.__dict__.get("assert_features") in (None, assert_features) for module in SPECS
    )


def test_a_difference_is_seen() -> None:
    keys = {"account_id": ["a", "b"], "as_of": [1, 1]}
    one = pa.table({**keys, "near": [1.0, 2.0], "far": [1.0, 2.0], "gone": [1.0, 2.0]})
    other = pa.table({**keys, "near": [1.0, 2.0 + 1e-12], "far": [1.0, 2.1], "gone": [None, 2.0]})
    found = {d.column: d for d in parity.differences([one], [other])}
    assert [name for name, d in found.items() if not d.is_fine] == ["far", "gone"]
    assert found["far"].relative == pytest.approx(0.1 / 2.1)
    assert "far: at most 0.1, relative 0.048, 0 of 2 rows unequal" in parity.told(
        list(found.values())
    )
