"""Usage depth: how many people are active, how broadly, how often, and where it is heading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.declaration.group import FeatureGroup
from features.point_in_time.facts import KEYS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts

usage = FeatureGroup("usage", "How many people are active, how broadly, how often, which way.")

QUARTER = 91
YEAR = 364
REGULAR_DAYS = 13
"""Days with use in a quarter that make a person a regular: one a week."""


def people(rows: ir.Table) -> ir.Value:
    """Return how many people are active, given a row a person or a row a count.

    Exact with user ids; where a company only has counts, the highest count of a day and function:
    at least that many people were active.
    """
    return at_least(rows.user_id.count(), rows.active_users.max())


def at_least(named: ir.Value, counted: ir.Value) -> ir.Value:
    """Return the larger of the people known by id and of those counted; null without either."""
    return ibis.greatest(named.nullif(0), counted)


def person_days(rows: ir.Table) -> ir.Table:
    """Return a row a person and day, visible from the first row that shows them.

    Counts without ids keep a row for each time they became known, since they are no set to join.
    """
    keyed = rows.mutate(counted=ibis.ifelse(rows.user_id.isnull(), rows.seen, ibis.null("date")))
    return keyed.group_by("account_id", "day", "week", "user_id", "counted").aggregate(
        seen=keyed.seen.min(), active_users=keyed.active_users.max()
    )


@usage.rows("usage_daily")
def usage_by_person(facts: Facts) -> ir.Table:
    """People active in the last 91 days, each with the last day and the number of days."""
    days = person_days(facts.dated("usage_daily", QUARTER))
    weeks = days.group_by("account_id", "user_id", "week", "seen").aggregate(
        day=days.day.max(), days=days.count(), active_users=days.active_users.max()
    )
    copies = facts.spread(weeks, QUARTER)
    copies = copies.mutate(
        counted=ibis.ifelse(copies.user_id.isnull(), copies.week, ibis.null("date"))
    )
    return copies.group_by("account_id", "as_of", "user_id", "counted").aggregate(
        day=copies.day.max(), days=copies.days.sum(), active_users=copies.active_users.max()
    )


@usage.rows("usage_daily")
def usage_by_function(facts: Facts) -> ir.Table:
    """Functions used in the last 91 days, each with the last day and its events."""
    rows = facts.dated("usage_daily", QUARTER)
    weeks = rows.group_by("account_id", "product_id", "feature", "week", "seen").aggregate(
        day=rows.day.max(), events=rows.events.sum()
    )
    copies = facts.spread(weeks, QUARTER)
    return copies.group_by("account_id", "as_of", "product_id", "feature").aggregate(
        day=copies.day.max(), events=copies.events.sum()
    )


@usage.rows("usage_daily")
def usage_events_by_week(facts: Facts) -> ir.Table:
    """Events of the last 364 days by week."""
    rows = facts.dated("usage_daily", YEAR)
    weeks = rows.group_by("account_id", "week", "seen").aggregate(
        day=rows.day.max(), events=rows.events.sum()
    )
    return facts.spread(weeks, YEAR)


@usage.rows("usage_daily")
def usage_or_start(facts: Facts) -> ir.Table:
    """Days before as_of since use or, where there was none in a year, since the account started."""
    used = usage_events_by_week.build(facts)
    used = used.mutate(silent=used.as_of.delta(used.day, unit="day"))
    age = facts.spine.as_of.delta(facts.spine.started_on, unit="day")
    started = facts.spine.mutate(silent=ibis.least(age, YEAR))
    # Who started yesterday has not been silent for any day that could tell.
    started = started.filter(started.silent > 1)
    return ibis.union(*(rows.select(*KEYS, "silent") for rows in (used, started)))


@usage.rows("usage_daily")
def usage_days_by_week(facts: Facts) -> ir.Table:
    """Days with use in the last 91 days, and the people active on them, by week."""
    persons = person_days(facts.dated("usage_daily", QUARTER))
    by = ["account_id", "day", "week"]
    sights = persons.group_by([*by, "seen"]).aggregate(
        named=persons.user_id.count(), counted=persons.active_users.max()
    )
    # A day that becomes known piece by piece shows more people each time; what it adds can be
    # summed up, and the highest it reaches is the last.
    so_far = ibis.cumulative_window(group_by=by, order_by="seen")
    shown = at_least(sights.named.sum().over(so_far), sights.counted.max().over(so_far))
    sights = sights.mutate(shown=shown)
    in_order = ibis.window(group_by=by, order_by="seen")
    before = sights.shown.lag().over(in_order)
    steps = sights.mutate(
        is_new=ibis.ifelse(ibis.row_number().over(in_order) == 0, 1, 0),
        is_measured=ibis.ifelse(sights.shown.notnull() & before.isnull(), 1, 0),
        more=sights.shown.fill_null(0) - before.fill_null(0),
    )
    weeks = steps.group_by("account_id", "week", "seen").aggregate(
        days=steps.is_new.sum(),
        measured=steps.is_measured.sum(),
        people=steps.more.sum(),
        peak=steps.shown.max(),
    )
    return facts.spread(weeks, QUARTER)


@usage.rows("usage_daily")
def usage_weeks(facts: Facts) -> ir.Table:
    """The weeks with use of the last 91 days, counted back from as_of, with their events."""
    rows = usage_events_by_week.build(facts)
    weeks = rows.filter(rows.ago <= QUARTER)
    weeks = weeks.mutate(weeks_ago=(weeks.ago - 1) // 7)
    return weeks.group_by("account_id", "as_of", "weeks_ago").aggregate(events=weeks.events.sum())


@usage.rows("usage_daily", "users")
def usage_by_group(facts: Facts) -> ir.Table:
    """People active in the last 91 days with the group and department of each."""
    active = usage_by_person.build(facts)
    users = facts.rows("users").select("account_id", "as_of", "user_id", "user_group")
    return active.inner_join(users, ["account_id", "as_of", "user_id"])


@usage.feature(
    usage_by_person,
    unit="people",
    says={
        "zero": "No active users in the last {days} days",
        "one": "1 active user in the last {days} days",
        "many": "{value} active users in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(7, 28, 91),
)
def usage_active_users(rows: ir.Table) -> ir.Value:
    """Active users."""
    return people(rows)


@usage.feature(
    usage_by_person,
    unit="ratio",
    says={
        "zero": "No active user came weekly in the last 91 days",
        "many": "{value} of active users came at least weekly in the last 91 days",
    },
    expected=(0, 1),
)
def usage_regular_share_91d(rows: ir.Table) -> ir.Value:
    """Share of active users who come at least weekly, last 91 days."""
    regular = rows.user_id.count(where=rows.days >= REGULAR_DAYS)
    return regular / rows.user_id.count().nullif(0)


@usage.feature(
    usage_by_person,
    unit="ratio",
    says="{value} of all days of use in the last 91 days come from one user",
    expected=(0, 1),
)
def usage_top_person_share_91d(rows: ir.Table) -> ir.Value:
    """Share of the most active user in all days of use, last 91 days."""
    named = rows.user_id.notnull()
    return rows.days.max(where=named) / rows.days.sum(where=named)


@usage.feature(
    usage_by_function,
    unit="count",
    says={
        "zero": "No product features used in the last {days} days",
        "one": "1 product feature used in the last {days} days",
        "many": "{value} product features used in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(28, 91),
)
def usage_functions_used(rows: ir.Table) -> ir.Value:
    """Product features in use."""
    return rows.count()


@usage.feature(
    usage_by_function,
    unit="products",
    says={
        "zero": "No products used in the last 91 days",
        "one": "1 product used in the last 91 days",
        "many": "{value} products used in the last 91 days",
    },
    expected=(0, None),
    absent=0,
)
def usage_products_used_91d(rows: ir.Table) -> ir.Value:
    """Products in use, last 91 days."""
    return rows.product_id.nunique()


@usage.feature(
    usage_by_function,
    unit="ratio",
    says="{value} of all use in the last 91 days falls on one product feature",
    expected=(0, 1),
)
def usage_top_function_share_91d(rows: ir.Table) -> ir.Value:
    """Share of the most used product feature in all use, last 91 days."""
    return rows.events.max() / rows.events.sum().nullif(0)


@usage.feature(
    usage_events_by_week,
    unit="events",
    says={
        "zero": "No usage events in the last {days} days",
        "one": "1 usage event in the last {days} days",
        "many": "{value} usage events in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(28, 91, 364),
)
def usage_events(rows: ir.Table) -> ir.Value:
    """Usage events."""
    return rows.events.sum()


@usage.feature(
    usage_events_by_week,
    unit="ratio",
    says={
        "negative": "Usage declining in the last {days} days (trend −{value})",
        "zero": "Usage flat in the last {days} days",
        "many": "Usage growing in the last {days} days (trend +{value})",
    },
    expected=(-1, 1),
    windows=(56, 182),
)
def usage_trend(rows: ir.Table, window: int) -> ir.Value:
    """Usage trend, newer against older half of all use.

    +100 % when all of it is new, -100 % when all of it is old, 0 when both are equal.
    """
    newer = rows.ago <= window // 2
    late, early = rows.events.sum(where=newer), rows.events.sum(where=~newer)
    return (late.fill_null(0) - early.fill_null(0)) / rows.events.sum().nullif(0)


@usage.feature(
    usage_or_start,
    unit="days",
    says={
        "one": "Last used 1 day ago",
        "many": "No use for {value}",
        "unknown": "No use yet",
    },
    expected=(1, 364),
)
def usage_days_silent(rows: ir.Table) -> ir.Value:
    """Days since the last use or, without any, since the start; 364 at most."""
    return rows.silent.min()


@usage.feature(
    usage_weeks,
    unit="ratio",
    says={
        "zero": "Weekly use was constant in the last 91 days",
        "many": "Weekly use varied by {value} in the last 91 days",
    },
    expected=(0, 3.5),
)
def usage_volatility_91d(rows: ir.Table) -> ir.Value:
    """Week-to-week variation of use, last 91 days.

    Standard deviation over the mean of the 13 weeks, those without use included: 0 when all are
    alike, 350 % when all use fell into one week.
    """
    weeks = QUARTER // 7
    mean = rows.events.sum() / weeks
    squares = (rows.events * rows.events).sum() / weeks
    return ibis.greatest(squares - mean * mean, 0.0).sqrt() / mean


@usage.feature(
    usage_days_by_week,
    unit="days",
    says={
        "zero": "Not used on any of the last {days} days",
        "many": "Used on {number} of the last {days} days",
    },
    expected=(0, 364),
    absent=0,
    windows=(28, 91),
)
def usage_days_active(rows: ir.Table) -> ir.Value:
    """Days with use."""
    return rows.days.sum()


@usage.feature(
    usage_days_by_week,
    unit="people",
    says={
        "zero": "No active users in the last {days} days",
        "one": "1 active user on an average day of use in the last {days} days",
        "many": "{value} active users on an average day of use in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(28, 91),
)
def usage_people_a_day(rows: ir.Table) -> ir.Value:
    """Active users on an average day of use."""
    return rows.people.sum() / rows.measured.sum().nullif(0)


@usage.feature(
    usage_days_by_week,
    unit="people",
    says={
        "zero": "No active users in the last {days} days",
        "one": "1 active user on the busiest of the last {days} days",
        "many": "{value} active users on the busiest of the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(28, 91),
)
def usage_peak_people(rows: ir.Table) -> ir.Value:
    """Active users on the busiest day."""
    return rows.peak.max()


@usage.feature(
    usage_by_group,
    unit="people",
    says={
        "zero": "No active expert users in the last {days} days",
        "one": "1 active expert user in the last {days} days",
        "many": "{value} active expert users in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(28,),
)
def usage_active_experts(rows: ir.Table) -> ir.Value:
    """Active expert users."""
    return rows.user_id.count(where=rows.user_group == "expert")


@usage.feature(
    usage_by_group,
    unit="people",
    says={
        "zero": "No active occasional users in the last {days} days",
        "one": "1 active occasional user in the last {days} days",
        "many": "{value} active occasional users in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(28,),
)
def usage_active_consumers(rows: ir.Table) -> ir.Value:
    """Active occasional users (consumers)."""
    return rows.user_id.count(where=rows.user_group == "consumer")


@usage.feature(
    unit="events",
    says={
        "zero": "No usage events per active user in the last {days} days",
        "one": "1 usage event per active user in the last {days} days",
        "many": "{value} usage events per active user in the last {days} days",
    },
    expected=(0, None),
    windows=(28, 91),
)
def usage_events_per_user(columns: ir.Table, window: int) -> ir.Value:
    """Usage events per active user."""
    return columns[f"usage_events_{window}d"] / columns[f"usage_active_users_{window}d"].nullif(0)


@usage.feature(
    unit="ratio",
    says="{value} of active users came on an average day of use in the last {days} days",
    expected=(0, 1),
    windows=(28, 91),
)
def usage_stickiness(columns: ir.Table, window: int) -> ir.Value:
    """Share of active users on an average day of use (stickiness)."""
    return columns[f"usage_people_a_day_{window}d"] / columns[
        f"usage_active_users_{window}d"
    ].nullif(0)


@usage.feature(
    unit="ratio",
    says={
        "zero": "None of the month's active users came in the last week",
        "many": "{value} of the month's active users came in the last week",
    },
    expected=(0, 1),
)
def usage_weekly_share_28d(columns: ir.Table) -> ir.Value:
    """Share of the month's active users who came in the last week (WAU/MAU)."""
    return columns.usage_active_users_7d / columns.usage_active_users_28d.nullif(0)
