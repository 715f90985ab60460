"""The account map."""

from __future__ import annotations

from tests.oracle.champions import stint
from tests.oracle.known import Account, Row, share


def drawn(one: Account) -> Row:
    row: Row = {
        "departments_known": 0.0 if one.has("org_units") else None,
        "departments_green_share": None,
        "departments_yellow_share": None,
        "departments_contact_share": None,
        "departments_people_ahead": None,
    }
    rows = one.rows("org_units") if one.has("org_units") else []
    units = {r["org_unit"]: r for r in sorted(rows, key=lambda r: r["changed_on"])}
    if units:
        row |= _map(one, list(units.values()))
    return row


def _map(one: Account, units: list[Row]) -> Row:
    status = [unit["status"] for unit in units]
    ahead = [unit["headcount"] for unit in units if unit["status"] != "green"]
    told = [people for people in ahead if people is not None]
    stints = [stint(one, r) for r in one.rows("contacts")]
    known = {s["org_unit"] for s in stints if not s["gone"]}
    reached = [unit for unit in units if unit["org_unit"] in known]
    return {
        "departments_known": float(len(units)),
        "departments_green_share": share(status.count("green"), len(units)),
        "departments_yellow_share": share(status.count("yellow"), len(units)),
        "departments_contact_share": (
            share(len(reached), len(units)) if one.has("contacts") else None
        ),
        "departments_people_ahead": float(sum(told)) if told or not ahead else None,
    }
