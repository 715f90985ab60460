"""What changed in an account's subscriptions, day by day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.oracle.known import Account, Row, arr, quantity, runs


def _best_plan(rows: list[Row]) -> str:
    return max((row["plan"] or "" for row in rows), default="")


def day_log(periods: list[Row]) -> list[Row]:
    """Say of each day on which ``periods`` start or end what ran the day before and that day."""
    days = {p["starts_on"] for p in periods} | {p["ended_on"] for p in periods if p["ended_on"]}
    log = []
    for day in sorted(days):
        before = [p for p in periods if runs(p, day - timedelta(days=1))]
        after = [p for p in periods if runs(p, day)]
        log.append(
            {
                "day": day,
                "before": before,
                "after": after,
                "starting": [p for p in periods if p["starts_on"] == day],
                "ending": [p for p in periods if p["ended_on"] == day],
                "more": quantity(after) - quantity(before),
                "arr": arr(after) - arr(before),
            }
        )
    return log


def product_log(periods: list[Row], price_changes: bool = False) -> list[Row]:
    """Return the days on which each product changed, judged."""
    log = []
    for product in sorted({p["product_id"] for p in periods}):
        days = day_log([p for p in periods if p["product_id"] == product])
        for number, day in enumerate(days):
            day["product"] = product
            day["first"] = number == 0
            day["currencies"] = {p["currency"] for p in day["starting"] + day["ending"]}
            day["by_arr"] = _goes_by_arr(day, price_changes)
            day["kind"] = _kind(day)
            log.append(day)
    return log


def _goes_by_arr(day: Row, price_changes: bool) -> bool:
    """Say whether a change goes by its ARR: one of plan, or any where prices count."""
    if len(day["currencies"]) > 1 or abs(day["arr"]) < 0.005:
        return False
    both = day["starting"] and day["ending"]
    return price_changes or (both and _best_plan(day["starting"]) != _best_plan(day["ending"]))


def _kind(day: Row) -> str:
    if not day["before"]:
        return "start"
    if not day["after"]:
        return "stop"
    sign = day["arr"] if day["by_arr"] else day["more"]
    if abs(sign) < 1e-9:
        return "same"
    return "up" if sign > 0 else "down"


def ran_before(one: Account, lines: list[Row], days: int) -> list[Row]:
    """Return what ran so many days before, as it is known now."""
    return [p for p in lines if runs(p, one.as_of - timedelta(days=days))]


def change_ahead(one: Account, lines: list[Row], of: Callable[[list[Row]], float]) -> float:
    """Say by how much the lines will have changed in 364 days by all that is known, ends too."""
    last = one.as_of + timedelta(days=364)
    return of([p for p in lines if runs(p, last)]) - of([p for p in lines if runs(p, one.as_of)])
