"""What was reached how soon after the start."""

from __future__ import annotations

from tests.oracle.known import Account, Row, least, quantity, share
from tests.oracle.usage import people_or_none, used


def drawn(one: Account) -> Row:
    first = [p for p in one.rows("subscriptions") if p["starts_on"] == one.started_on]
    row: Row = {"adoption_age_days": float(one.age), "adoption_first_quantity": quantity(first)}
    early = [r for r in used(one) if one.since_start(r["day"]) < 90]
    row["adoption_days_to_first_use"] = least([one.since_start(r["day"]) for r in early])
    for day in (30, 60, 90):
        closed = one.age >= day
        rows = [r for r in early if one.since_start(r["day"]) < day]
        users = [u for u in one.rows("users") if one.since_start(u["activated_on"]) < day]
        row |= {
            f"adoption_active_users_by_day_{day}": people_or_none(rows) if closed else None,
            f"adoption_functions_used_by_day_{day}": (
                float(len({(r["product_id"], r["feature"]) for r in rows})) if closed else None
            ),
            f"adoption_activated_by_day_{day}": (
                float(len(users)) if closed and one.has("users") else None
            ),
        }
    return row | _milestones(one)


def _milestones(one: Account) -> Row:
    reached = {m["milestone"]: one.since_start(m["reached_on"]) for m in one.rows("milestones")}
    first = reached.get("first_outcome")
    says = one.has("milestones") and one.age >= 90
    return {
        "has_first_outcome_by_day_90": float(first is not None and first < 90) if says else None,
        "adoption_days_to_first_outcome": first,
        "adoption_days_to_broad_rollout": reached.get("broad_rollout"),
    }


def derived(row: Row) -> Row:
    active, bought = row["adoption_active_users_by_day_90"], row["adoption_first_quantity"]
    return {"adoption_active_share_by_day_90": share(active, bought)}
