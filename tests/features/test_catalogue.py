"""The catalogue is complete, and the documents and the values agree with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pytest

from features import catalogue
from features.declaration.feature import UNITS, FeatureColumn
from features.labels.targets import TARGETS
from tests.support.company import compute_on, labels_on

DOCS = Path(__file__).parents[2] / "docs"
COLUMNS = catalogue.columns()
DAYS = [date(2024, 12, 1), date(2025, 9, 1)]

Values = list[dict[str, Any]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("feature-catalogue.md", catalogue.feature_catalogue),
        ("data-contract.md", catalogue.data_contract),
    ],
)
def test_documents_say_what_the_code_says(name: str, text: Callable[[], str]) -> None:
    path = DOCS / name
    written = path.read_text("utf-8") if path.exists() else ""
    assert written == text(), f"docs/{name} is stale: run `make docs` and commit it"


def test_every_column_has_a_unit_a_description_and_its_own_name() -> None:
    for column in COLUMNS:
        assert column.unit in UNITS
        assert column.description, column.name
        assert column.description[0].isupper()
        assert (column.unit == "flag") == column.name.startswith(("has_", "is_"))
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)


def test_ranges_are_ranges() -> None:
    for column in COLUMNS:
        low, high = column.expected
        assert low is None or high is None or low < high
        assert column.unit != "ratio" or column.expected != (None, None), column.name
        if column.absent is not None and column.unit != "category":
            assert low is None or low <= column.absent
            assert high is None or column.absent <= high


def test_monotone_names_targets() -> None:
    for column in COLUMNS:
        assert set(column.monotone) <= set(TARGETS)
        assert set(column.monotone.values()) <= {-1, 1}


@pytest.fixture(scope="module")
def demo(simulated_company: Path) -> dict[str, Any]:
    """The tables of a small demo company."""
    connection = ibis.duckdb.connect()
    return {
        path.stem: connection.read_parquet(path)
        for path in sorted(simulated_company.glob("*.parquet"))
    }


@pytest.fixture(scope="module")
def values(demo: dict[str, Any]) -> Values:
    return compute_on(demo, DAYS)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_values_of_the_demo_company_lie_where_they_are_expected(
    values: Values, column: FeatureColumn
) -> None:
    found = [row[column.name] for row in values if row[column.name] is not None]
    assert found, "the demo company never has a value"
    low, high = column.expected
    outside = [v for v in found if (low is not None and v < low) or (high is not None and v > high)]
    assert len(outside) <= 0.01 * len(found), f"e.g. {sorted(outside)[:3]} of {len(found)}"


def test_every_target_befalls_the_demo_company(demo: dict[str, Any]) -> None:
    found = labels_on(demo, DAYS[:1], date(2026, 1, 1))
    for name in TARGETS:
        assert {row[f"{name}_next_91d"] for row in found} >= {0, 1}, name
        for row in found:
            amount = row[f"{name}_arr_next_91d"]
            assert (amount is None) == (row[f"{name}_next_91d"] is None)
            assert amount is None or amount >= 0
