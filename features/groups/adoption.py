"""Early adoption: what an account had reached a week, a month, half a year after it started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.declaration.group import FeatureGroup
from features.groups.seats import priced_by_seats
from features.groups.usage import people
from features.point_in_time.facts import KEYS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts

DAYS = (7, 30, 60, 90, 180)
TRIAL_DAYS = 31
"""Use so long before the start is that of a trial; older use, or of 1970, is no early adoption."""
DUE = {"first_outcome": 90, "broad_rollout": 180}
"""The days by which the steps of the journey should be reached; later is late."""

adoption = FeatureGroup("adoption", "What was reached how soon after the start.")


def _since_start(rows: ir.Table, day: ir.DateValue) -> ir.Table:
    """Add the days from the account's first start; what came before it counts as day 0."""
    days = day.delta(rows.started_on, unit="day")
    return rows.mutate(days_since_start=ibis.greatest(days, 0))


def _belongs_to_start(rows: ir.Table) -> ir.BooleanValue:
    """Say which use lies after the account's start, or so shortly before that it was a trial."""
    return rows.day >= rows.started_on - ibis.interval(days=TRIAL_DAYS)


@adoption.rows("subscriptions")
def adoption_spine(facts: Facts) -> ir.Table:
    """The account's start."""
    return facts.spine


def _first_days(facts: Facts, *by: str) -> ir.Table:
    """Return ``by`` used in the early days, with the first such day as each as_of knows it.

    Summed up before it is copied to each as_of: a row may become known late, and a line that
    becomes known late moves the start itself, so both belong to the key.
    """
    starts = facts.spine.select("account_id", "started_on").distinct()
    rows = facts.dated("usage_daily").join(starts, "account_id")
    # A count is no person: it stands for its own day only.
    rows = rows.mutate(counted_on=ibis.ifelse(rows.user_id.isnull(), rows.day, ibis.null("date")))
    rows = rows.filter(rows.day < rows.started_on + ibis.interval(days=max(DAYS)))
    rows = rows.filter(_belongs_to_start(rows))
    rows = _since_start(rows, rows.day)
    firsts = rows.group_by("account_id", "started_on", "seen", *by).aggregate(
        days_since_start=rows.days_since_start.min(), active_users=rows.active_users.max()
    )
    copies = facts.spine.join(firsts, ["account_id", "started_on"])
    copies = copies.filter(copies.seen <= copies.as_of)
    return copies.group_by("account_id", "as_of", *by).aggregate(
        days_since_start=copies.days_since_start.min(), active_users=copies.active_users.max()
    )


@adoption.rows("usage_daily")
def adoption_people(facts: Facts) -> ir.Table:
    """People active in the first days, each with the first day."""
    return _first_days(facts, "user_id", "counted_on")


@adoption.rows("usage_daily")
def adoption_functions(facts: Facts) -> ir.Table:
    """Functions used in the first days, each with the first day."""
    return _first_days(facts, "product_id", "feature")


@adoption.rows("users")
def adoption_users(facts: Facts) -> ir.Table:
    """People who got access."""
    users = facts.rows("users")
    return _since_start(users, users.activated_on)


@adoption.rows("users", "subscriptions")
def adoption_half(facts: Facts) -> ir.Table:
    """People with whom half of the seats bought at the start were activated, or more."""
    lines = priced_by_seats(facts, adoption_lines.build(facts))
    bought = lines.group_by(KEYS).aggregate(bought=lines.quantity.sum())
    users = adoption_users.build(facts).inner_join(bought, KEYS)
    order = ibis.window(group_by=KEYS, order_by=[users.activated_on, users.user_id])
    users = users.mutate(rank=ibis.row_number().over(order) + 1)
    return users.filter((users.bought > 0) & (users.rank * 2 >= users.bought))


@adoption.rows("subscriptions")
def adoption_lines(facts: Facts) -> ir.Table:
    """Lines the account started with."""
    lines = facts.rows("subscriptions")
    return lines.filter(lines.starts_on == lines.started_on)


@adoption.rows("milestones")
def adoption_milestones(facts: Facts) -> ir.Table:
    """Steps of the adoption journey reached before as_of."""
    rows = facts.rows("milestones")
    return _since_start(rows, rows.reached_on)


@adoption.feature(adoption_spine, unit="days", says="Customer for {value}", expected=(0, None))
def adoption_age_days(rows: ir.Table) -> ir.Value:
    """Days since the first subscription started."""
    return rows.as_of.delta(rows.started_on, unit="day").max()


@adoption.feature(
    adoption_lines,
    unit="count",
    says={
        "zero": "Started without licensed units",
        "one": "Started with 1 licensed unit",
        "many": "Started with {value} licensed units",
    },
    expected=(0, None),
)
def adoption_first_quantity(rows: ir.Table) -> ir.Value:
    """Licensed units at the start."""
    return rows.quantity.sum()


