"""Seats: what is licensed, what is activated, and what the account could still absorb."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.declaration.group import FeatureGroup
from features.point_in_time.facts import KEYS
from features.point_in_time.lines import runs_on
from features.point_in_time.sql_dialects import matching
from features.subscriptions.changes import ROUNDING, product_changes
from features.subscriptions.contracted_lines import change_ahead, lines_ahead

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts

seats = FeatureGroup("seats", "What is licensed, what is activated, what can still be absorbed.")


SEAT_METRICS = (
    "seats", "seat", "users", "user", "licenses", "license", "licences", "licence",
)  # fmt: skip
"""Price metrics that count people who may use the product, in lower case."""


def priced_by_seats(facts: Facts, lines: ir.Table) -> ir.Table:
    """Keep the lines whose units are seats: those of products that are priced by them.

    Without a price list, units are taken for seats where nothing contradicts: they are whole, more
    than one, and none costs less than 1 a year unless it is free. Contracts are sold one by one,
    API calls and gigabytes for less.
    """
    if not facts.has("products"):
        whole = (lines.quantity > 1) & (lines.quantity == lines.quantity.floor())
        return lines.filter(whole & ((lines.unit_price >= 1) | (lines.unit_price == 0)))
    offers = facts.price_list()
    by_seats = offers.filter(offers.price_metric.strip().lower().isin(SEAT_METRICS))
    return matching(lines, by_seats, ["as_of", "product_id"])


@seats.rows("subscriptions")
def seat_lines(facts: Facts) -> ir.Table:
    """Periods of seat-priced lines that have started, free ones too: their seats are used."""
    lines = priced_by_seats(facts, facts.rows("subscriptions"))
    return lines.mutate(
        runs=runs_on(lines, lines.as_of),
        ran_a_quarter_ago=runs_on(lines, lines.as_of - ibis.interval(days=91)),
        ran_a_year_ago=runs_on(lines, lines.as_of - ibis.interval(days=364)),
    )


@seats.rows("subscriptions")
def seat_changes(facts: Facts) -> ir.Table:
    """Days before as_of on which the number of seats changed."""
    lines = priced_by_seats(facts, facts.rows("subscriptions"))
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
    """Lines of today and of a year ahead by what is signed, or known to end."""
    return lines_ahead(priced_by_seats(facts, facts.announced("subscriptions")))


@seats.rows("subscriptions", "users")
def seats_added(facts: Facts) -> ir.Table:
    """The last increase, and the people with access, each with whether they came after it."""
    more = seat_changes.build(facts)
    more = more.filter(more.more)
    more = more.mutate(newest_on=more.changed_on.max().over(ibis.window(group_by=KEYS)))
    newest = more.filter(more.changed_on == more.newest_on)
    last = newest.group_by(KEYS).aggregate(
        since=newest.changed_on.max(), added=newest.quantity_change.sum()
    )
    users = facts.rows("users").select("activated_on", user="account_id", user_as_of="as_of")
    rows = last.left_join(users, [last.account_id == users.user, last.as_of == users.user_as_of])
    return rows.mutate(is_new=(rows.activated_on >= rows.since).fill_null(False))


@seats.rows("users")
def seat_users(facts: Facts) -> ir.Table:
    """People with access."""
    users = facts.rows("users")
    gone = users.deactivated_on.notnull() & (users.deactivated_on <= users.as_of)
    return users.mutate(has_access=~gone, day=users.activated_on)


@seats.feature(
    seat_lines,
    unit="seats",
    says={
        "zero": "No licensed seats",
        "one": "1 licensed seat",
        "many": "{value} licensed seats",
        "unknown": "No product priced by seats",
    },
    expected=(0, None),
)
def seats_licensed(rows: ir.Table) -> ir.Value:
    """Licensed seats.

    Empty where nothing priced by seats was ever held; units of other price metrics never count.
    """
    return rows.quantity.sum(where=rows.runs).fill_null(0)


@seats.feature(
    seat_lines,
    unit="ratio",
    says={
        "negative": "{value} fewer licensed seats than 91 days ago",
        "zero": "As many licensed seats as 91 days ago",
        "many": "{value} more licensed seats than 91 days ago",
    },
    expected=(-1, None),
)
def seats_growth_91d(rows: ir.Table) -> ir.Value:
    """Growth in licensed seats over 91 days."""
    return _growth(rows, rows.ran_a_quarter_ago)


@seats.feature(
    seat_lines,
    unit="ratio",
    says={
        "negative": "{value} fewer licensed seats than a year ago",
        "zero": "As many licensed seats as a year ago",
        "many": "{value} more licensed seats than a year ago",
    },
    expected=(-1, None),
)
def seats_growth_364d(rows: ir.Table) -> ir.Value:
    """Growth in licensed seats over a year."""
    return _growth(rows, rows.ran_a_year_ago)


def _growth(rows: ir.Table, before: ir.BooleanValue) -> ir.Value:
    now = rows.quantity.sum(where=rows.runs).fill_null(0)
    return now / rows.quantity.sum(where=before).nullif(0) - 1


@seats.feature(
    seat_changes,
    unit="days",
    says={"many": "Seats last increased {value} ago", "unknown": "No seat increase on record"},
    expected=(1, None),
)
def seats_days_since_increase(rows: ir.Table) -> ir.Value:
    """Days since the last seat increase."""
    return rows.as_of.delta(rows.changed_on, unit="day").min(where=rows.more)


@seats.feature(
    seat_changes,
    unit="days",
    says={"many": "Seats last reduced {value} ago", "unknown": "No seat reduction on record"},
    expected=(1, None),
)
def seats_days_since_decrease(rows: ir.Table) -> ir.Value:
    """Days since the last seat reduction."""
    return rows.as_of.delta(rows.changed_on, unit="day").min(where=rows.fewer)


@seats.feature(
    seats_ahead,
    unit="seats",
    says={
        "negative": "Seats contracted to fall by {value} within a year",
        "zero": "No change in seats contracted for the next year",
        "one": "1 more seat contracted to start within a year",
        "many": "{value} more seats contracted to start within a year",
        "unknown": "No product priced by seats",
    },
)
def seats_contracted_ahead(rows: ir.Table) -> ir.Value:
    """Change in seats contracted for the next year."""
    return change_ahead(rows, rows.quantity)


@seats.feature(
    seats_added,
    unit="ratio",
    says={
        "zero": "None of the most recently added seats activated",
        "many": "{value} of the most recently added seats activated",
    },
    expected=(0, 1),
)
def seats_absorbed_since_increase(rows: ir.Table) -> ir.Value:
    """Share of the most recently added seats activated since.

    100 % when at least as many people have got access as seats were added.
    """
    came = rows.count(where=rows.is_new) / rows.added.max()
    return ibis.ifelse(came > 1, 1.0, came)


@seats.feature(
    seat_users,
    unit="people",
    says={
        "zero": "No users with access",
        "one": "1 user with access",
        "many": "{value} users with access",
    },
    expected=(0, None),
    absent=0,
)
def seats_activated(rows: ir.Table) -> ir.Value:
    """Users with access."""
    return rows.user_id.nunique(where=rows.has_access)


@seats.feature(
    seat_users,
    unit="people",
    says={
        "zero": "No new users activated in the last {days} days",
        "one": "1 new user activated in the last {days} days",
        "many": "{value} new users activated in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(28, 91),
)
def seats_newly_activated(rows: ir.Table) -> ir.Value:
    """Newly activated users."""
    return rows.user_id.nunique()


@seats.feature(
    unit="ratio",
    says={
        "zero": "None of the licensed seats activated",
        "many": "{value} of licensed seats activated",
    },
    expected=(0, 1.5),
)
def seats_activated_share(columns: ir.Table) -> ir.Value:
    """Share of licensed seats activated."""
    return columns.seats_activated / columns.seats_licensed.nullif(0)


@seats.feature(
    unit="ratio",
    says={
        "zero": "None of the licensed seats active in the last {days} days",
        "many": "{value} of licensed seats active in the last {days} days",
    },
    expected=(0, 1.5),
    windows=(28, 91),
)
def seats_utilization(columns: ir.Table, window: int) -> ir.Value:
    """Share of licensed seats active.

    Above 100 % is overage.
    """
    return columns[f"usage_active_users_{window}d"] / columns.seats_licensed.nullif(0)


@seats.feature(
    unit="seats",
    says={
        "zero": "No licensed seats unused in the last 28 days",
        "one": "1 licensed seat unused in the last 28 days",
        "many": "{value} licensed seats unused in the last 28 days",
    },
    expected=(0, None),
)
def seats_headroom(columns: ir.Table) -> ir.Value:
    """Licensed seats unused in the last 28 days."""
    return _surplus(columns.seats_licensed.nullif(0), columns.usage_active_users_28d)


@seats.feature(
    unit="people",
    says={
        "zero": "No overage in the last 28 days",
        "one": "1 more active user than licensed seats in the last 28 days",
        "many": "{value} more active users than licensed seats in the last 28 days",
    },
    expected=(0, None),
)
def seats_overage(columns: ir.Table) -> ir.Value:
    """Active users beyond the licensed seats in the last 28 days.

    Empty where no seat is licensed: whoever is active there uses what is priced otherwise.
    """
    return _surplus(columns.usage_active_users_28d, columns.seats_licensed.nullif(0))


def _surplus(value: ir.NumericValue, other: ir.NumericValue) -> ir.Value:
    """Return by how much ``value`` is larger, 0 where it is not, null where either is unknown."""
    return ibis.ifelse(value - other < 0, 0.0, value - other)
