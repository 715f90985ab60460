"""What changed in an account's subscriptions, day by day."""

from __future__ import annotations

from datetime import timedelta

from tests.oracle.known import Row, arr, over, quantity


def _best_plan(rows: list[Row]) -> str:
    return max((row["plan"] or "" for row in rows), default="")


def day_log(periods: list[Row]) -> list[Row]:
    """Say of each day on which ``periods`` start or end what ran the day before and that day."""
    real = [p for p in periods if p["ended_on"] is None or p["ended_on"] > p["starts_on"]]
    days = {p["starts_on"] for p in real} | {p["ended_on"] for p in real if p["ended_on"]}
    log = []
    for day in sorted(days):
        before = [p for p in real if p["starts_on"] < day and not over(p, day - timedelta(days=1))]
        after = [p for p in real if p["starts_on"] <= day and not over(p, day)]
        log.append(
            {
                "day": day,
                "before": before,
                "after": after,
                "starting": [p for p in real if p["starts_on"] == day],
                "ending": [p for p in real if p["ended_on"] == day],
                "more": quantity(after) - quantity(before),
                "arr": arr(after) - arr(before),
            }
        )
    return log


def product_log(periods: list[Row]) -> list[Row]:
    """Return the days on which each product changed, judged."""
    log = []
    for product in sorted({p["product_id"] for p in periods}):
        days = day_log([p for p in periods if p["product_id"] == product])
        for number, day in enumerate(days):
            day["product"] = product
            day["first"] = number == 0
            day["kind"] = _kind(day)
            neighbour = days[number - 1 : number] if day["kind"] == "start" else days[number + 1 :]
            day["gap"] = abs((neighbour[0]["day"] - day["day"]).days) if neighbour else None
            log.append(day)
    return log


def _kind(day: Row) -> str:
    if not day["before"]:
        return "start"
    if not day["after"]:
        return "stop"
    sign = day["more"]
    replaced = day["starting"] and day["ending"]
    if replaced and _best_plan(day["starting"]) != _best_plan(day["ending"]):
        sign = day["arr"] or day["more"]
    if abs(sign) < 1e-9:
        return "same"
    return "up" if sign > 0 else "down"
