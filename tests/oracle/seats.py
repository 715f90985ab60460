"""Seats licensed, activated and to come."""

from __future__ import annotations

from datetime import timedelta

from tests.oracle.changes import change_ahead, product_log, ran_before
from tests.oracle.known import Account, Row, least, quantity, runs, share


def drawn(one: Account) -> Row:
    lines = by_seats(one, one.rows("subscriptions"))
    now = quantity([p for p in lines if runs(p, one.as_of)])
    moved = [d for d in product_log(lines) if d["day"] < one.as_of and d["before"] and d["after"]]
    more = [d for d in moved if d["more"] > 0]
    row: Row = {
        "seats_licensed": now if lines else None,
        "seats_days_since_increase": least([one.ago(d["day"]) for d in more]),
        "seats_days_since_decrease": least([one.ago(d["day"]) for d in moved if d["more"] < 0]),
        "seats_contracted_ahead": _ahead(one),
        "seats_absorbed_since_increase": _absorbed(one, more),
    }
    for days in (91, 364):
        growth = share(now, quantity(ran_before(one, lines, days)))
        row[f"seats_growth_{days}d"] = None if growth is None else growth - 1
    users = one.rows("users") if one.has("users") else None
    for window in (28, 91):
        row[f"seats_newly_activated_{window}d"] = (
            None
            if users is None
            else float(sum(one.ago(u["activated_on"]) <= window for u in users))
        )
    row["seats_activated"] = (
        None
        if users is None
        else float(
            sum(not (u["deactivated_on"] and u["deactivated_on"] <= one.as_of) for u in users)
        )
    )
    return row


def _ahead(one: Account) -> float | None:
    lines = by_seats(one, one.announced("subscriptions"))
    last = one.as_of + timedelta(days=364)
    near = [p for p in lines if p["starts_on"] <= last]
    return change_ahead(one, lines, quantity) if near else None


def by_seats(one: Account, lines: list[Row]) -> list[Row]:
    if not one.has("products"):
        return [p for p in lines if _like_seats(p)]
    metrics = ("seat", "user", "license", "licence")
    priced = {
        p["product_id"]
        for p in one.products()
        if p["price_metric"].strip().lower().removesuffix("s") in metrics
    }
    return [line for line in lines if line["product_id"] in priced]


def _like_seats(period: Row) -> bool:
    """Say whether the units of a period may be seats where no price list tells."""
    several = period["quantity"] > 1 and period["quantity"] == int(period["quantity"])
    return several and (period["unit_price"] >= 1 or period["unit_price"] == 0)


def _absorbed(one: Account, more: list[Row]) -> float | None:
    """Compare the people who came since the last increase with the seats that it added."""
    if not more or not one.has("users"):
        return None
    last = max(d["day"] for d in more)
    added = sum(d["more"] for d in more if d["day"] == last)
    came = [u for u in one.rows("users") if u["activated_on"] >= last]
    return float(min(len(came) / added, 1.0))


def derived(row: Row) -> Row:
    licensed, active = row["seats_licensed"], row["usage_active_users_28d"]
    found: Row = {
        "seats_activated_share": share(row["seats_activated"], licensed),
        "seats_headroom": max(licensed - active, 0.0) if licensed and active is not None else None,
        "seats_overage": max(active - licensed, 0.0) if licensed and active is not None else None,
    }
    for window in (28, 91):
        active = row[f"usage_active_users_{window}d"]
        found[f"seats_utilization_{window}d"] = share(active, licensed)
    return found
