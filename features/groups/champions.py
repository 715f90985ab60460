"""Champions: the people in the account who carry the topic, and whether they will stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.declaration.group import FeatureGroup
from features.groups.usage import usage_by_person
from features.point_in_time.facts import KEYS
from features.point_in_time.sql_dialects import matching

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts

champions = FeatureGroup("champions", "Who carries the topic in the account, and for how long.")


def _stints(facts: Facts) -> ir.Table:
    """Return each person's time in a role with how it stands on the day as_of."""
    rows = facts.rows("contacts")
    has_left = rows.left_on.notnull() & (rows.left_on <= rows.as_of)
    back = rows.leave_to.notnull() & (rows.leave_to <= rows.as_of)
    away = rows.leave_from.notnull() & (rows.leave_from <= rows.as_of) & ~back
    return rows.mutate(
        here=~has_left,
        away=~has_left & away,
        in_place=~has_left & ~away,
        lost=has_left,
        going=~has_left & (rows.left_on.notnull() | (rows.leave_from.notnull() & ~away & ~back)),
        looking=~has_left & rows.looking_known_on.notnull(),
        tenure=rows.as_of.delta(rows.from_on, unit="day"),
    )


@champions.rows("contacts")
def champion_stints(facts: Facts) -> ir.Table:
    """Champions of the account, past and present."""
    rows = _stints(facts)
    return rows.filter(rows.role == "champion")


@champions.rows("contacts")
def champion_losses(facts: Facts) -> ir.Table:
    """Champions who are no longer there."""
    rows = champion_stints.build(facts)
    return rows.filter(rows.lost).mutate(day=rows.left_on)


@champions.rows("contacts")
def contact_stints(facts: Facts) -> ir.Table:
    """Contacts of any role who are still in it."""
    rows = _stints(facts)
    return rows.filter(rows.here)


@champions.rows("contacts", "users", "usage_daily")
def usage_near_champions(facts: Facts) -> ir.Table:
    """People active in the last 91 days whose department is known, and whether a champion is in it.

    Of accounts with a champion in place whose department is known.
    """
    stints = champion_stints.build(facts)
    places = stints.filter(stints.in_place & stints.org_unit.notnull())
    places = places.select(*KEYS, near="org_unit").distinct()
    users = facts.rows("users").select(*KEYS, "user_id", "org_unit")
    users = users.filter(users.org_unit.notnull())
    active = usage_by_person.build(facts).inner_join(users, [*KEYS, "user_id"])
    active = matching(active.select(*KEYS, "user_id", "org_unit", "days"), places, KEYS)
    by = [active[key] == places[key] for key in KEYS]
    joined = active.left_join(places, [*by, active.org_unit == places.near])
    return joined.select(*(active[name] for name in active.columns), "near")


@champions.feature(
    champion_stints,
    unit="people",
    says={
        "zero": "No active champion",
        "one": "1 active champion",
        "many": "{value} active champions",
    },
    expected=(0, None),
    absent=0,
)
def champions_count(rows: ir.Table) -> ir.Value:
    """Active champions."""
    return rows.contact_id.nunique(where=rows.in_place)


@champions.feature(
    champion_stints,
    unit="count",
    says={
        "zero": "No department with an active champion",
        "one": "1 department with an active champion",
        "many": "{value} departments with an active champion",
    },
    expected=(0, None),
    absent=0,
)
def champions_departments(rows: ir.Table) -> ir.Value:
    """Departments with an active champion."""
    return rows.org_unit.nunique(where=rows.in_place)


@champions.feature(
    usage_near_champions,
    unit="ratio",
    says={
        "zero": "No use in the last 91 days from departments with a champion",
        "many": "{value} of use in the last 91 days comes from departments with a champion",
    },
    expected=(0, 1),
)
def champions_usage_share_91d(rows: ir.Table) -> ir.Value:
    """Share of days of use from departments with a champion, last 91 days."""
    return rows.days.sum(where=rows.near.notnull()).fill_null(0) / rows.days.sum()


