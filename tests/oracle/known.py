"""An account, and what was known about it before a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

Row = dict[str, Any]
Company = dict[str, list[Row]]

DATED: dict[str, dict[str, str]] = {
    "subscriptions": {"ended_on": "ended_known_on"},
    "users": {"deactivated_on": "deactivated_known_on"},
    "contacts": {
        "left_on": "left_known_on",
        "leave_from": "leave_known_on",
        "leave_to": "leave_known_on",
        "looking_known_on": "looking_known_on",
    },
    "tickets": {
        "closed_on": "closed_on",
        "csat": "closed_on",
        "escalated_on": "escalated_on",
    },
}
HAPPENED = {
    "accounts": "created_on",
    "subscriptions": "starts_on",
    "usage_daily": "day",
    "users": "activated_on",
    "contacts": "from_on",
    "milestones": "reached_on",
    "tickets": "opened_on",
    "products": "launched_on",
    "org_units": "changed_on",
}


def _known_rows(company: Company, table: str, as_of: date) -> list[Row]:
    found = []
    for row in company.get(table, []):
        if row["known_at"] < datetime.combine(as_of, time()):
            copy = dict(row)
            for value, known_on in DATED.get(table, {}).items():
                if row[known_on] is None or row[known_on] >= as_of:
                    copy[value] = None
            found.append(copy)
    return found


@dataclass
class Account:
    """One account as it was known before ``as_of``."""

    company: Company
    account_id: str
    as_of: date
    grace: int = 31

    def has(self, table: str) -> bool:
        return table in self.company

    def announced(self, table: str) -> list[Row]:
        rows = _known_rows(self.company, table, self.as_of)
        own = [row for row in rows if row.get("account_id") == self.account_id]
        return followed(own, self.grace) if table == "subscriptions" else own

    def rows(self, table: str) -> list[Row]:
        if table == "subscriptions":
            return [row for row in self.announced(table) if row["starts_on"] <= self.as_of]
        return [row for row in self.announced(table) if row[HAPPENED[table]] < self.as_of]

    def paid(self) -> list[Row]:
        return [row for row in self.announced("subscriptions") if is_paid(row)]

    def products(self) -> list[Row]:
        rows = _known_rows(self.company, "products", self.as_of)
        return [row for row in rows if row["launched_on"] < self.as_of]

    def running(self) -> list[Row]:
        return [row for row in self.paid() if runs(row, self.as_of)]

    @property
    def started_on(self) -> date:
        first: date = min(row["starts_on"] for row in self.rows("subscriptions"))
        return first

    @property
    def age(self) -> int:
        return (self.as_of - self.started_on).days

    def since_start(self, day: date) -> int:
        return max((day - self.started_on).days, 0)

    def ago(self, day: date) -> int:
        return (self.as_of - day).days


def over(row: Row, day: date) -> bool:
    return row["ended_on"] is not None and row["ended_on"] <= day


def runs(row: Row, day: date) -> bool:
    return row["starts_on"] <= day and not over(row, day)


def is_paid(row: Row) -> bool:
    return bool(row["quantity"] * row["unit_price"] > 0)


def followed(periods: list[Row], grace: int) -> list[Row]:
    """Return one account's periods, each ended by the next of its line, pauses closed."""
    real = [dict(p) for p in periods if p["ended_on"] is None or p["ended_on"] > p["starts_on"]]
    ended = [_ended_by_the_next(p, real) for p in real]
    closed = [{**p, "ended_on": _goes_on(p, ended, grace) or p["ended_on"]} for p in ended]
    return [p for p in closed if is_paid(p) or not _within_a_paid_pause(p, closed)]


def _ended_by_the_next(period: Row, real: list[Row]) -> Row:
    line = [p for p in real if p["subscription_id"] == period["subscription_id"]]
    later = [p for p in line if p["starts_on"] > period["starts_on"]]
    following = min(later, key=lambda p: p["starts_on"], default=None)
    if following and (period["ended_on"] is None or following["starts_on"] <= period["ended_on"]):
        known = [d for d in (period["ended_known_on"], following["signed_on"]) if d]
        return {**period, "ended_on": following["starts_on"], "ended_known_on": min(known)}
    return period


def _goes_on(period: Row, ended: list[Row], grace: int) -> date | None:
    """Return when a period goes on that ended, if that is soon; else null."""
    end = period["ended_on"]
    if end is None:
        return None
    alike = [p for p in ended if is_paid(p) == is_paid(period)]
    product = [p for p in alike if p["product_id"] == period["product_id"]]
    line = [p for p in product if p["subscription_id"] == period["subscription_id"]]
    soon = end + timedelta(days=grace)
    if not [p for p in product if p["starts_on"] == end]:
        later = [p["starts_on"] for p in line if p["starts_on"] > period["starts_on"]]
        if later and end < min(later) <= soon:
            return min(later)
    for kin in (product, alike):
        if not [p for p in kin if runs(p, end)]:
            later = [p["starts_on"] for p in kin if p["starts_on"] > end]
            if later and min(later) <= soon:
                return min(later)
    return None


def _within_a_paid_pause(free: Row, closed: list[Row]) -> bool:
    """Say whether the line is paid for before and, after a pause that is none, again."""
    return any(
        is_paid(p)
        and p["subscription_id"] == free["subscription_id"]
        and p["starts_on"] < free["starts_on"]
        and not over(p, free["starts_on"])
        for p in closed
    )


def by_account(company: Company) -> dict[str, Company]:
    """Return each account's own rows, and all products: a small company for each."""
    found: dict[str, Company] = {}
    for row in company["subscriptions"]:
        found.setdefault(row["account_id"], {name: [] for name in company})
    for name, all_rows in company.items():
        for account in found if name == "products" else ():
            found[account][name] = all_rows
        for row in all_rows if name != "products" else ():
            if row["account_id"] in found:
                found[row["account_id"]][name].append(row)
    return found


def is_in_spine(company: Company, account_id: str, as_of: date, grace: int = 31) -> bool:
    """Say whether it pays on ``as_of``, by what was known before."""
    return bool(Account(company, account_id, as_of, grace).running())


def arr(rows: list[Row]) -> float:
    return float(sum(row["quantity"] * row["unit_price"] for row in rows))


def quantity(rows: list[Row]) -> float:
    return float(sum(row["quantity"] for row in rows))


def share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def least(values: list[int]) -> float | None:
    return float(min(values)) if values else None


def most(values: list[Any]) -> Any:
    values = [value for value in values if value is not None]
    return max(values) if values else None


def mean(values: list[float | None]) -> float | None:
    given = [value for value in values if value is not None]
    return sum(given) / len(given) if given else None
