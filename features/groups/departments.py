"""Departments: the account map, and where in the account the topic could go next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.declaration.group import FeatureGroup
from features.groups.champions import contact_stints
from features.point_in_time.facts import KEYS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts

departments = FeatureGroup("departments", "Where in the account it is used, in talks, or not yet.")


@departments.rows("org_units")
def account_map(facts: Facts) -> ir.Table:
    """Each department with the last status known."""
    changes = facts.rows("org_units")
    unit = ibis.window(group_by=[*KEYS, "org_unit"])
    last = changes.mutate(newest=changes.changed_on.max().over(unit))
    return last.filter(last.changed_on == last.newest)


@departments.rows("org_units", "contacts")
def departments_known_to(facts: Facts) -> ir.Table:
    """Each department with whether somebody in it is known."""
    units, contacts = account_map.build(facts), contact_stints.build(facts)
    contacted = contacts.select(
        known_account="account_id", known_as_of="as_of", known_unit="org_unit"
    ).distinct()
    matches = [
        units.account_id == contacted.known_account,
        units.as_of == contacted.known_as_of,
        units.org_unit == contacted.known_unit,
    ]
    joined = units.left_join(contacted, matches)
    return joined.mutate(has_contact=joined.known_unit.notnull())


@departments.feature(
    account_map,
    unit="count",
    says={
        "zero": "No departments on the account map",
        "one": "1 department on the account map",
        "many": "{value} departments on the account map",
    },
    expected=(0, None),
    absent=0,
)
def departments_known(rows: ir.Table) -> ir.Value:
    """Departments on the account map."""
    return rows.count()


@departments.feature(
    account_map,
    unit="ratio",
    says={
        "zero": "No department in productive use",
        "many": "{value} of departments in productive use",
    },
    expected=(0, 1),
)
def departments_green_share(rows: ir.Table) -> ir.Value:
    """Share of departments in productive use."""
    return _share(rows, rows.status == "green")


@departments.feature(
    account_map,
    unit="ratio",
    says={"zero": "No department in talks", "many": "{value} of departments in talks"},
    expected=(0, 1),
)
def departments_yellow_share(rows: ir.Table) -> ir.Value:
    """Share of departments in talks."""
    return _share(rows, rows.status == "yellow")


@departments.feature(
    departments_known_to,
    unit="ratio",
    says={
        "zero": "No department with a known contact",
        "many": "{value} of departments with a known contact",
    },
    expected=(0, 1),
)
def departments_contact_share(rows: ir.Table) -> ir.Value:
    """Share of departments with a known contact."""
    return _share(rows, rows.has_contact)


@departments.feature(
    account_map,
    unit="people",
    says={
        "zero": "No people in departments not yet in productive use",
        "one": "1 person in departments not yet in productive use",
        "many": "{value} people in departments not yet in productive use",
    },
    expected=(0, None),
)
def departments_people_ahead(rows: ir.Table) -> ir.Value:
    """People in departments not yet in productive use.

    Empty when the size of none of them is known.
    """
    ahead = rows.status != "green"
    return ibis.ifelse(ahead.any(), rows.headcount.sum(where=ahead), 0)


def _share(rows: ir.Table, some: ir.BooleanValue) -> ir.Value:
    return rows.count(where=some) / rows.count()
