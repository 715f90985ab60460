from __future__ import annotations

from typing import Any

import pytest

from features.catalogue import GROUPS
from features.declaration.group import FeatureGroup
from features.declaration.source_columns import readers


@pytest.mark.parametrize(
    ("table", "column", "expected"),
    [
        ("accounts", "segment", {"segment"}),
        ("accounts", "employees", {"employees", "seats_whitespace_share"}),
        ("accounts", "csm_id", set()),
        ("org_units", "headcount", {"departments_people_ahead"}),
        ("users", "user_group", {"usage_active_consumers_28d", "usage_active_experts_28d"}),
    ],
)
def test_columns_that_read_an_attribute_are_named(
    table: str, column: str, expected: set[str]
) -> None:
    assert readers(GROUPS, table, column) == expected


def test_reading_it_in_making_rows_or_in_combining_columns_counts() -> None:
    own = FeatureGroup("own", "Of our own.")

    @own.rows("tickets")
    def tickets_of_large(facts: Any) -> Any:
        """Tickets of large accounts, though only tickets are declared."""
        large = facts.tables["accounts"].filter(lambda rows: rows.segment == "enterprise")
        return facts.rows("tickets").semi_join(large, "account_id")

    @own.rows("tickets")
    def all_tickets(facts: Any) -> Any:
        """Tickets."""
        return facts.rows("tickets")

    @own.feature(tickets_of_large, unit="count", absent=0)
    def large_tickets(rows: Any) -> Any:
        """Tickets of large accounts."""
        return rows.count()

    @own.feature(all_tickets, unit="count", absent=0)
    def any_tickets(rows: Any) -> Any:
        """Tickets."""
        return rows.count()

    @own.feature(unit="ratio")
    def large_share(columns: Any) -> Any:
        """Share of them."""
        return columns.large_tickets / columns.any_tickets.nullif(0)

    assert readers([own], "accounts", "segment") == {"large_tickets", "large_share"}
    assert readers([own], "accounts", "region") == set()
