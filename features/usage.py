"""Usage depth: how many people are active, how broadly, how often, and where it is heading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.core import FeatureGroup

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.as_of import Facts

usage = FeatureGroup("usage", "How many people are active, how broadly, how often, which way.")


def people(rows: ir.Table) -> ir.Value:
    """Return how many people are active in ``rows``.

    Exact with user ids; where a company only has counts, the highest count of a day and function:
    at least that many people were active.
    """
    return ibis.coalesce(rows.user_id.nunique().nullif(0), rows.active_users.max())


@usage.rows("usage_daily")
def usage_rows(facts: Facts) -> ir.Table:
    """Usage of the last 91 days, row by row."""
    return facts.recent("usage_daily", 91)


@usage.rows("usage_daily")
def usage_days(facts: Facts) -> ir.Table:
    """Events of the last 364 days, summed up by day."""
    source = facts.tables["usage_daily"]
    # as_of is a midnight: what is known on an earlier date is known before it.
    by_day = source.group_by("account_id", "day", known_at=source.known_at.truncate("D")).aggregate(
        events=source.events.sum()
    )
    return facts.recent("usage_daily", 364, by_day)


@usage.rows("usage_daily", "users")
def usage_by_group(facts: Facts) -> ir.Table:
    """Usage of the last 28 days with the group of each user."""
    users = facts.rows("users").select("account_id", "as_of", "user_id", "user_group")
    recent = facts.recent("usage_daily", 91)
    recent = recent.filter(recent.as_of.delta(recent.day, unit="day") <= 28)
    return recent.inner_join(users, ["account_id", "as_of", "user_id"])


@usage.rows("usage_daily")
def usage_people_by_day(facts: Facts) -> ir.Table:
    """People active on each of the last 91 days."""
    rows = facts.recent("usage_daily", 91)
    return rows.group_by("account_id", "as_of", "day").aggregate(people=people(rows))


@usage.rows("usage_daily")
def usage_by_function(facts: Facts) -> ir.Table:
    """Events of each function in the last 91 days."""
    rows = facts.recent("usage_daily", 91)
    return rows.group_by("account_id", "as_of", "product_id", "feature").aggregate(
        events=rows.events.sum()
    )


@usage.feature(usage_rows, unit="people", expected=(0, None), absent=0, windows=(28, 91))
def usage_active_users(rows: ir.Table) -> ir.Value:
    """People active."""
    return people(rows)


@usage.feature(usage_rows, unit="count", expected=(0, None), absent=0, windows=(28, 91))
def usage_functions_used(rows: ir.Table) -> ir.Value:
    """Functions of the products in use."""
    return rows.feature.nunique()


@usage.feature(usage_days, unit="events", expected=(0, None), absent=0, windows=(28, 91, 364))
def usage_events(rows: ir.Table) -> ir.Value:
    """Events."""
    return rows.events.sum()


@usage.feature(usage_days, unit="days", expected=(0, 364), absent=0, windows=(28, 91))
def usage_days_active(rows: ir.Table) -> ir.Value:
    """Days with any use."""
    return rows.day.nunique()


@usage.feature(usage_days, unit="ratio", expected=(-1, 1), windows=(56, 182))
def usage_trend(rows: ir.Table, window: int) -> ir.Value:
    """Balance of the newer half against the older half of all use.

    +100 % when all of it is new, -100 % when all of it is old, 0 when both are equal.
    """
    newer = rows.as_of.delta(rows.day, unit="day") <= window // 2
    late, early = rows.events.sum(where=newer), rows.events.sum(where=~newer)
    return (late.fill_null(0) - early.fill_null(0)) / rows.events.sum().nullif(0)


@usage.feature(usage_days, unit="days", expected=(1, 364), absent=364)
def usage_days_silent(rows: ir.Table) -> ir.Value:
    """Days since the last use."""
    return rows.as_of.delta(rows.day, unit="day").min()


@usage.feature(usage_people_by_day, unit="people", expected=(0, None), absent=0, windows=(28, 91))
def usage_people_a_day(rows: ir.Table) -> ir.Value:
    """People active on a day with use, on average."""
    return rows.people.mean()


@usage.feature(usage_people_by_day, unit="people", expected=(0, None), absent=0, windows=(28, 91))
def usage_peak_people(rows: ir.Table) -> ir.Value:
    """People active on the busiest day."""
    return rows.people.max()


@usage.feature(usage_by_function, unit="ratio", expected=(0, 1))
def usage_top_function_share_91d(rows: ir.Table) -> ir.Value:
    """Share of the most used function in all use, last 91 days."""
    return rows.events.max() / rows.events.sum().nullif(0)


@usage.feature(usage_by_group, unit="people", expected=(0, None), absent=0, windows=(28,))
def usage_active_experts(rows: ir.Table) -> ir.Value:
    """Experts active."""
    return rows.user_id.nunique(where=rows.user_group == "expert")


@usage.feature(usage_by_group, unit="people", expected=(0, None), absent=0, windows=(28,))
def usage_active_consumers(rows: ir.Table) -> ir.Value:
    """Consumers active."""
    return rows.user_id.nunique(where=rows.user_group == "consumer")


@usage.feature(unit="events", expected=(0, None), windows=(28, 91))
def usage_events_per_user(columns: ir.Table, window: int) -> ir.Value:
    """Events of each active person."""
    return columns[f"usage_events_{window}d"] / columns[f"usage_active_users_{window}d"].nullif(0)


@usage.feature(unit="ratio", expected=(0, 1), windows=(28, 91))
def usage_stickiness(columns: ir.Table, window: int) -> ir.Value:
    """Share of the active people who are there on a day with use."""
    return columns[f"usage_people_a_day_{window}d"] / columns[
        f"usage_active_users_{window}d"
    ].nullif(0)
