"""The contract keeps its own rules: every value that can change says when it became known."""

from __future__ import annotations

import pytest

from features.contract import TABLES, Table

SIGNED_WITH_THE_ROW = {("subscriptions", "term_ends_on")}
"""Dates that may be empty and never change: they are known with their row."""

tables = pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)


@tables
def test_every_table_says_what_when_and_whose(table: Table) -> None:
    assert table.key, "a table needs a key"
    assert set(table.key) <= set(table.names)
    assert len(set(table.names)) == len(table.names)
    assert table.column(table.happened).type == "date"
    assert table.column("known_at").type == "timestamp"
    assert not any(table.column(name).nullable for name in (table.happened, "known_at"))
    assert "account_id" in table.names or table.name == "products"


@tables
def test_every_known_by_is_a_date_of_the_same_table(table: Table) -> None:
    for column in table.columns:
        if column.known_by:
            known = table.column(column.known_by)
            assert (known.type, known.nullable) == ("date", True)
            assert known.known_by == known.name, f"{known.name} must hide itself until it is known"


@tables
def test_every_date_that_comes_later_says_when_it_was_known(table: Table) -> None:
    undated = {
        (table.name, column.name)
        for column in table.columns
        if column.type == "date" and column.nullable and not column.known_by
    }
    assert undated <= SIGNED_WITH_THE_ROW


@tables
def test_references_orders_and_values_name_what_is_there(table: Table) -> None:
    for column in table.columns:
        assert column.meaning.endswith("."), f"{column.name}: a meaning is a sentence"
        assert not column.values or column.type == "string"
        assert column.minimum is None or column.type in ("integer", "number")
        if column.references:
            assert column.name in TABLES[column.references].names
    for earlier, later in table.ordered:
        assert {earlier, later} <= set(table.names)


def test_three_tables_are_required() -> None:
    required = [name for name, table in TABLES.items() if table.required]
    assert required == ["accounts", "subscriptions", "usage_daily"]


def test_an_unknown_column_is_told_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="milestones has no column 'colour'; it has account_id, mil"):
        TABLES["milestones"].column("colour")
