"""What was reached how soon after the start."""

from __future__ import annotations

from tests.oracle.known import Account, Row, least, quantity, share
from tests.oracle.seats import by_seats
from tests.oracle.usage import people_or_none, used


def drawn(one: Account) -> Row:
    first = [p for p in one.rows("subscriptions") if p["starts_on"] == one.started_on]
    row: Row = {"adoption_age_days": float(one.age), "adoption_first_quantity": quantity(first)}
    # Use more than a month before the start is no trial that led to it.
    early = [r for r in used(one) if -31 <= (r["day"] - one.started_on).days < 180]
    row["adoption_days_to_first_use"] = least([one.since_start(r["day"]) for r in early])
    for day in (7, 30, 60, 90, 180):
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
    row["adoption_days_to_half_activated"] = _half_activated(one, first)
    return row | _milestones(one)


def _half_activated(one: Account, first: list[Row]) -> float | None:
    """Count people up, day by day, until they are half of the seats bought at the start."""
    half = quantity(by_seats(one, first)) / 2
    if not half or not one.has("users"):
        return None
    days = sorted(one.since_start(u["activated_on"]) for u in one.rows("users"))
    for number, day in enumerate(days, start=1):
        if number >= half:
            return float(day)
    return None


def _milestones(one: Account) -> Row:
    reached = {m["milestone"]: one.since_start(m["reached_on"]) for m in one.rows("milestones")}
    row: Row = {
        "adoption_days_to_first_outcome": reached.get("first_outcome"),
        "adoption_days_to_broad_rollout": reached.get("broad_rollout"),
        "is_rolled_out": float("broad_rollout" in reached),
    }
    late = 0
    for step, due in (("first_outcome", 90), ("broad_rollout", 180)):
        for day in (90, 180):
            in_time = step in reached and reached[step] < day
            row[f"has_{step}_by_day_{day}"] = float(in_time) if one.age >= day else None
        late += one.age >= due and not (step in reached and reached[step] < due)
    row["adoption_milestones_late"] = float(late)
    return row if one.has("milestones") else dict.fromkeys(row)


def derived(row: Row) -> Row:
    active, bought = row["adoption_active_users_by_day_90"], row["adoption_first_quantity"]
    return {"adoption_active_share_by_day_90": share(active, bought)}
