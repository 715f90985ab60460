"""Columns that combine others: staged, null without their tables, filled where that is declared."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pytest

from features.catalogue import GROUPS
from features.declaration.dry_run import rehearse
from features.declaration.group import FeatureGroup
from tests.support.company import company, compute_on

DAY = date(2024, 6, 1)
LINES = """
account_id | starts_on
a          | 2024-01-01
b          | 2024-01-01
"""
TICKETS = """
account_id | opened_on
a          | 2024-03-01
a          | 2024-04-01
"""


@pytest.fixture
def group() -> FeatureGroup:
    made = FeatureGroup("own", "Tickets for these tests.", owner="support")

    @made.rows("tickets")
    def own_tickets(facts: Any) -> Any:
        return facts.rows("tickets")

    @made.feature(unit="count", expected=(0, None), absent=0)
    def own_tickets_squared(columns: Any) -> Any:
        """Twice twice."""
        return columns.own_tickets_doubled * 2

    @made.feature(unit="count")
    def own_tickets_doubled(columns: Any) -> Any:
        """Twice the tickets."""
        return ibis.coalesce(columns.own_tickets_opened, 100.0).nullif(100.0) * 2

    @made.feature(own_tickets, unit="count")
    def own_tickets_opened(rows: Any) -> Any:
        """Tickets."""
        return rows.count()

    return made


def test_a_column_may_combine_one_that_is_declared_later(group: FeatureGroup) -> None:
    found = compute_on(company(subscriptions=LINES, tickets=TICKETS), [DAY], [group])
    values = {row["account_id"]: row for row in found}
    assert [values["a"][c.name] for c in group.columns] == [8, 4, 2]


def test_what_stands_for_an_empty_result_is_declared(group: FeatureGroup) -> None:
    found = compute_on(company(subscriptions=LINES, tickets=TICKETS), [DAY], [group])
    values = {row["account_id"]: row for row in found}
    assert [values["b"][c.name] for c in group.columns] == [0, None, None]


def test_without_its_table_a_combined_column_is_empty(group: FeatureGroup) -> None:
    found = compute_on(company(subscriptions=LINES), [DAY], [group])
    assert [[row[c.name] for c in group.columns] for row in found] == [[None] * 3] * 2


def test_our_own_groups_pass_the_rehearsal() -> None:
    assert rehearse(GROUPS) == []


def test_a_rehearsal_tells_what_a_build_would_stumble_over() -> None:
    made = FeatureGroup("own", "Tickets for these tests.", owner="support")

    @made.rows("tickets")
    def own_tickets(facts: Any) -> Any:
        return facts.rows("tickets")

    @made.rows("tickets")
    def own_calls(facts: Any) -> Any:
        return facts.rows("calls")

    @made.feature(own_tickets, unit="count", windows=(28,))
    def own_opened(rows: Any) -> Any:
        """Tickets."""
        return rows.count()

    @made.feature(own_tickets, unit="count", by_days=(30,))
    def own_early(rows: Any) -> Any:
        """Tickets."""
        return rows.count()

    @made.feature(own_tickets, unit="count")
    def own_prior(rows: Any) -> Any:
        """Tickets."""
        return rows.priority.max()

    @made.feature(own_calls, unit="count")
    def own_called(rows: Any) -> Any:
        """Calls."""
        return rows.count()

    told = [one.sentence for one in rehearse([made])]
    assert told == [
        "rows own.own_calls fails: KeyError: 'calls'; mend its function",
        "feature own.own_opened needs day in its rows; own_tickets does not return it",
        "feature own.own_early needs days_since_start in its rows; own_tickets does not return it",
        "feature own.own_prior reads the column 'priority', which own_tickets does not return; it "
        "has account_id, as_of, started_on, ticket_id, opened_on, severity, escalated_on, "
        "closed_on, csat, known_at",
    ]