@adoption.feature(
    adoption_people,
    unit="people",
    says={
        "zero": "No active users by day {day}",
        "one": "1 active user by day {day}",
        "many": "{value} active users by day {day}",
    },
    expected=(0, None),
    absent=0,
    by_days=DAYS,
)
def adoption_active_users(rows: ir.Table) -> ir.Value:
    """Active users since the start."""
    return people(rows)


@adoption.feature(
    adoption_functions,
    unit="count",
    says={
        "zero": "No product features used by day {day}",
        "one": "1 product feature used by day {day}",
        "many": "{value} product features used by day {day}",
    },
    expected=(0, None),
    absent=0,
    by_days=DAYS,
)
def adoption_functions_used(rows: ir.Table) -> ir.Value:
    """Product features used since the start."""
    return rows.count()


@adoption.feature(
    adoption_functions,
    unit="days",
    says={
        "zero": "First used on the day of the start",
        "many": "First used after {value}",
        "unknown": "No use on record in the first 180 days",
    },
    expected=(0, None),
)
def adoption_days_to_first_use(rows: ir.Table) -> ir.Value:
    """Days from start to first use."""
    return rows.days_since_start.min()


@adoption.feature(
    adoption_users,
    unit="people",
    says={
        "zero": "No users activated by day {day}",
        "one": "1 user activated by day {day}",
        "many": "{value} users activated by day {day}",
    },
    expected=(0, None),
    absent=0,
    by_days=DAYS,
)
def adoption_activated(rows: ir.Table) -> ir.Value:
    """Users activated since the start."""
    return rows.user_id.nunique()


@adoption.feature(
    adoption_half,
    unit="days",
    says={
        "zero": "Half of the initial seats activated from the start",
        "many": "Half of the initial seats activated after {value}",
        "unknown": "Half of the initial seats not on record as activated",
    },
    expected=(0, None),
)
def adoption_days_to_half_activated(rows: ir.Table) -> ir.Value:
    """Days until half of the initial seats were activated."""
    return rows.days_since_start.min()


@adoption.feature(
    adoption_milestones,
    unit="flag",
    says={"zero": "No first success by day {day}", "one": "First success by day {day}"},
    expected=(0, 1),
    absent=0,
    by_days=(90, 180),
)
def has_first_outcome(rows: ir.Table) -> ir.Value:
    """First success reached."""
    return (rows.milestone == "first_outcome").any()


@adoption.feature(
    adoption_milestones,
    unit="flag",
    says={"zero": "No broad rollout by day {day}", "one": "Broad rollout by day {day}"},
    expected=(0, 1),
    absent=0,
    by_days=(90, 180),
)
def has_broad_rollout(rows: ir.Table) -> ir.Value:
    """Broad rollout reached."""
    return (rows.milestone == "broad_rollout").any()


@adoption.feature(
    adoption_milestones,
    unit="flag",
    says={"zero": "No broad rollout yet", "one": "Broad rollout reached"},
    expected=(0, 1),
    absent=0,
)
def is_rolled_out(rows: ir.Table) -> ir.Value:
    """Broad rollout reached so far."""
    return (rows.milestone == "broad_rollout").any()


@adoption.feature(
    adoption_milestones,
    unit="days",
    says={
        "zero": "First success on the day of the start",
        "many": "First success after {value}",
        "unknown": "No first success on record",
    },
    expected=(0, None),
)
def adoption_days_to_first_outcome(rows: ir.Table) -> ir.Value:
    """Days from start to first success."""
    return rows.days_since_start.min(where=rows.milestone == "first_outcome")


@adoption.feature(
    adoption_milestones,
    unit="days",
    says={
        "zero": "Broad rollout on the day of the start",
        "many": "Broad rollout after {value}",
        "unknown": "No broad rollout on record",
    },
    expected=(0, None),
)
def adoption_days_to_broad_rollout(rows: ir.Table) -> ir.Value:
    """Days from start to broad rollout."""
    return rows.days_since_start.min(where=rows.milestone == "broad_rollout")


@adoption.feature(
    unit="ratio",
    says={
        "zero": "None of the initial licensed units active by day 90",
        "many": "{value} of the initial licensed units active by day 90",
    },
    expected=(0, 1.5),
)
def adoption_active_share_by_day_90(columns: ir.Table) -> ir.Value:
    """Users active by day 90 against the licensed units at the start."""
    return columns.adoption_active_users_by_day_90 / columns.adoption_first_quantity.nullif(0)


@adoption.feature(
    unit="count",
    says={
        "zero": "No adoption milestones late or overdue",
        "one": "1 adoption milestone late or overdue",
        "many": "{value} adoption milestones late or overdue",
    },
    expected=(0, len(DUE)),
)
def adoption_milestones_late(columns: ir.Table) -> ir.Value:
    """Adoption milestones late or overdue.

    The first outcome is due by day 90, the broad rollout by day 180.
    """
    missed = [columns[f"has_{step}_by_day_{day}"] == 0 for step, day in DUE.items()]
    late = sum((ibis.ifelse(is_missed, 1, 0) for is_missed in missed), ibis.literal(0))
    return ibis.ifelse(columns.is_rolled_out.isnull(), ibis.null(), late)
