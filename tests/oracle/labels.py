"""The four labels and their ARR."""

from __future__ import annotations

from datetime import date, timedelta

from tests.oracle.changes import day_log, product_log
from tests.oracle.known import Account, Company, Row, arr, over


def labels(
    company: Company, account_id: str, as_of: date, days: int, grace: int, through: date
) -> Row:
    """Return the four labels and their ARR."""
    row: Row = {}
    is_open = _is_open(company, account_id, as_of, days)
    found = _occurrences(company, account_id, as_of, as_of + timedelta(days=days), grace)
    for name, amounts in found.items():
        wait = days + (0 if name == "upsell" else grace)
        says = is_open and as_of + timedelta(days=wait) <= through
        row[f"{name}_next_{days}d"] = int(bool(amounts)) if says else None
        row[f"{name}_arr_next_{days}d"] = float(sum(amounts)) if says else None
    return row


def _is_open(company: Company, account_id: str, as_of: date, days: int) -> bool:
    last = as_of + timedelta(days=days)
    goes_on = [
        p
        for p in Account(company, account_id, as_of).announced("subscriptions")
        if p["starts_on"] < last and (p["ended_on"] is None or p["ended_on"] >= last)
    ]
    truly = [p for p in company["subscriptions"] if p["account_id"] == account_id]
    yesterday = as_of - timedelta(days=1)
    ran = [p for p in truly if p["starts_on"] <= yesterday and not over(p, yesterday)]
    return bool(goes_on and ran)


def _occurrences(
    company: Company, account_id: str, as_of: date, last: date, grace: int
) -> dict[str, list[float]]:
    truly = [p for p in company["subscriptions"] if p["account_id"] == account_id]
    log = product_log(truly)
    decided = [day for day in log if _decided(day, as_of, last)]
    lasting = [day for day in log if day["gap"] is None or day["gap"] > grace]
    drops = [day for day in lasting if day["kind"] == "stop"]
    starts = [day for day in lasting if day["kind"] == "start"]
    churned = _churned(truly, as_of, last, grace)
    lost = [day for day in decided if day["kind"] == "down"] + [
        day for day in decided if day in drops and not _replaces(day, starts, grace)
    ]
    return {
        "upsell": [max(day["arr"], 0.0) for day in decided if day["kind"] == "up"],
        "cross_sell": [
            day["arr"]
            for day in decided
            if day["kind"] == "start" and day["first"] and not _replaces(day, drops, grace)
        ],
        "downsell": [] if churned else [max(-day["arr"], 0.0) for day in lost],
        "churn": churned,
    }


def _decided(day: Row, as_of: date, last: date) -> bool:
    if day["starting"]:
        return bool(as_of <= max(p["signed_on"] for p in day["starting"]) < last)
    known = [p["ended_known_on"] for p in day["ending"] if p["ended_known_on"]]
    announced = bool(known) and max(known) < as_of
    return bool(as_of <= day["day"] < last) and not announced


def _replaces(day: Row, others: list[Row], grace: int) -> bool:
    return any(
        other["product"] != day["product"] and abs((other["day"] - day["day"]).days) <= grace
        for other in others
    )


def _churned(periods: list[Row], as_of: date, last: date, grace: int) -> list[float]:
    days = day_log(periods)
    amounts = []
    for number, day in enumerate(days):
        stops = bool(day["before"]) and not day["after"]
        if stops and as_of <= day["day"] < last:
            later = days[number + 1 :]
            if not later or (later[0]["day"] - day["day"]).days > grace:
                amounts.append(arr(day["before"]))
    return amounts