@champions.feature(
    champion_stints,
    unit="days",
    says="Longest-serving champion in the role for {value}",
    expected=(0, None),
)
def champions_tenure_longest_days(rows: ir.Table) -> ir.Value:
    """Tenure of the longest-serving champion."""
    return rows.tenure.max(where=rows.here)


@champions.feature(
    champion_stints, unit="days", says="Newest champion in the role for {value}", expected=(0, None)
)
def champions_tenure_newest_days(rows: ir.Table) -> ir.Value:
    """Tenure of the newest champion."""
    return rows.tenure.min(where=rows.here)


@champions.feature(
    champion_stints,
    unit="days",
    says={
        "zero": "Champion lost today",
        "many": "Last champion loss {value} ago",
        "unknown": "No champion loss on record",
    },
    expected=(0, None),
)
def champions_days_since_lost(rows: ir.Table) -> ir.Value:
    """Days since the last champion loss."""
    return rows.as_of.delta(rows.left_on, unit="day").min(where=rows.lost)


@champions.feature(
    champion_losses,
    unit="people",
    says={
        "zero": "No champion lost in the last {days} days",
        "one": "1 champion lost in the last {days} days",
        "many": "{value} champions lost in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(364,),
    monotone={"churn": +1},
)
def champions_lost(rows: ir.Table) -> ir.Value:
    """Champions lost."""
    return rows.contact_id.nunique()


@champions.feature(
    champion_stints,
    unit="people",
    says={
        "zero": "No champion on long leave",
        "one": "1 champion on long leave",
        "many": "{value} champions on long leave",
    },
    expected=(0, None),
    absent=0,
)
def champions_on_leave(rows: ir.Table) -> ir.Value:
    """Champions on long leave."""
    return rows.contact_id.nunique(where=rows.away)


@champions.feature(
    champion_stints,
    unit="people",
    says={
        "zero": "No champion leaving",
        "one": "1 champion leaving",
        "many": "{value} champions leaving",
    },
    expected=(0, None),
    absent=0,
    monotone={"churn": +1},
)
def champions_going(rows: ir.Table) -> ir.Value:
    """Champions leaving, looking elsewhere or about to go on leave."""
    return rows.contact_id.nunique(where=rows.looking | rows.going)


@champions.feature(
    champion_stints,
    unit="flag",
    says={
        "zero": "No successor for the last champion lost",
        "one": "Successor active for the last champion lost",
        "unknown": "No champion loss on record",
    },
    expected=(0, 1),
)
def has_champion_successor(rows: ir.Table) -> ir.Value:
    """Successor for the last champion lost."""
    last_loss = rows.left_on.max(where=rows.lost)
    newest = rows.from_on.max(where=rows.in_place)
    return ibis.ifelse(last_loss.isnull(), ibis.null(), (newest >= last_loss).fill_null(False))


@champions.feature(
    contact_stints,
    unit="people",
    says={
        "zero": "No active sponsor",
        "one": "1 active sponsor",
        "many": "{value} active sponsors",
    },
    expected=(0, None),
    absent=0,
)
def sponsors_count(rows: ir.Table) -> ir.Value:
    """Active sponsors."""
    return rows.contact_id.nunique(where=rows.in_place & (rows.role == "sponsor"))


@champions.feature(
    contact_stints,
    unit="count",
    says={
        "zero": "No department with a known contact",
        "one": "1 department with a known contact",
        "many": "{value} departments with a known contact",
    },
    expected=(0, None),
    absent=0,
)
def contacts_departments(rows: ir.Table) -> ir.Value:
    """Departments with a known contact."""
    return rows.org_unit.nunique()


@champions.feature(
    contact_stints,
    unit="flag",
    says={"zero": "No known blocker in the account", "one": "Known blocker in the account"},
    expected=(0, 1),
    absent=0,
)
def has_blocker(rows: ir.Table) -> ir.Value:
    """Known blocker in the account."""
    return (rows.role == "blocker").any()
