"""Seats: what is licensed, what is activated, and what the account could still absorb."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.as_of import running
from features.changes import ROUNDING, product_changes
from features.core import FeatureGroup

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.as_of import Facts

seats = FeatureGroup("seats", "What is licensed, what is activated, what can still be absorbed.")


def _priced_by_seats(facts: Facts, lines: ir.Table) -> ir.Table:
    """Keep the lines of products that are priced by seats; all, without a price list."""
    if not facts.has("products"):
        return lines
    by_seats = facts.price_list().filter(ibis._.price_metric == "seats")
    return lines.semi_join(by_seats, ["as_of", "product_id"])


@seats.rows("subscriptions")
def seat_lines(facts: Facts) -> ir.Table:
    """Periods of seat-priced lines that started before as_of."""
    lines = _priced_by_seats(facts, facts.rows("subscriptions"))
    a_year_ago = lines.as_of - ibis.interval(days=364)
    ran = (lines.starts_on <= a_year_ago) & (
        lines.ended_on.isnull() | (lines.ended_on > a_year_ago)
    )
    return lines.mutate(runs=running(lines), ran_a_year_ago=ran)


@seats.rows("subscriptions")
def seat_changes(facts: Facts) -> ir.Table:
    """Days before as_of on which the number of seats changed."""
    lines = _priced_by_seats(facts, facts.rows("subscriptions"))
    changes = product_changes(lines, ["account_id", "as_of"])
    past = changes.filter(changes.changed_on < changes.as_of)
    # Up and down can be a change of plan, which leaves the seats as they are.
    held = past.is_up | past.is_down
    return past.mutate(
        more=held & (past.quantity_change > ROUNDING),
        fewer=held & (past.quantity_change < -ROUNDING),
    )


@seats.rows("subscriptions")
def seats_ahead(facts: Facts) -> ir.Table:
    """Periods signed before as_of that start later: ramps and renewals already agreed."""
    lines = _priced_by_seats(facts, facts.announced("subscriptions"))
    in_a_year = lines.as_of + ibis.interval(days=364)
    runs = (lines.starts_on <= in_a_year) & (lines.ended_on.isnull() | (lines.ended_on > in_a_year))
    return lines.mutate(runs_today=running(lines), runs_in_a_year=runs)


@seats.rows("users")
def seat_users(facts: Facts) -> ir.Table:
    """People with access."""
    users = facts.rows("users")
    gone = users.deactivated_on.notnull() & (users.deactivated_on <= users.as_of)
    return users.mutate(has_access=~gone, day=users.activated_on)


@seats.feature(seat_lines, unit="seats", expected=(0, None), absent=0)
def seats_licensed(rows: ir.Table) -> ir.Value:
    """Seats licensed."""
    return rows.quantity.sum(where=rows.runs).fill_null(0)


@seats.feature(seat_lines, unit="ratio", expected=(-1, None))
def seats_growth_364d(rows: ir.Table) -> ir.Value:
    """Growth of the licensed seats in a year."""
    before = rows.quantity.sum(where=rows.ran_a_year_ago)
    return rows.quantity.sum(where=rows.runs).fill_null(0) / before.nullif(0) - 1


@seats.feature(seat_changes, unit="days", expected=(1, None))
def seats_days_since_increase(rows: ir.Table) -> ir.Value:
    """Days since more seats were bought."""
    return rows.as_of.delta(rows.changed_on, unit="day").min(where=rows.more)


@seats.feature(seat_changes, unit="days", expected=(1, None))
def seats_days_since_decrease(rows: ir.Table) -> ir.Value:
    """Days since seats were given back."""
    return rows.as_of.delta(rows.changed_on, unit="day").min(where=rows.fewer)


@seats.feature(seats_ahead, unit="seats", absent=0)
def seats_contracted_ahead(rows: ir.Table) -> ir.Value:
    """Seats already signed to come within a year."""
    ahead = rows.starts_on >= rows.as_of
    signed = rows.quantity.sum(where=ahead & rows.runs_in_a_year).fill_null(0)
    leaving = rows.quantity.sum(where=rows.runs_today & ~rows.runs_in_a_year).fill_null(0)
    return ibis.ifelse(ahead.any(), signed - leaving, 0)


@seats.feature(seat_users, unit="people", expected=(0, None), absent=0)
def seats_activated(rows: ir.Table) -> ir.Value:
    """People with access."""
    return rows.user_id.nunique(where=rows.has_access)


@seats.feature(seat_users, unit="people", expected=(0, None), absent=0, windows=(28, 91))
def seats_newly_activated(rows: ir.Table) -> ir.Value:
    """People who got access."""
    return rows.user_id.nunique()


@seats.feature(unit="ratio", expected=(0, 1.5))
def seats_activated_share(columns: ir.Table) -> ir.Value:
    """Share of the licensed seats that are activated."""
    return columns.seats_activated / columns.seats_licensed.nullif(0)


@seats.feature(unit="ratio", expected=(0, 1.5), windows=(28, 91))
def seats_utilization(columns: ir.Table, window: int) -> ir.Value:
    """Share of the licensed seats that were active.

    Above 100 % is overage.
    """
    return columns[f"usage_active_users_{window}d"] / columns.seats_licensed.nullif(0)


@seats.feature(unit="seats")
def seats_headroom(columns: ir.Table) -> ir.Value:
    """Licensed seats that nobody used in the last 28 days."""
    return columns.seats_licensed - columns.usage_active_users_28d
