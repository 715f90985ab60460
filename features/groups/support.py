"""Tickets: how many, how bad, how satisfied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.declaration.group import FeatureGroup

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts

support = FeatureGroup("support", "How content it is: tickets, escalations, satisfaction.")


@support.rows("tickets")
def ticket_rows(facts: Facts) -> ir.Table:
    """Tickets opened before as_of."""
    tickets = facts.rows("tickets")
    open_still = tickets.closed_on.isnull() | (tickets.closed_on > tickets.as_of)
    return tickets.mutate(day=tickets.opened_on, is_open=open_still)


@support.feature(
    ticket_rows,
    unit="count",
    says={
        "zero": "No tickets opened in the last {days} days",
        "one": "1 ticket opened in the last {days} days",
        "many": "{value} tickets opened in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(91,),
)
def tickets_opened(rows: ir.Table) -> ir.Value:
    """Tickets opened."""
    return rows.count()


@support.feature(
    ticket_rows,
    unit="count",
    says={
        "zero": "No escalated tickets in the last {days} days",
        "one": "1 escalated ticket in the last {days} days",
        "many": "{value} escalated tickets in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(91,),
)
def tickets_escalated(rows: ir.Table) -> ir.Value:
    """Escalated tickets."""
    return rows.escalated_on.count()


@support.feature(
    ticket_rows,
    unit="count",
    says={"zero": "No open tickets", "one": "1 open ticket", "many": "{value} open tickets"},
    expected=(0, None),
    absent=0,
)
def tickets_open(rows: ir.Table) -> ir.Value:
    """Open tickets."""
    return rows.count(where=rows.is_open)


@support.feature(
    ticket_rows,
    unit="count",
    says={
        "zero": "No open escalated tickets",
        "one": "1 open escalated ticket",
        "many": "{value} open escalated tickets",
    },
    expected=(0, None),
    absent=0,
    monotone={"churn": +1},
)
def tickets_open_escalated(rows: ir.Table) -> ir.Value:
    """Open escalated tickets."""
    return rows.count(where=rows.is_open & rows.escalated_on.notnull())


@support.feature(
    ticket_rows,
    unit="count",
    says={
        "many": "CSAT of {value} out of 5 for tickets of the last {days} days",
        "unknown": "No CSAT ratings in the last {days} days",
    },
    expected=(1, 5),
    windows=(364,),
)
def tickets_csat(rows: ir.Table) -> ir.Value:
    """Average ticket satisfaction (CSAT), 1 to 5."""
    return rows.csat.mean()
