"""Seats licensed, activated and to come."""

from __future__ import annotations

from tests.oracle.changes import change_ahead, product_log, ran_before
from tests.oracle.known import Account, Row, least, quantity, runs, share


def drawn(one: Account) -> Row:
    lines = by_seats(one, one.rows("subscriptions"))
    now = quantity([p for p in lines if runs(p, one.as_of)])
    moved = [d for d in product_log(lines) if d["day"] < one.as_of and d["before"] and d["after"]]
    more = [d for d in moved if d["more"] > 0]
    row: Row = {
        "seats_licensed": now,
        "seats_days_since_increase": least([one.ago(d["day"]) for d in more]),
        "seats_days_since_decrease": least([one.ago(d["day"]) for d in moved if d["more"] < 0]),
        "seats_contracted_ahead": change_ahead(
            one, by_seats(one, one.announced("subscriptions")), quantity
        ),
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


def by_seats(one: Account, lines: list[Row]) -> list[Row]:
    if not one.has("products"):
        return lines
    priced = {p["product_id"] for p in one.products() if p["price_metric"] == "seats"}
    return [line for line in lines if line["product_id"] in priced]


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
        "seats_headroom": None if active is None else max(licensed - active, 0.0),
        "seats_overage": None if active is None else max(active - licensed, 0.0),
    }
    for window in (28, 91):
        active = row[f"usage_active_users_{window}d"]
        found[f"seats_utilization_{window}d"] = share(active, licensed)
    return found
