"""Seats licensed, activated and to come."""

from __future__ import annotations

from datetime import timedelta

from tests.oracle.changes import product_log
from tests.oracle.known import Account, Row, least, over, quantity, share


def drawn(one: Account) -> Row:
    lines = _by_seats(one, one.rows("subscriptions"))
    a_year_ago, in_a_year = one.as_of - timedelta(days=364), one.as_of + timedelta(days=364)
    now = quantity([p for p in lines if not over(p, one.as_of)])
    then = [p for p in lines if p["starts_on"] <= a_year_ago and not over(p, a_year_ago)]
    moved = [d for d in product_log(lines) if d["day"] < one.as_of and d["before"] and d["after"]]
    signed = _by_seats(one, one.announced("subscriptions"))
    ahead = [p for p in signed if p["starts_on"] >= one.as_of]
    coming = [p for p in ahead if p["starts_on"] <= in_a_year and not over(p, in_a_year)]
    today = [p for p in signed if p["starts_on"] < one.as_of and not over(p, one.as_of)]
    leaving = [p for p in today if over(p, in_a_year)]
    growth = share(now, quantity(then))
    row: Row = {
        "seats_licensed": now,
        "seats_growth_364d": None if growth is None else growth - 1,
        "seats_days_since_increase": least([one.ago(d["day"]) for d in moved if d["more"] > 0]),
        "seats_days_since_decrease": least([one.ago(d["day"]) for d in moved if d["more"] < 0]),
        "seats_contracted_ahead": quantity(coming) - quantity(leaving) if ahead else 0.0,
    }
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


def _by_seats(one: Account, lines: list[Row]) -> list[Row]:
    if not one.has("products"):
        return lines
    priced = {p["product_id"] for p in one.products() if p["price_metric"] == "seats"}
    return [line for line in lines if line["product_id"] in priced]


def derived(row: Row) -> Row:
    licensed, active = row["seats_licensed"], row["usage_active_users_28d"]
    found: Row = {
        "seats_activated_share": share(row["seats_activated"], licensed),
        "seats_headroom": None if active is None else licensed - active,
    }
    for window in (28, 91):
        active = row[f"usage_active_users_{window}d"]
        found[f"seats_utilization_{window}d"] = share(active, licensed)
    return found
